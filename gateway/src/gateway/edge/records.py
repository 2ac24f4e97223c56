"""What the edge tells about each request: measures for Prometheus and one line for the access log.

A line names no person: no query string, no address, no user agent, and no digits in a path that could be an
identity number.
"""

import asyncio
import re
import sys
from collections.abc import Callable

import orjson
from prometheus_client import Counter, Gauge, Histogram

from gateway.edge.entry import Passage
from gateway.edge.upstream import Upstream
from onestop_runtime.clock import Clock, now
from onestop_runtime.metrics import REQUEST_SECONDS

UNDER_WAY = Gauge("onestop_edge_requests_under_way", "Requests at an upstream at this moment", ["upstream"])
BREAKER_OPEN = Gauge("onestop_edge_breaker_open", "1 while an upstream is left alone", ["upstream"])
FAILURES = Counter("onestop_edge_failures_total", "Requests the edge answered itself", ["upstream", "problem"])
CUT_SHORT = Counter("onestop_edge_answers_cut_short_total", "Answers broken off, by whom", ["by"])

_PERSONAL = re.compile(r"[0-9]{15}(?:[0-9]{2}[0-9Xx])?|(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_LONG_NUMBER = re.compile(r"[0-9]{11}")  # what the pattern above cannot do without; most paths have none
_FLUSH_SECONDS = 0.2
_GATHERED = 32


class Measures:
    """Counts and times the requests of the routes, and shows how the upstreams are."""

    def __init__(self) -> None:
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def watch(self, upstream: Upstream) -> None:
        """Show what is under way at an upstream, and whether it is left alone."""
        UNDER_WAY.labels(upstream.name).set_function(lambda: upstream.under_way)
        BREAKER_OPEN.labels(upstream.name).set_function(lambda: upstream.left_alone)

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """Note an answer; `path` is the route's, never the request's."""
        key = (path, method, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = REQUEST_SECONDS.labels("gateway", method, path, str(status))
        child.observe(seconds)


class AccessLog:
    """One JSON object a line; lines are gathered and written a few times a second.

    Args:
        write: takes whole lines as bytes; standard error if not given.
        clock: what the time stamps come from.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None, clock: Clock = now) -> None:
        self._write = write or _to_standard_error
        self._clock = clock
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, passage: Passage, method: str, seconds: float) -> None:
        """Add the line of a request that took `seconds`; its path is masked where it might name a person."""
        route, principal, trace, path = passage.route, passage.principal, passage.trace, passage.path
        line = {
            "at": self._clock(),
            "level": "info",
            "service": "gateway",
            "event": "request",
            "method": method,
            "path": _PERSONAL.sub("***", path) if _LONG_NUMBER.search(path) else path,
            "status": passage.status,
            "outcome": passage.outcome,
            "ms": round(seconds * 1000, 2),
            "upstream": route.service if route else None,
            "client": principal.client_id or None if principal else None,
            "request_id": trace.request_id.decode(),
            "trace_id": trace.trace_id,
        }
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._flush_late)
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        if len(self._lines) >= _GATHERED:
            self.flush()

    def _flush_late(self) -> None:
        self._timer = None
        self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._write(b"".join(lines))


def _to_standard_error(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()
