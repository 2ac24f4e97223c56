"""Opaque keyset cursors: where a page ended, so that the next one starts right after it."""

import base64
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from onestop_runtime.codec import dumps, loads
from onestop_runtime.problems import InvalidCursor

Item = TypeVar("Item")

_KINDS: tuple[tuple[str, type], ...] = (("u", UUID), ("t", datetime), ("d", date), ("s", str), ("i", int))
_READERS: dict[str, Callable[[str], Any]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "s": str,
    "i": int,
}


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next` is absent on the last one."""

    items: list[Item]
    next: str | None = Field(
        default=None,
        description="下一页的翻页标记；没有则为最后一页",
        examples=["W1sidSIsIjAxOGYzYjFjLTdlNGEtN2MyMS05YTU1LTAwMDAwMDAwMDAyMSJdXQ"],
    )


def encode_cursor(*position: UUID | datetime | date | str | int) -> str:
    """Return the cursor that stands for `position`, the sort key of a page's last row."""
    parts = []
    for value in position:
        # In this order: a datetime is a date, and the driver has a UUID class of its own.
        kind = next(kind for kind, type_ in _KINDS if isinstance(value, type_))
        parts.append([kind, value.isoformat() if isinstance(value, date) else str(value)])
    return base64.urlsafe_b64encode(dumps(parts)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the position that `cursor` stands for, or None for no cursor.

    Args:
        cursor: as given by the caller.
        kinds: the types of the sort key, for example `datetime, UUID`.

    Raises:
        InvalidCursor: when it was not made for such a list.
    """
    if not cursor:
        return None
    try:
        parts = loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = tuple(_READERS[kind](text) for kind, text in parts)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidCursor from error
    if tuple(type(value) for value in position) != kinds:
        raise InvalidCursor
    return position


def page_of(rows: list[Any], limit: int) -> tuple[list[Any], bool]:
    """Return the rows of a page fetched with `limit + 1`, and whether more follow."""
    return rows[:limit], len(rows) > limit
