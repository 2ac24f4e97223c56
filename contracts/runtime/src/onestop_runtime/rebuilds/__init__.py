"""Rebuilding a projection 投影 from its topics, beside the one in use, and putting it in its place."""
