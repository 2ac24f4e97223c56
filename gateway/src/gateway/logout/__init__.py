"""Back-channel logout: every client that somebody was signed in to in a session is told when the session ends."""
