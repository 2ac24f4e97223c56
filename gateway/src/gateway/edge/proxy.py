"""The streaming proxy: from `/api/<service>/v1/…` to the service, as a pure ASGI application.

No body is ever held as a whole. The upstream gets what the client may say, and beside it what only the gateway
knows: who calls (`Onestop-Assertion`), from where (`X-Forwarded-*`), and how the request is found again.
"""

import asyncio
from collections.abc import Mapping
from time import perf_counter
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from gateway.edge.address import check_target
from gateway.edge.answers import send_problem
from gateway.edge.connection import Headers
from gateway.edge.exchange import Exchange
from gateway.edge.failures import AnswerCutShort, ClientGone, UnknownService
from gateway.edge.headers import Incoming, read_request
from gateway.edge.identity import Identity
from gateway.edge.records import CUT_SHORT, FAILURES, AccessLog, Measures
from gateway.edge.routes import Route, RouteTable
from gateway.edge.trace import NO_TRACE, Trace, trace_of
from gateway.edge.upstream import Upstream
from onestop_legal.errors import NamedError
from onestop_runtime.logs import REQUEST_ID

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLIENT_GONE = 499
_UNROUTED = "unrouted"


class Passage:
    """One request on its way through the edge, with what is told about it afterwards."""

    __slots__ = (
        "allowance",
        "client_id",
        "exchange",
        "outcome",
        "route",
        "started",
        "status",
        "trace",
        "traced_outside",
    )

    def __init__(self) -> None:
        self.started = perf_counter()
        self.route: Route | None = None
        self.allowance: Headers = []
        self.exchange: Exchange | None = None
        self.status = 0
        self.outcome = "answered"
        self.client_id = ""
        self.traced_outside = bool(REQUEST_ID.get())
        self.trace = NO_TRACE

    @property
    def exchange_status(self) -> int:
        """The status the client was sent from an upstream; 0 if none."""
        return self.exchange.status if self.exchange else 0

    def marks(self) -> Headers:
        """Return the headers that say how many requests are left, and those by which the client finds this one again.

        The latter are left out when a tracer outside adds them.
        """
        if self.traced_outside:
            return self.allowance
        return [*self.allowance, (b"x-request-id", self.trace.request_id), (b"traceparent", self.trace.traceparent)]


