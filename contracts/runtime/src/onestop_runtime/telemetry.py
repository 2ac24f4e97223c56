"""What every request leaves behind: a request id, a trace context, a measured time, a span when sampled.

A pure ASGI middleware. The decision to sample comes first, so that requests that are not sampled cost next to
nothing; spans are made with opentelemetry-sdk and leave only when an OTLP endpoint is configured.
"""

import functools
import os
import random
import re
import time
from typing import Any

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onestop_runtime import metrics
from onestop_runtime.logs import REQUEST_ID, TRACEPARENT, logger
from onestop_runtime.problems import InternalError, problem_response
from onestop_runtime.settings import ServiceSettings

_TRACEPARENT = re.compile(rb"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")
_UNMEASURED = ("/livez", "/readyz", "/metrics")
log = logger(__name__)


class Spans:
    """Makes spans and sends them to the OTLP endpoint."""

    def __init__(self, service: str, endpoint: str) -> None:
        # Imported here: without an endpoint the libraries would only cost memory.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
        self._tracer = self._provider.get_tracer("onestop")

    def start(self, name: str, traceparent: str) -> Any:
        """Return a started server span, child of `traceparent`."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
        return self._tracer.start_span(name, context=parent, kind=SpanKind.SERVER)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def spans_of(settings: ServiceSettings) -> Spans | None:
    """Return the span maker, or None when no endpoint is configured."""
    return Spans(f"svc-{settings.SERVICE}", settings.otlp_endpoint) if settings.otlp_endpoint else None


class Telemetry:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, service: str, ratio: float, spans: Spans | None) -> None:
        self._app = app
        self._service = service
        self._ratio = ratio
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and take its measure."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = {name: value for name, value in scope["headers"] if name in (b"x-request-id", b"traceparent")}
        request_id = self._request_id(given.get(b"x-request-id"))
        traceparent = self._traceparent(given.get(b"traceparent"))
        REQUEST_ID.set(request_id)
        TRACEPARENT.set(traceparent)
        span = self._spans.start(scope["method"], traceparent) if self._spans and traceparent.endswith("1") else None
        status: int | None = None
        started = time.perf_counter()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"traceparent", traceparent.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception as error:
            log.unexpected("request failed unexpectedly", error)
            if status is not None:
                raise  # the answer is under way: the server cuts the connection
            await problem_response(InternalError())(scope, receive, send_marked)
        finally:
            self._measure(scope, status or 500, time.perf_counter() - started)
            if span:
                span.update_name(f"{scope['method']} {_route_of(scope)}")
                span.set_attribute("http.response.status_code", status or 500)
                span.end()

    def _request_id(self, given: bytes | None) -> str:
        return given.decode() if given and _REQUEST_ID.match(given) else os.urandom(16).hex()

    def _traceparent(self, given: bytes | None) -> str:
        if given and _TRACEPARENT.match(given):
            return given.decode()
        sampled = "01" if self._spans and random.random() < self._ratio else "00"  # noqa: S311 - no secret
        return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-{sampled}"

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        if route not in _UNMEASURED:
            _histogram(self._service, scope["method"], route, status).observe(seconds)


@functools.lru_cache(maxsize=4096)
def _histogram(service: str, method: str, route: str, status: int) -> Histogram:
    return metrics.REQUEST_SECONDS.labels(service, method, route, str(status))


def _route_of(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unmatched")
