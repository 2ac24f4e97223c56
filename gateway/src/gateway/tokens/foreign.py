"""How tokens are read that others have made: with algorithms that we name, and whatever they like in the header."""

from collections.abc import Collection
from typing import Final

from joserfc.jws import JWSRegistry

_LONGEST_HEADER: Final = 4096
"""Bytes; some put a chain of certificates there."""


def reading(algorithms: Collection[str]) -> JWSRegistry:
    """Return how tokens are read that are signed by one of these algorithms.

    A header parameter that we do not know is passed over, unless it says that it has to be understood (RFC 7515, 4).
    """
    registry = JWSRegistry(algorithms=tuple(algorithms), strict_check_header=False)
    registry.max_header_length = _LONGEST_HEADER
    return registry
