"""Legal persons: who they are, and who represents them by law."""
