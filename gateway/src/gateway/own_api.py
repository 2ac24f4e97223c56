"""Our own `/api/gateway/…` is called like any service's: with an assertion that only we can have made."""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.answers import headers_of, telling
from gateway.edge.connection import Headers
from gateway.edge.records import FAILURES
from gateway.edge.routes import RouteTable
from gateway.late_identity import LateIdentity
from gateway.tokens.principal import Principal
from onestop_legal.errors import NamedError
from onestop_runtime.assertion import HEADER
from onestop_runtime.problems import NotSignedIn, problem_response

PRINCIPAL: Final = "onestop.principal"
AUDIENCE: Final = "svc-gateway"
_PREFIX: Final = "/api/gateway/"
_HEADER: Final = HEADER.encode()


class OwnApi:
    """Takes the assertion header from every request; admits callers to our own API and states them to it."""

    def __init__(self, app: ASGIApp, *, routes: RouteTable, identity: LateIdentity) -> None:
        self._app = app
        self._routes = routes
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [header for header in scope["headers"] if header[0] != _HEADER]
        if scope["path"].startswith(_PREFIX):
            address = scope["client"][0] if scope["client"] else ""
            try:
                principal, allowance = await self._enter(scope, headers, address)
            except NamedError as error:
                FAILURES.labels("gateway", error.slug).inc()
                await problem_response(error, headers_of(error))(scope, receive, send)
                return
            if principal is not None:
                assertion = self._identity.assertion_for(principal, AUDIENCE)
                headers.append((_HEADER, assertion.encode()))
            send = telling(send, allowance)
            scope = {**scope, PRINCIPAL: principal}
        await self._app({**scope, "headers": headers}, receive, send)

    async def _enter(self, scope: Scope, headers: Headers, address: str) -> tuple[Principal | None, Headers]:
        """Return who sends a request, and the headers that say what is left to him; raises what it is refused by."""
        admission = self._identity.admission
        try:
            route = self._routes.find(scope["path"], scope["method"])
            principal = await self._identity.resolve(headers, scope["method"], scope["raw_path"])
            return principal, await admission.admit(route, principal, address)
        except NamedError as refusal:
            admission.stray(address, refusal)
            raise


def principal_of(request: Request) -> Principal:
    """Return who stands behind a request to our own API, with token or session; raises `NotSignedIn`."""
    principal = request.scope.get(PRINCIPAL)
    if not isinstance(principal, Principal):
        raise NotSignedIn
    return principal
