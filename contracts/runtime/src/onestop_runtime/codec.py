"""JSON as bytes and back, by orjson; one way for columns, events and answers."""

from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Return `value` as compact UTF-8 JSON; UUID, date and aware datetime become strings."""
    return orjson.dumps(value)


def loads(data: bytes | str) -> Any:
    """Return the value that `data` stands for; raises `ValueError` when it is no JSON."""
    return orjson.loads(data)
