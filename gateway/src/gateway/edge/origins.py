"""From which pages of others the API may be called: the origins that registered clients have.

A page of another origin is let in by CORS when an active web client is registered to be answered there. It brings a
token of its own; our cookies never count for it, so credentials are not allowed.
"""

from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from gateway.clients.tables import client
from gateway.edge.connection import Headers
from gateway.edge.failures import OriginNotAllowed
from gateway.edge.routes import RouteTable
from onestop_runtime.sql import Connection, compiled

_REDIRECTS: Final = compiled(
    sa.select(sa.func.unnest(client.c.redirect_uris).label("uri"))
    .where(client.c.state == "active", client.c.application_type == "web")
    .distinct()
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_TAKEN: Final = (
    b"Accept-Language, Authorization, Content-Type, DPoP, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, "
    b"If-Range, Position-Token, Prefer, Range, Traceparent, Tracestate, X-Request-Id"
)
_SHOWN: Final = (
    b"Content-Disposition, Content-Range, Deprecation, DPoP-Nonce, ETag, Link, Location, Position-State, "
    b"Position-Token, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Sunset, Traceparent, "
    b"WWW-Authenticate, X-Request-Id"
)
_KEPT_SECONDS: Final = b"600"


class Origins:
    """The origins of the clients that are let in, in the memory of every process."""

    def __init__(self) -> None:
        self._known: frozenset[bytes] = frozenset()

    def __contains__(self, origin: object) -> bool:
        """Tell whether pages of this origin may call."""
        return origin in self._known

    async def look(self, connection: Connection) -> None:
        """Take over what the registry says now."""
        rows = await _REDIRECTS.fetch(connection)
        self._known = frozenset(origin for row in rows if (origin := origin_of(row["uri"])))


def origin_of(uri: str) -> bytes | None:
    """Return the origin of an address as browsers write it; None when it is no address of the web."""
    parts = urlsplit(uri)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}".encode()


def allowing(origin: bytes) -> Headers:
    """Return the headers by which a browser shows an answer to a page of `origin`."""
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _SHOWN)]


def preflight(routes: RouteTable, path: str, origin: bytes, origins: Origins) -> Headers:
    """Return what a browser is told that asks before it calls `path` for a page of `origin`, beside `allowing`.

    Raises:
        OriginNotAllowed: when no registered client has pages there.
        UnknownService, NotFound: when nothing is at this address.
    """
    methods = routes.methods(path)
    if origin not in origins:
        raise OriginNotAllowed
    return [
        (b"access-control-allow-methods", ", ".join(methods).encode()),
        (b"access-control-allow-headers", _TAKEN),
        (b"access-control-max-age", _KEPT_SECONDS),
    ]
