"""Resources of the directory: pure rules."""
