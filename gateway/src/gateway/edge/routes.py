"""Routes as data: which operations pass the public door, what each asks of who comes, and how one is found.

The rows stand in `gateway.edge.table`. What is not listed there does not pass.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, Final

from gateway.edge.connection import Headers
from gateway.edge.failures import MethodNotForwarded, UnknownService
from gateway.edge.rates import KINDS
from onestop_legal.working_days import SHANGHAI
from onestop_runtime.problems import NotFound

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
JSON_BYTES: Final = 1024 * 1024
"""Largest JSON body; services take no more either."""
_PREFIX_SEGMENTS: Final = 4  # "", "api", service, version


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the public door.

    Attributes:
        service: short name of the service that carries it out.
        method: in capitals; GET stands for HEAD too.
        path: the public address; `{name}` stands for one segment.
        scope: what a person must have let a client do that is not our own; None when nobody has to be signed in.
        level: how surely somebody has to be known who is signed in (`acr`, 0 to 3).
        rate: kind of the rates that it is held to (see `gateway.edge.rates`).
        body_bytes: largest request body.
        seconds: from the end of the request to the head of the answer.
        deprecated: since when it should no longer be used (RFC 9745).
        sunset: from when on it may be gone (RFC 8594).
        ending: the headers that tell of both.
    """

    service: str
    method: str
    path: str
    scope: str | None
    level: int = 0
    rate: str = "read"
    body_bytes: int = JSON_BYTES
    seconds: float = 30.0
    deprecated: date | None = None
    sunset: date | None = None
    ending: Headers = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a row that contradicts itself."""
        if self.sunset and not self.deprecated:
            raise ValueError(f"{self.method} {self.path} ends without having been deprecated")
        if self.scope is None and self.level:
            raise ValueError(f"{self.method} {self.path} asks nobody how surely he is known")
        if self.rate not in KINDS:
            raise ValueError(f"{self.method} {self.path} is held to no rate")
        object.__setattr__(self, "ending", _ending(self.service, self.deprecated, self.sunset))

    @property
    def public(self) -> bool:
        """Nobody has to be signed in."""
        return self.scope is None


def _ending(service: str, deprecated: date | None, sunset: date | None) -> Headers:
    if deprecated is None:
        return []
    since = int(datetime.combine(deprecated, time(), SHANGHAI).timestamp())
    headers = [
        (b"deprecation", f"@{since}".encode()),
        (b"link", f'</docs/{service}>; rel="deprecation"; type="text/html"'.encode()),
    ]
    if sunset is not None:
        until = datetime.combine(sunset, time(), SHANGHAI).astimezone(UTC)
        headers.append((b"sunset", format_datetime(until, usegmt=True).encode()))
    return headers


class ServiceRoutes:
    """Writes the rows of one service: `intake.get("/cases")` is the row of `GET /api/intake/v1/cases`.

    Unless a row says otherwise, it asks for the scope `<service>:read` and is held to the rates of reading when its
    method is safe, else for `<service>:write` and to those of writing.
    """

    def __init__(self, service: str, version: str = "v1") -> None:
        self._service = service
        self._prefix = f"/api/{service}/{version}"

    def get(self, path: str, **terms: Any) -> Route:
        """Return the row of an operation that reads."""
        return self.row("GET", path, **terms)

    def post(self, path: str, **terms: Any) -> Route:
        """Return the row of an operation that does something."""
        return self.row("POST", path, **terms)

    def put(self, path: str, **terms: Any) -> Route:
        """Return the row of an operation that puts something in the place of what was there."""
        return self.row("PUT", path, **terms)

    def patch(self, path: str, **terms: Any) -> Route:
        """Return the row of an operation that changes a part."""
        return self.row("PATCH", path, **terms)

    def delete(self, path: str, **terms: Any) -> Route:
        """Return the row of an operation that removes something."""
        return self.row("DELETE", path, **terms)

    def row(self, method: str, path: str, *, public: bool = False, scope: str = "", **terms: Any) -> Route:
        """Return the row of any operation; `terms` are further attributes of `Route`."""
        kind = "read" if method in SAFE else "write"
        asked = None if public else scope or f"{self._service}:{kind}"
        return Route(self._service, method, self._prefix + path, asked, **{"rate": kind, **terms})


class _Node:
    """What may follow a beginning of addresses."""

    __slots__ = ("any", "named", "routes")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.routes: dict[str, Route] = {}


class RouteTable:
    """Finds the route of a request by one look-up a segment.

    Raises:
        ValueError: when an operation is listed twice.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._root = _Node()
        self._services = frozenset(tuple(route.path.split("/")[:_PREFIX_SEGMENTS]) for route in self._routes)
        for route in self._routes:
            self._add(route)
        _let_names_win(self._root)
        changing = [f"{route.path}/" for route in self._routes if route.method not in SAFE]
        self._versioned = frozenset(
            route.path for route in self._routes if any(path.startswith(f"{route.path}/") for path in changing)
        )
        self._plain = {(route.path, route.method): route for route in self._routes if "{" not in route.path}

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, path: str, method: str) -> Route:
        """Return the route of a request.

        Args:
            path: the path as services read it: percent-decoded, after `check_target` has let it pass.
            method: in capitals.

        Raises:
            UnknownService: when no service has this prefix.
            NotFound: when the service has no such address.
            MethodNotForwarded: when the address does not know the method.
        """
        plain = self._plain.get((path, method))
        if plain is not None:
            return plain
        known = self._at(path)
        found = known.get(method)
        if found is None:
            raise MethodNotForwarded(allowed=known)
        return found

    def methods(self, path: str) -> list[str]:
        """Return the methods that an address knows; raises `UnknownService`, `NotFound`."""
        return sorted(self._at(path))

    def is_versioned(self, route: Route) -> bool:
        """Tell whether what is at an address can be changed there or below: then its ETag is what a change names."""
        return route.path in self._versioned

    def _at(self, path: str) -> dict[str, Route]:
        """Return the routes at an address, by their methods."""
        node = self._root
        for segment in path.split("/"):
            following = node.named.get(segment) or (node.any if segment else None)
            if following is None:
                raise self._nothing_at(path)
            node = following
        if not node.routes:
            raise self._nothing_at(path)
        return node.routes

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.path.split("/"):
            if segment.startswith("{"):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.named.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is listed twice")
        node.routes[route.method] = route
        if route.method == "GET":
            node.routes["HEAD"] = route

    def _nothing_at(self, path: str) -> UnknownService | NotFound:
        prefix = tuple(path.split("/", _PREFIX_SEGMENTS)[:_PREFIX_SEGMENTS])
        if prefix in self._services:
            return NotFound("这项服务没有这个接口，可用的接口见 /docs。")
        shown = "/".join(prefix)[:80]
        return UnknownService(f"没有以“{shown}”开头的服务，可用的接口见 /docs。")


def _let_names_win(node: _Node) -> None:
    """Let what follows any segment also follow the named ones, so that a look-up never has to turn back."""
    for child in node.named.values():
        if node.any is not None:
            _graft(child, node.any)
        _let_names_win(child)
    if node.any is not None:
        _let_names_win(node.any)


def _graft(target: _Node, source: _Node) -> None:
    """Add to `target` what `source` has and `target` has not."""
    for method, route in source.routes.items():
        target.routes.setdefault(method, route)
    for name, child in source.named.items():
        _graft(target.named.setdefault(name, _Node()), child)
    if source.any is not None:
        target.any = target.any or _Node()
        _graft(target.any, source.any)
