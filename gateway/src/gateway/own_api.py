"""Our own `/api/gateway/…` is called like any service's: with an assertion that only we can have made."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.edge.answers import headers_of
from gateway.edge.connection import Headers
from gateway.edge.entry import Entrance, Passage
from gateway.edge.records import FAILURES
from gateway.late_identity import LateIdentity
from gateway.tokens.identities import Credentials
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

    def __init__(self, app: ASGIApp, *, entrance: Entrance, identity: LateIdentity) -> None:
        self._app = app
        self._entrance = entrance
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [header for header in scope["headers"] if header[0] != _HEADER]
        if not scope["path"].startswith(_PREFIX):
            await self._app({**scope, "headers": headers}, receive, send)
            return
        address = scope["client"][0] if scope["client"] else ""
        given = Credentials.of(headers)
        passage = Passage(scope["method"], scope["path"], scope["raw_path"], scope["query_string"], given, address)
        origin = next((value for name, value in headers if name == b"origin"), None)
        if origin is not None:
            send = _adding(send, self._entrance.allowing(origin))
        try:
            if passage.method == "OPTIONS" and origin is not None:
                asked = self._entrance.preflight(passage, origin)
                await Response(status_code=204)(scope, receive, _adding(send, asked))
                return
            await self._entrance.enter(passage)
        except NamedError as error:
            FAILURES.labels("gateway", error.slug).inc()
            await problem_response(error, headers_of(error))(scope, receive, send)
            return
        if passage.principal is not None:
            assertion = self._identity.assertion_for(passage.principal, AUDIENCE)
            headers.append((_HEADER, assertion.encode()))
        inside = {**scope, "headers": headers, PRINCIPAL: passage.principal}
        await self._app(inside, receive, _adding(send, _told_of(passage)))


def principal_of(request: Request) -> Principal:
    """Return who stands behind a request to our own API, with token or session; raises `NotSignedIn`."""
    principal = request.scope.get(PRINCIPAL)
    if not isinstance(principal, Principal):
        raise NotSignedIn
    return principal


def _told_of(passage: Passage) -> Headers:
    """Return the headers that an answer has because of its route and of who asked."""
    ending = passage.route.ending if passage.route else []
    if passage.allowance is None:
        return ending
    policy, left = passage.allowance
    return [(b"ratelimit-policy", policy), (b"ratelimit", left), *ending]


def _adding(send: Send, headers: Headers) -> Send:
    """Return `send`, with `headers` added to the answer."""

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_with
