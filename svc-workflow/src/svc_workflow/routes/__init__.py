"""HTTP interface of svc-workflow, by noun."""

PREFIX = "/api/workflow/v1"