class Proxy:
    """Carries requests to the services.

    Args:
        routes: which requests pass.
        upstreams: where the services are that carry them out, by their short names.
        identity: says who calls and states it to a service.
        public_url: the address people know us by; the services are told this one, not what a client claims.
        access_log: where each request leaves a line; none if None.
    """

    def __init__(
        self,
        routes: RouteTable,
        upstreams: Mapping[str, Upstream],
        identity: Identity,
        *,
        public_url: str,
        access_log: AccessLog | None = None,
    ) -> None:
        self.routes = routes
        self.upstreams = upstreams
        self._identity = identity
        self._log = access_log
        self._measures = Measures()
        for upstream in upstreams.values():
            self._measures.watch(upstream)
        self.public_url = public_url
        public = urlsplit(public_url)
        self._origin_lines = f"x-forwarded-proto: {public.scheme}\r\nx-forwarded-host: {public.netloc}\r\n".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        passage = Passage()
        try:
            await self._pass(passage, scope, receive, send)
        except NamedError as refusal:
            await self._refuse(passage, refusal, receive, send)
        except ClientGone:
            passage.status, passage.outcome = _CLIENT_GONE, "client-gone"
        except AnswerCutShort as cut:
            passage.status, passage.outcome = passage.exchange_status, "cut-short"
            CUT_SHORT.labels(cut.by).inc()
            raise
        except asyncio.CancelledError:
            passage.status, passage.outcome = _CLIENT_GONE, "cancelled"
            raise
        finally:
            self._note(passage, scope)

    def close(self) -> None:
        """End the connections kept open to the upstreams and write what the log still holds."""
        for upstream in self.upstreams.values():
            upstream.close()
        if self._log is not None:
            self._log.flush()

    async def _pass(self, passage: Passage, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        method: str = scope["method"]
        incoming = read_request(scope["headers"])
        passage.trace = trace_of(incoming.traceparent, incoming.request_id)
        route, upstream, assertion = await self._enter(passage, scope, incoming, raw_path)
        target = raw_path + b"?" + query if query else raw_path
        head = self._head(passage.trace, scope, upstream, target, incoming, assertion)
        exchange = passage.exchange = Exchange(upstream, route, method, incoming, receive, send)
        await exchange.run(head, passage.marks)
        passage.status = passage.exchange_status

    async def _enter(
        self, passage: Passage, scope: Scope, incoming: Incoming, raw_path: bytes
    ) -> tuple[Route, Upstream, str]:
        """Let a request through; return its route, where it goes, and what the service is told of who sent it."""
        client = scope.get("client")
        address = client[0] if client else ""
        admission = self._identity.admission
        try:
            check_target(raw_path, scope["query_string"])
            passage.route = route = self.routes.find(scope["path"], scope["method"])
            scope["route"] = route  # whoever measures outside names the route, not the address
            upstream = self.upstreams.get(route.service)
            if upstream is None:
                raise UnknownService("这项服务没有部署在这里。")
            principal = None
            if incoming.credentials:
                principal = await self._identity.resolve(scope["headers"], scope["method"], raw_path)
            passage.allowance = await admission.admit(route, principal, address)
        except NamedError as refusal:
            admission.stray(address, refusal)
            raise
        if principal is None:
            return route, upstream, ""
        passage.client_id = principal.client_id
        return route, upstream, self._identity.assertion_for(principal, upstream.audience)

    def _head(
        self, trace: Trace, scope: Scope, upstream: Upstream, target: bytes, incoming: Incoming, assertion: str
    ) -> bytes:
        """Return the head of the request as the upstream gets it."""
        client = scope.get("client")
        lines = [
            scope["method"].encode(),
            b" ",
            target,
            b" HTTP/1.1\r\nhost: ",
            upstream.authority,
            b"\r\n",
            incoming.passed,
            self._origin_lines,
            b"x-request-id: ",
            trace.request_id,
            b"\r\ntraceparent: ",
            trace.traceparent,
            b"\r\n",
        ]
        if client:
            lines += (b"x-forwarded-for: ", client[0].encode(), b"\r\n")
        if assertion:
            lines += (b"onestop-assertion: ", assertion.encode(), b"\r\n")
        if trace.continued and incoming.tracestate:
            lines += (b"tracestate: ", incoming.tracestate, b"\r\n")
        if incoming.length is None:
            lines.append(b"transfer-encoding: chunked\r\n")
        elif incoming.length or incoming.declared:
            lines.append(b"content-length: %d\r\n" % incoming.length)
        if incoming.expects and incoming.has_body:
            lines.append(b"expect: 100-continue\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    async def _refuse(self, passage: Passage, refusal: NamedError, receive: Receive, send: Send) -> None:
        if not passage.trace.request_id:
            passage.trace = trace_of(None, None)
        passage.status, passage.outcome = refusal.status, refusal.slug
        FAILURES.labels(passage.route.service if passage.route else _UNROUTED, refusal.slug).inc()
        await send_problem(receive, send, refusal, passage.trace.request_id.decode(), passage.marks())

    def _note(self, passage: Passage, scope: Scope) -> None:
        seconds = perf_counter() - passage.started
        path = passage.route.path if passage.route else _UNROUTED
        method = scope["method"] if scope["method"] in METHODS else "other"
        if not passage.traced_outside:
            self._measures.answered(path, method, passage.status, seconds)
        if self._log is not None:
            self._log.note(
                method=method,
                path=scope["path"],
                status=passage.status,
                outcome=passage.outcome,
                ms=round(seconds * 1000, 2),
                upstream=passage.route.service if passage.route else None,
                client=passage.client_id or None,
                request_id=passage.trace.request_id.decode(),
                trace_id=passage.trace.trace_id,
            )
