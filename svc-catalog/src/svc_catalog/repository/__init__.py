"""Reads and writes what svc-catalog keeps, by noun."""
