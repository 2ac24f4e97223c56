"""JSON as bytes and back, by orjson; one way for columns, events and answers."""

from typing import Any
from uuid import UUID

import orjson


def dumps(value: Any) -> bytes:
    """Return `value` as compact UTF-8 JSON; UUID, date and aware datetime become strings, dataclasses objects."""
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    """Return what orjson does not know by itself: the database driver's own kind of UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def loads(data: bytes | str) -> Any:
    """Return the value that `data` stands for; raises `ValueError` when it is no JSON."""
    return orjson.loads(data)
