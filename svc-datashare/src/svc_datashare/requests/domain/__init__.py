"""Requests for shared data: pure rules."""
