"""Use cases: load, decide, save. Nothing here ends a transaction, nothing remote is called inside one."""
