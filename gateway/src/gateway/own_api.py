"""Our own `/api/gateway/…` is called like any service's: with an assertion that only we can have made."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.admission import require_admitted
from gateway.edge.answers import headers_of
from gateway.edge.routes import RouteTable
from gateway.late_identity import LateIdentity
from onestop_legal.errors import NamedError
from onestop_runtime.assertion import HEADER
from onestop_runtime.problems import problem_response

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
            try:
                route = self._routes.find(scope["path"], scope["method"])
                principal = await self._identity.resolve(headers, scope["method"], scope["raw_path"])
                require_admitted(route, principal)
            except NamedError as error:
                await problem_response(error, headers_of(error))(scope, receive, send)
                return
            if principal is not None:
                assertion = self._identity.assertion_for(principal, AUDIENCE)
                headers.append((_HEADER, assertion.encode()))
        await self._app({**scope, "headers": headers}, receive, send)
