"""Settles what `gateway` means before pytest imports a test below the folder of that name: the package."""

import gateway  # noqa: F401 - importing it is the whole purpose
