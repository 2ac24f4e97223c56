"""Clients: the programs that people and departments let in, and how these prove who they are."""
