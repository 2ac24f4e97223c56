"""Identifiers of aggregates: UUID version 7 (RFC 9562), ordered by the millisecond they were made in."""

import os
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def uuid7() -> UUID:
    """Return a new id; it encodes the millisecond of its making and nothing else."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    high, low = random >> 68, random & 0x3FFFFFFFFFFFFFFF
    return UUID(int=(milliseconds << 80) | _VERSION | (high << 64) | _VARIANT | low)
