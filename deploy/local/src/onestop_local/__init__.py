"""The whole platform on one machine: real PostgreSQL, real Kafka, six processes, no Docker.

Read in this order: `__main__` (the commands), `supervisor` (what happens in which order), `children` (a process and
its restarts), `servers` with `postgres` and `kafka`, `secrecy`, `people` and `clients` (who can sign in), `stack` (how
others read `stack.json`). `testing` is the pytest plugin with the same servers.
"""
