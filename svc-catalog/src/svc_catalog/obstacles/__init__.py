"""堵点台账: what hinders people, found, assigned, solved and verified by somebody else (plan, S3)."""
