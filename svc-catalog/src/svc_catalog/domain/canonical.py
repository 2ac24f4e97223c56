"""Canonical JSON (RFC 8785) and the content hash made of it: the same guide has the same hash everywhere."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

_LARGEST = 2**53 - 1
"""The largest integer that RFC 8785 keeps exactly."""


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value.

    Raises:
        ValueError: for a number whose ECMAScript form would need an exponent, or that a double does not hold
            exactly; a guide has none. Also for text that is no valid Unicode.
    """
    return _text(value).encode()


def content_hash(value: Any) -> str:
    """Return the SHA-256 over the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        # Keys are ordered by their UTF-16 code units.
        members = sorted(value.items(), key=lambda item: str(item[0]).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(str(key))}:{_text(part)}" for key, part in members) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(_text(part) for part in value) + "]"
    raise ValueError(f"no JSON value: {type(value).__name__}")


def _integer(value: int) -> str:
    if abs(value) > _LARGEST:
        raise ValueError(f"a number of a guide is exact in every reader: {value}")
    return str(value)


def _number(value: float) -> str:
    text = _integer(int(value)) if value.is_integer() else repr(value)
    if "e" in text or "n" in text:
        raise ValueError(f"a number of a guide is written without exponent: {text}")
    return text
