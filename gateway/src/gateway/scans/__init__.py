"""Signing in by a phone that is signed in already: it scans what the screen of a PC or terminal shows."""
