"""Coming back into an account whose password is lost, in a way that takes nobody else into it."""
