"""Use cases of svc-workflow: load, decide, save; by noun."""
