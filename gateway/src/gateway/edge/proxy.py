"""What all requests to the services share: routes, upstreams, identity, and what is told about them."""

import random
from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.edge.connection import Headers
from gateway.edge.deadlines import Deadlines
from gateway.edge.entry import Entrance, Passage
from gateway.edge.failures import UnknownService, UploadTooLarge
from gateway.edge.headers import Incoming
from gateway.edge.identity import Identity
from gateway.edge.records import Records
from gateway.edge.routes import Route, RouteTable
from gateway.edge.trace import trace_of
from gateway.edge.upstream import Upstream
from gateway.trusted_proxies import FORWARDED_FOR, TrustedNetworks
from onestop_runtime.telemetry import Spans


class Proxy:
    """Carries requests to the services.

    Args:
        routes: which requests pass.
        upstreams: where the services are that carry them out, by their short names.
        identity: says who calls and states it to a service.
        public_url: the address people know us by; the services are told this one, not what a client claims.
        records: tells about each request.
        trusted: where proxies of ours are, that say where a request comes from.
        spans: makes spans of recorded traces.
        ratio: share of the traces begun here that are recorded.
    """

    def __init__(
        self,
        routes: RouteTable,
        upstreams: Mapping[str, Upstream],
        identity: Identity,
        *,
        public_url: str,
        records: Records,
        trusted: TrustedNetworks | None = None,
        spans: Spans | None = None,
        ratio: float = 0.0,
    ) -> None:
        self.routes = routes
        self.entrance = Entrance(routes, identity)
        self.upstreams = upstreams
        self.identity = identity
        self.public_url = public_url
        self.deadlines = Deadlines()
        public = urlsplit(public_url)
        self._origin_lines = f"x-forwarded-proto: {public.scheme}\r\nx-forwarded-host: {public.netloc}\r\n".encode()
        self.records = records
        self._trusted = trusted
        self._common: tuple[Headers, bytes] = ([], b"")
        self._spans = spans
        self._ratio = ratio
        for upstream in upstreams.values():
            records.watch(upstream)

    def close(self) -> None:
        """End the connections kept open to the upstreams and tell about the last requests."""
        for upstream in self.upstreams.values():
            upstream.close()
        self.records.flush()

    def origin_of(self, peer: str, headers: Headers) -> str:
        """Return where a request comes from, also through proxies that are ours."""
        if self._trusted is None:
            return peer
        passed = [part.strip() for name, value in headers if name == FORWARDED_FOR for part in value.split(b",")]
        return self._trusted.origin(peer, passed)

    def headers_of(self, peer: str, headers: Headers) -> Headers:
        """Return headers as we read them: a client's certificate under our name for it, if a proxy of ours says so."""
        return headers if self._trusted is None else self._trusted.with_certificate(peer, headers)

    def common_lines(self, headers: Headers) -> bytes:
        """Return `headers`, which are the same for a second, as lines."""
        if headers is not self._common[0]:
            self._common = (headers, b"".join([b"%b: %b\r\n" % pair for pair in headers]))
        return self._common[1]

    def begin_trace(self, passage: Passage, incoming: Incoming) -> None:
        """Continue the trace of a request, or begin one; make a span when it is recorded."""
        if self._spans is None:
            passage.trace = trace_of(incoming.traceparent, incoming.request_id)
            return
        sampled = random.random() < self._ratio  # noqa: S311 - no secret
        passage.trace = trace = trace_of(incoming.traceparent, incoming.request_id, sampled=sampled)
        if trace.sampled:
            before = incoming.traceparent if trace.continued else None
            passage.span = self._spans.start(passage.method, (before or trace.traceparent).decode())
            passage.trace = trace.within(passage.span.get_span_context().span_id)

    def enter_upstream(self, passage: Passage, incoming: Incoming) -> Upstream:
        """Return the upstream that carries out a request, which is counted in there.

        Raises:
            UnknownService: when it is not known where the service is.
            UploadTooLarge: when the request says that its body is larger than the route allows.
            UpstreamOverloaded: when as many as allowed are under way there.
            UpstreamUnavailable: while the upstream is left alone.
        """
        route = passage.route
        assert route  # noqa: S101 - an entrance found it
        upstream = self.upstreams.get(route.service)
        if upstream is None:
            raise UnknownService("这项服务没有部署在这里。")
        if incoming.length and incoming.length > route.body_bytes:
            raise too_large(route)
        upstream.enter()
        return upstream

    def head(self, passage: Passage, incoming: Incoming, upstream: Upstream) -> bytes:
        """Return the head of a request as its upstream gets it."""
        trace, principal, more = passage.trace, passage.principal, b""
        if principal is not None:
            more = b"onestop-assertion: %b\r\n" % self.identity.assertion_for(principal, upstream.audience).encode()
        if trace.continued and incoming.tracestate:
            more += b"tracestate: %b\r\n" % incoming.tracestate
        if incoming.length is None:
            more += b"transfer-encoding: chunked\r\n"
        elif incoming.length or incoming.declared:
            more += b"content-length: %d\r\n" % incoming.length
        if incoming.expects and incoming.has_body:
            more += b"expect: 100-continue\r\n"
        return b"%b %b%b%b HTTP/1.1\r\nhost: %b\r\n%b%b%bx-forwarded-for: %b\r\n%b\r\n" % (
            b"GET" if passage.method == "HEAD" else passage.method.encode(),
            passage.raw_path,
            b"?" if passage.query else b"",
            passage.query,
            upstream.authority,
            incoming.passed,
            self._origin_lines,
            trace.lines,
            passage.address.encode(),
            more,
        )


def too_large(route: Route) -> UploadTooLarge:
    """Return the refusal of a body that is larger than the route allows."""
    return UploadTooLarge(f"请求内容不能超过 {route.body_bytes} 字节。")
