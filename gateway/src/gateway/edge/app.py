"""What of the edge is an ASGI middleware around the rest of the gateway: all but the requests to services."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.answers import headers_of
from gateway.edge.documentation import Documentation
from gateway.edge.documents import Documents
from gateway.edge.failures import UnknownService
from gateway.edge.proxy import Proxy
from onestop_runtime.problems import problem_response

_API: Final = "/api/"
_INWARD: Final = "/api/gateway/"


class Edge:
    """Answers for the documentation, and lets everything else in.

    Requests to the services do not come here: `gateway.edge.door` carries them. What looks like one only after its
    address was decoded leads nowhere.

    Args:
        app: the rest of the gateway.
        proxy: knows the services.
    """

    def __init__(self, app: ASGIApp, *, proxy: Proxy) -> None:
        self._app = app
        self._proxy = proxy
        self._documentation = Documentation(Documents(proxy.upstreams), proxy.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or run the lifespan of what is inside."""
        kind = scope["type"]
        if kind == "http":
            path: str = scope["path"]
            if path.startswith(_API) and not path.startswith(_INWARD):
                error = UnknownService("没有这样写的服务地址，可用的接口见 /docs。")
                await problem_response(error, headers_of(error))(scope, receive, send)
            elif Documentation.answers(path):
                await self._documentation(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._proxy.close()
