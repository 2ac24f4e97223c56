"""Back-channel and single logout: every client that somebody was signed in to in a session is told when it ends."""
