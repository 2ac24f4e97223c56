"""Where people and programs sign in elsewhere, our own provider is not there."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from onestop_runtime.problems import NotFound, problem_response

_DISCOVERY: Final = "/.well-known/openid-configuration"
_OPEN: Final = frozenset({"/livez", "/readyz", "/metrics", "/api/gateway/v1/me", "/api/gateway/v1/routes"})
"""What the gateway answers for all the same; the services, and what documents them, are the edge's own matter."""


class SignInElsewhere:
    """Answers 404 for everything of our own provider; its discovery document is at the one in its place."""

    def __init__(self, app: ASGIApp, *, issuer: str) -> None:
        self._app = app
        self._discovery = issuer.rstrip("/") + _DISCOVERY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
        elif scope["path"] == _DISCOVERY and Request(scope).method in {"GET", "HEAD"}:
            await RedirectResponse(self._discovery)(scope, receive, send)
        else:
            await problem_response(NotFound("登录由外部的身份平台办理。"))(scope, receive, send)
