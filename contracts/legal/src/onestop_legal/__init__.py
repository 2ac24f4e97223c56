"""What the law gives all services alike: working days, identifiers, code lists."""
