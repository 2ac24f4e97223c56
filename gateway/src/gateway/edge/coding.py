"""Compression of JSON answers, for those who take it.

Only JSON of the API is compressed, never a page: a page carries tokens of ours beside what somebody else may have put
in, and its length would tell about them (BREACH). The API is called with tokens that a browser sends for nobody else.
"""

import zlib
from typing import Final, Protocol

import zstandard

from gateway.edge.connection import Headers

SMALLEST: Final = 1024
"""Shorter answers gain nothing."""
_LARGEST: Final = 16 * 1024 * 1024
_JSON: Final = (b"application/json", b"application/problem+json", b"application/geo+json")
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZSTD_LEVEL: Final = 1
_GZIP_LEVEL: Final = 1


class Coder(Protocol):
    """Compresses a body part by part."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a part; return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


def chosen(accepted: bytes) -> str:
    """Return the coding that `Accept-Encoding` lets us choose: `zstd`, `gzip` or none (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for item in accepted.decode("latin-1").lower().split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    offered = {name: weights.get(name, anything) for name in ("zstd", "gzip")}
    best = max(offered, key=lambda name: offered[name])
    return best if offered[best] > 0 else ""


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def is_compressible(status: int, headers: Headers) -> bool:
    """Tell whether an answer is whole JSON of a known length that is worth it, and that may be transformed."""
    said = dict(headers)
    length = said.get(b"content-length", b"")
    return (
        status not in (204, 206, 304)
        and said.get(b"content-type", b"").partition(b";")[0].strip().lower() in _JSON
        and length.isdigit()
        and SMALLEST <= int(length) <= _LARGEST
        and b"content-encoding" not in said
        and b"no-transform" not in said.get(b"cache-control", b"")
    )


def coded(headers: Headers, coding: str) -> Headers:
    """Return the headers of an answer as they are for its compressed form.

    Its bytes are others for each coding, so a strong tag becomes a weak one (RFC 9110, 8.8.3.3).
    """
    changed = [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
        if name not in (b"content-length", b"accept-ranges")
    ]
    return [*changed, (b"content-encoding", coding.encode())]


def coder_of(coding: str) -> Coder:
    """Return a new coder for `zstd` or `gzip`."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
