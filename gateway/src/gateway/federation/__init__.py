"""Signing in at another's provider (the province's), and what links its people to ours."""
