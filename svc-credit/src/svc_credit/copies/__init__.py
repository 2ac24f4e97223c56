"""Copies of what the catalogue owns: agencies and the working-day calendar, kept from its events."""
