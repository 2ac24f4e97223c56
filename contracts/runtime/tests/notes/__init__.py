"""A small service of the tests: notes with a text, owned by a party."""
