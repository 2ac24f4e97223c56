"""Signing in: passwords, sessions, and what slows down who guesses."""
