"""The shortest way to a guide that is kept and fresh: its bytes, before anything else is asked.

The route in `public` documents the address and answers whatever is not at hand here, and whoever wants to see what he
has just done.
"""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from onestop_runtime.context import Context
from onestop_runtime.positions import HEADER
from svc_catalog.routes import PREFIX

_GUIDES = f"{PREFIX}/guides/"
_POSITION = HEADER.lower().encode()


@dataclass(frozen=True, slots=True)
class _Route:
    """What metrics call the answers given here."""

    path: str = f"{_GUIDES}{{code}}"


_ROUTE = _Route()


class HotGuides:
    """A pure ASGI middleware: answers GETs of fresh guides, passes everything else on."""

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        kept = None
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(_GUIDES):
            state = self._context.state
            after_own_write = any(name == _POSITION for name, _ in scope["headers"])
            kept = state.fresh(scope["path"][len(_GUIDES) :]) if state and not after_own_write else None
        if kept is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        etag = kept.etag.encode()
        known = any(name == b"if-none-match" and etag in value for name, value in scope["headers"])
        headers = [(b"etag", etag), (b"cache-control", b"public, max-age=1"), (b"vary", _POSITION)]
        if not known:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(kept.body))]
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else kept.body})
