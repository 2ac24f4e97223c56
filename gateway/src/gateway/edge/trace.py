"""W3C Trace Context: a trace that arrives is continued, one that is missing or malformed is begun.

A trace id names a request and no secret; it need not be hard to guess.
"""

import re
from random import getrandbits
from typing import NamedTuple

from onestop_runtime.logs import REQUEST_ID, TRACEPARENT

_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})\Z")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class Trace(NamedTuple):
    """How one request is found again.

    Attributes:
        request_id: the client's, if it is a plain word of up to 64 characters; else the trace id.
        traceparent: what the upstream gets.
        continued: the trace began outside, so `tracestate` belongs to it.
    """

    request_id: bytes
    traceparent: bytes
    continued: bool

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits of the trace."""
        return self.traceparent[3:35].decode()


def trace_of(traceparent: bytes | None, request_id: bytes | None) -> Trace:
    """Return the trace of a request with these headers.

    When the process's own tracer has already opened a span for the request, its context goes on.
    """
    if own := TRACEPARENT.get():
        parent, continued = own.encode(), traceparent is not None
    elif traceparent is not None and (known := _TRACEPARENT.match(traceparent)):
        parent, continued = b"00-%b-%016x-%b" % (known[1], getrandbits(64) | 1, known[2]), True
    else:
        parent, continued = b"00-%032x-%016x-00" % (getrandbits(128) | 1, getrandbits(64) | 1), False
    if own and (named := REQUEST_ID.get()):
        request_id = named.encode()
    elif request_id is None or not _REQUEST_ID.match(request_id):
        request_id = parent[3:35]
    return Trace(request_id, parent, continued)


NO_TRACE = Trace(b"", b"", continued=False)
"""Stands until the headers have been read."""
