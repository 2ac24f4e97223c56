"""Reads and writes what svc-workflow keeps, by noun."""
