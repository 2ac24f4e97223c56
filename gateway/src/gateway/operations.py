"""What the process measures is shown to those who operate it: the gateway is the only public door."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.trusted_proxies import TrustedNetworks
from onestop_runtime.problems import NotFound, problem_response

_PATH: Final = "/metrics"


class Operations:
    """Hides the metrics from whoever does not come from one of these networks, seen through our proxies.

    Args:
        app: the gateway.
        networks: of those who operate it.
    """

    def __init__(self, app: ASGIApp, *, networks: TrustedNetworks) -> None:
        self._app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        hidden = scope["type"] == "http" and scope["path"] == _PATH
        if hidden and not self._networks.hold(scope["client"][0] if scope["client"] else ""):
            await problem_response(NotFound())(scope, receive, send)
        else:
            await self._app(scope, receive, send)
