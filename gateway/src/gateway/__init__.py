"""The only public door: sign-in, tokens, the edge."""
