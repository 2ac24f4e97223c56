"""HTTP: each route is one call of a use case."""

PREFIX = "/api/intake/v1"
