"""What callers send and get: request and answer models with examples."""
