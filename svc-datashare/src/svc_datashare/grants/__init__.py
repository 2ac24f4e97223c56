"""Grants 共享授权: who may use which fields of a resource, what for, and until when."""
