"""HTTP interface of svc-catalog, by noun."""

PREFIX = "/api/catalog/v1"
