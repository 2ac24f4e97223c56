"""The OpenID Provider: what clients ask for in a person's name, and what they get."""
