"""Positions: which events of a command a reader must have taken in before it shows what the command did.

A position is the last event of an aggregate in a topic: (topic, aggregate, sequence). The answer of a command carries
those of its events as a token; whoever gives the token to a read is answered once the reader has come that far. A
token is opaque and carries a checksum, so that a damaged one is told from a good one. It is no secret and no proof:
what it can open up is whether an aggregate, whose id one has to know, has come to an event of a number.
"""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError
from onestop_runtime.sql import Connection

HEADER: Final = "Position-Token"
"""Of a command's answer, and of the requests that are to wait for it."""
STATE_HEADER: Final = "Position-State"
"""Of the answer to a request with a token: `reached`, `stale` or `unrelated`."""
MOST: Final = 32
"""Positions of one request; a command that has more of them answers no token."""
WAIT_SECONDS: Final = 2
"""How long a request waits unless it says so."""
MOST_SECONDS: Final = 10
"""The longest that a request may ask to wait."""

Place = tuple[str, UUID]
"""A topic and an aggregate in it."""
Positions = Mapping[Place, int]
"""The sequence that each place must have come to."""

_VERSION: Final = b"\x01"
_CHECKSUM_BYTES: Final = 4
_MOST_LETTERS: Final = 6000
_TOPIC = re.compile(rb"[a-z0-9][a-z0-9._-]{0,99}")
_MOST_EVENTS: Final = 2**63 - 1
_ALLOTTED: Final = """
SELECT s.topic, s.key, s.last FROM unnest($1::text[], $2::uuid[]) AS w (topic, key)
JOIN outbox_sequence s ON s.topic = w.topic AND s.key = w.key
"""


class InvalidPosition(NamedError):
    """The position token was not made by this platform, or is damaged."""

    slug = "invalid-position"
    title = "位置标记无效"
    status = 400
    pointer = f"#{HEADER}"


class PositionNotReached(NamedError):
    """What the caller has just done has not arrived here yet; it will."""

    slug = "position-not-reached"
    title = "刚才的操作尚未在此处生效，请稍后再试"
    status = 503
    pointer = f"#{HEADER}"


class PositionHeldUp(NamedError):
    """What the caller has just done cannot arrive here before somebody has looked after it."""

    slug = "position-held-up"
    title = "该事项的更新在此处已暂停，正在等待人工处理"
    status = 503
    pointer = f"#{HEADER}"


def encode_positions(positions: Positions) -> str:
    """Return the token that stands for `positions`."""
    body = _VERSION + b"".join(_position(topic, key, sequence) for (topic, key), sequence in positions.items())
    return base64.urlsafe_b64encode(body + _checksum(body)).rstrip(b"=").decode()


def _position(topic: str, key: UUID, sequence: int) -> bytes:
    name = topic.encode()
    return len(name).to_bytes(1, "big") + name + key.bytes + sequence.to_bytes(8, "big")


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big")


def decode_positions(tokens: str) -> dict[Place, int]:
    """Return what `tokens` stand for: one token, or several with commas between them.

    Raises:
        InvalidPosition: when one of them is no token, or they name more than 32 positions together.
    """
    if len(tokens) > _MOST_LETTERS:
        raise InvalidPosition
    positions: dict[Place, int] = {}
    try:
        for token in filter(None, map(str.strip, tokens.split(","))):
            for place, sequence in _positions_in(token):
                positions[place] = max(sequence, positions.get(place, 0))
    except (ValueError, IndexError) as error:
        raise InvalidPosition from error
    if not 1 <= len(positions) <= MOST:
        raise InvalidPosition(f"一次请求最多带 {MOST} 个位置。" if positions else "")
    return positions


def _positions_in(token: str) -> Iterator[tuple[Place, int]]:
    """Yield what one token names; raises `ValueError` or `IndexError` when it is none."""
    content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    body, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
    if body[:1] != _VERSION or _checksum(body) != checksum:
        raise ValueError("no token of ours")
    at = 1
    while at < len(body):
        name_ends = at + 1 + body[at]
        key_ends, ends = name_ends + 16, name_ends + 24
        topic, sequence = body[at + 1 : name_ends], int.from_bytes(body[key_ends:ends], "big")
        if ends > len(body) or not _TOPIC.fullmatch(topic) or sequence > _MOST_EVENTS:
            raise ValueError("no position of ours")
        yield (topic.decode(), UUID(bytes=body[name_ends:key_ends])), sequence
        at = ends


def outline_of(places: Iterable[Place]) -> str | None:
    """Return a token that names places only, to be kept before their events have numbers; None for none or too many."""
    outline = dict.fromkeys(places, 0)
    return encode_positions(outline) if 0 < len(outline) <= MOST else None


async def completed(connection: Connection, outline: str) -> str:
    """Return the token of an `outline` with the numbers allotted by now, none of them less than its command's."""
    topics, keys = zip(*decode_positions(outline), strict=True)
    rows = await connection.fetch(_ALLOTTED, topics, keys)
    return encode_positions({(row["topic"], row["key"]): row["last"] for row in rows})


def preferences(prefer: Iterable[str]) -> tuple[float, bool]:
    """Return how long a request is willing to wait, in seconds, and whether it takes a stale answer then (RFC 7240).

    Args:
        prefer: values of its `Prefer` headers; what is not understood in them is passed over.
    """
    seconds: float = WAIT_SECONDS
    stale = False
    for said in ",".join(prefer).split(","):
        name, _, value = said.partition(";")[0].partition("=")
        word, given = name.strip().lower(), value.strip().strip('"')
        if word == "wait" and given.isdecimal() and given.isascii():
            seconds = min(int(given[:4]), MOST_SECONDS)
        elif word == "stale":
            stale = True
    return seconds, stale
