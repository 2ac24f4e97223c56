"""W3C Trace Context: a trace that arrives is continued, one that is missing or malformed is begun.

A trace id names a request and no secret; it need not be hard to guess.
"""

import re
from binascii import hexlify
from random import getrandbits
from typing import Final

_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})\Z")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


_NOWHERE_ZERO: Final = 1 << 64 | 1
"""Neither the id of a trace nor that of a span may be zero."""


class Trace:
    """How one request is found again.

    Attributes:
        request_id: the client's, if it is a plain word of up to 64 characters; else the trace id.
        traceparent: what the upstream gets.
        continued: the trace began outside, so `tracestate` belongs to it.
        lines: the headers by which a client, and the upstream, find the request again.
    """

    __slots__ = ("continued", "lines", "request_id", "traceparent")

    def __init__(self, request_id: bytes, traceparent: bytes, *, continued: bool) -> None:
        self.request_id = request_id
        self.traceparent = traceparent
        self.continued = continued
        self.lines = b"x-request-id: %b\r\ntraceparent: %b\r\n" % (request_id, traceparent)

    @property
    def sampled(self) -> bool:
        """Whether the trace is recorded."""
        return bool(int(self.traceparent[53:], 16) & 1)

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits of the trace."""
        return self.traceparent[3:35].decode()

    def within(self, span_id: int) -> "Trace":
        """Return the trace as it goes on below a span of ours."""
        parent = b"00-%b-%016x-%b" % (self.traceparent[3:35], span_id, self.traceparent[53:])
        return Trace(self.request_id, parent, continued=self.continued)


def trace_of(traceparent: bytes | None, request_id: bytes | None, *, sampled: bool = False) -> Trace:
    """Return the trace of a request with these headers.

    Args:
        traceparent: as the client sent it.
        request_id: likewise.
        sampled: whether a trace that begins here is recorded.
    """
    if traceparent is not None and (known := _TRACEPARENT.match(traceparent)):
        parent, continued = b"00-%b-%016x-%b" % (known[1], getrandbits(64) | 1, known[2]), True
    else:
        made = hexlify((getrandbits(192) | _NOWHERE_ZERO).to_bytes(24))
        parent, continued = b"00-%b-%b-0%d" % (made[:32], made[32:], sampled), False
    if request_id is None or not _REQUEST_ID.match(request_id):
        request_id = parent[3:35]
    return Trace(request_id, parent, continued=continued)


NO_TRACE = Trace(b"", b"", continued=False)
"""Stands until the headers have been read."""
