"""Self-service terminals: where they stand, when they are open, which key each holds, who stays at one."""
