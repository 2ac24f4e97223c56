"""Mandates: who lets whom act for him, in what, how long."""
