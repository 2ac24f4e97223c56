"""How a request comes in: its address is looked up, its sender is known, and he is let through or not."""

from time import perf_counter
from typing import Any

from gateway.edge.address import check_target
from gateway.edge.admission import Allowance
from gateway.edge.connection import Headers
from gateway.edge.identity import Identity
from gateway.edge.origins import allowing, preflight
from gateway.edge.rates import TooManyRequests
from gateway.edge.routes import Route, RouteTable
from gateway.edge.trace import NO_TRACE
from gateway.tokens.identities import Credentials, NotAtOnce
from gateway.tokens.principal import Principal
from onestop_legal.errors import NamedError
from onestop_runtime.problems import ServiceUnavailable


class Passage:
    """A request on its way through the gateway, and what is found out about it.

    Attributes:
        path: percent-decoded, as services read it.
        raw_path: as the client wrote it, without query.
        credentials: what it says about who sends it.
        address: where it comes from.
        version: of HTTP: `1.0` or `1.1`.
        started: moment of `perf_counter`.
        route: what it asks for, once that is found.
        principal: who sends it; None for nobody.
        resolved: that is known.
        allowance: how many requests are left.
        trace: by which it is found again.
        span: of the trace, when it is recorded.
        status: what the client got; 499 when it had gone.
        outcome: `answered`, `client-gone`, `cut-short`, `admitted` when another proxy carries it, or the slug of the
            problem it was refused by.
    """

    __slots__ = (
        "address", "allowance", "credentials", "method", "outcome", "path", "principal", "query", "raw_path",
        "resolved", "route", "span", "started", "status", "trace", "version",
    )  # fmt: skip

    def __init__(
        self,
        method: str,
        path: str,
        raw_path: bytes,
        query: bytes,
        credentials: Credentials,
        address: str,
        version: str = "1.1",
    ) -> None:
        self.method = method
        self.path = path
        self.raw_path = raw_path
        self.query = query
        self.credentials = credentials
        self.address = address
        self.version = version
        self.route: Route | None = None
        self.principal: Principal | None = None
        self.resolved = False
        self.allowance: Allowance | None = None
        self.trace = NO_TRACE
        self.span: Any = None
        self.status = 0
        self.outcome = ""
        self.started = perf_counter()


class Entrance:
    """Lets requests in.

    Args:
        routes: which requests pass.
        identity: says who sends one, and whether he may.
    """

    def __init__(self, routes: RouteTable, identity: Identity) -> None:
        self._routes = routes
        self._identity = identity

    def enter_at_once(self, passage: Passage) -> bool:
        """Let a request in, if nothing has to be waited for; return whether it is in.

        Raises:
            NamedError: when it is refused.
        """
        admission = self._identity.admission
        try:
            route = self._found(passage)
            passage.principal = self._identity.resolve_at_once(passage.credentials, passage.method, passage.raw_path)
            passage.resolved = True
            passage.allowance = admission.admit_at_once(route, passage.principal, passage.address)
        except NotAtOnce:
            return False
        except NamedError as refusal:
            if not isinstance(refusal, TooManyRequests):
                admission.stray(passage.address)
            raise
        return passage.allowance is not None

    async def enter(self, passage: Passage) -> None:
        """Let a request in.

        Raises:
            NamedError: when it is refused.
        """
        admission = self._identity.admission
        try:
            route = self._found(passage)
            if not passage.resolved:  # a proof of possession counts once
                passage.principal = await self._identity.resolve(passage.credentials, passage.method, passage.raw_path)
            passage.allowance = await admission.admit(route, passage.principal, passage.address)
        except NamedError as refusal:
            if not isinstance(refusal, TooManyRequests):
                admission.stray(passage.address)
            raise

    def preflight(self, passage: Passage, origin: bytes) -> Headers:
        """Return the headers that answer a browser which asks for a page of `origin` before it calls (CORS).

        Raises:
            OriginNotAllowed: when no registered client has pages there.
            NamedError: when the address leads nowhere, or too many requests come.
        """
        admission = self._identity.admission
        admission.stray(passage.address)
        check_target(passage.raw_path, passage.query)
        return preflight(self._routes, passage.path, origin, admission.origins)

    def allowing(self, origin: bytes) -> Headers:
        """Return the headers by which a browser shows an answer to a page of `origin`; none for one of strangers."""
        try:
            return allowing(origin) if origin in self._identity.admission.origins else []
        except ServiceUnavailable:
            return []

    def _found(self, passage: Passage) -> Route:
        if passage.route is None:
            check_target(passage.raw_path, passage.query)
            passage.route = self._routes.find(passage.path, passage.method)
        return passage.route
