"""Erasing a person: his personal data is destroyed, his opaque id stays in what the law keeps."""
