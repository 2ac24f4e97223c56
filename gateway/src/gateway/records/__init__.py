"""What the audit trail says about a person: to himself, and to staff who say why they look."""
