"""The edge as an ASGI middleware around the rest of the gateway."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.documentation import Documentation
from gateway.edge.documents import Documents
from gateway.edge.proxy import Proxy

_API = "/api/"


class Edge:
    """Sends `/api/…` to the services, answers for the documentation, and lets everything else in.

    It may be a middleware of the gateway's FastAPI application, or stand around that application: then it measures
    and marks the requests it carries itself, and they cost a third less.

    Args:
        app: the rest of the gateway.
        proxy: carries requests to the services.
        inward: services of the gateway's own, whose `/api/<name>/` goes inwards.
    """

    def __init__(self, app: ASGIApp, *, proxy: Proxy, inward: tuple[str, ...] = ("gateway",)) -> None:
        self._app = app
        self._proxy = proxy
        self._documentation = Documentation(Documents(proxy.upstreams), proxy.public_url)
        self._inward = tuple(f"{_API}{name}/" for name in inward)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or run the lifespan of what is inside."""
        kind = scope["type"]
        if kind == "http":
            path: str = scope["path"]
            if path.startswith(_API) and not path.startswith(self._inward):
                await self._proxy(scope, receive, send)
            elif Documentation.answers(path):
                scope.setdefault("app", self._app)  # where the gateway's own part of the document comes from
                await self._documentation(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        elif kind == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._proxy.close()
