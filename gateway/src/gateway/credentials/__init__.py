"""What a person proves himself with beside his password: one-time passwords, passkeys, recovery codes."""
