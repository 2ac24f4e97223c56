"""Records and their disclosure: pure rules."""
