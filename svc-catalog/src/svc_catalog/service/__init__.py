"""Use cases of svc-catalog: load, decide, save; by noun."""
