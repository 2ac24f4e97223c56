"""Tokens: what we sign, how we check it, and who it makes the bearer."""
