"""Requests that a terminal kept while its line was lost, carried out later and exactly once (ADR 16)."""
