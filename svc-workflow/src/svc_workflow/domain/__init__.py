"""The rules of svc-workflow, by noun: definition, proceeding, task, limit, decision."""
