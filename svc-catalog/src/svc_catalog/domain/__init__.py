"""The rules of svc-catalog, by noun: guide version, vague clauses, completeness, imported item, calendar."""
