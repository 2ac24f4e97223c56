"""What the edge tells about each request: measures for Prometheus and one line for the access log.

A line names no person: no query string, no address, no user agent, and no digits in a path that could be an
identity number.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Final

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
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_PROBLEMS: Final = frozenset({"admitted", "answered", "client-gone", "cut-short"})
_UNROUTED: Final = "unrouted"
_FLUSH_SECONDS: Final = 0.2
_GATHERED: Final = 64


class Records:
    """Tells about requests that are over, a few at a time: so their own way is the shorter.

    Args:
        write: takes whole lines of the access log as bytes; standard error if not given.
        clock: what the time stamps come from.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None, clock: Clock = now) -> None:
        self._write = write or _to_standard_error
        self._clock = clock
        self._over: list[tuple[Passage, datetime, float]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def watch(self, upstream: Upstream) -> None:
        """Show what is under way at an upstream, and whether it is left alone."""
        UNDER_WAY.labels(upstream.name).set_function(lambda: upstream.under_way)
        BREAKER_OPEN.labels(upstream.name).set_function(lambda: upstream.left_alone)

    def note(self, passage: Passage) -> None:
        """Note that a request is over; it is told about within a fraction of a second."""
        self._over.append((passage, self._clock(), perf_counter() - passage.started))
        if len(self._over) >= _GATHERED:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._flush_late)

    def flush(self) -> None:
        """Tell about what has been noted."""
        if self._over:
            over, self._over = self._over, []
            self._write(b"".join([self._told(*one) for one in over]))

    def _flush_late(self) -> None:
        self._timer = None
        self.flush()

    def _told(self, passage: Passage, at: datetime, seconds: float) -> bytes:
        """Count a request, and return its line: one JSON object, its path masked where it might name a person."""
        route, principal, trace, path, status = (
            passage.route, passage.principal, passage.trace, passage.path, passage.status,
        )  # fmt: skip
        method = passage.method if passage.method in _METHODS else "other"
        template, service = (route.path, route.service) if route else (_UNROUTED, None)
        self._measure(template, method, status).observe(seconds)
        if passage.outcome not in _NO_PROBLEMS:
            FAILURES.labels(service or _UNROUTED, passage.outcome).inc()
        if passage.span is not None:
            passage.span.update_name(f"{method} {template}")
            passage.span.set_attribute("http.response.status_code", status)
            passage.span.end(int(at.timestamp() * 1e9))
        line = {
            "at": at,
            "level": "info",
            "service": "gateway",
            "event": "request",
            "method": method,
            "path": _PERSONAL.sub("***", path) if _LONG_NUMBER.search(path) else path,
            "status": status,
            "outcome": passage.outcome,
            "ms": round(seconds * 1000, 2),
            "upstream": service,
            "client": principal.client_id or None if principal else None,
            "request_id": trace.request_id.decode(),
            "trace_id": trace.trace_id,
        }
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)

    def _measure(self, template: str, method: str, status: int) -> Histogram:
        """Return what times the requests of a route; `template` is the route's path, never the request's."""
        key = (template, method, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = REQUEST_SECONDS.labels("gateway", method, template, str(status))
        return child


def _to_standard_error(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()
