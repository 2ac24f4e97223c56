"""Routes as data: which addresses lead to which upstream, and which addresses lead nowhere."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.edge.failures import UnknownService, UnsafePath
from gateway.edge.upstream import Limits, Upstream

_API = b"api"
_SEGMENTS = 5  # "", "api", service, version, rest

# What two readers of one address may understand differently: dot segments and empty segments, plain or
# encoded; encoded slashes, dots, percent signs and semicolons; path parameters; backslashes; control characters;
# raw bytes beyond ASCII; broken percent-encoding.
_UNSAFE_PATH = re.compile(
    rb"//|/\.{1,2}(?:/|\Z)|[;\\\x00-\x20\x7f-\xff]|%(?![0-9A-Fa-f]{2})"
    rb"|%(?:2[eEfF5]|5[cC]|3[bB]|[01][0-9A-Fa-f]|7[fF])"
)
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/"
_UNSAFE_QUERY = re.compile(rb"[\x00-\x20\x7f-\xff]")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Route:
    """One prefix of the public door and what stands behind it.

    Attributes:
        service: short name, second segment of the address.
        version: third segment, for example `v1`.
        audience: who may read the internal assertion.
        upstream: where requests go.
    """

    service: str
    version: str
    audience: str
    upstream: Upstream

    @property
    def path(self) -> str:
        """The public address below which the route answers, as measures name it."""
        return f"/api/{self.service}/{self.version}/"


class RouteTable:
    """Finds the route of an address in one look-up."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {(route.service.encode(), route.version.encode()): route for route in routes}

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def find(self, raw_path: bytes) -> Route:
        """Return the route of `raw_path`, the path as the client wrote it, without query.

        Raises:
            UnknownService: when no route has this prefix.
        """
        segments = raw_path.split(b"/", _SEGMENTS - 1)
        if len(segments) == _SEGMENTS and segments[1] == _API:
            route = self._routes.get((segments[2], segments[3]))
            if route is not None:
                return route
        raise UnknownService(f"没有以“{_shown(raw_path)}”开头的服务，可用的接口见 /docs。")


def check_target(raw_path: bytes, query: bytes) -> None:
    """Refuse an address that the upstream might read differently from us.

    Raises:
        UnsafePath: when it has dot segments, encoded separators, path parameters, control characters …
    """
    plain = b"//" not in raw_path and not raw_path.translate(None, _PLAIN)  # most are, and it is quickly seen
    if not plain and _UNSAFE_PATH.search(raw_path):
        raise UnsafePath("请求地址不能含有“..”“//”“;”“\\”、控制字符或经编码的分隔符。")
    if b"%" in raw_path:
        try:
            _ENCODED.sub(lambda pair: bytes((int(pair[1], 16),)), raw_path).decode()
        except UnicodeDecodeError:
            raise UnsafePath("请求地址中的编码不是有效的 UTF-8。") from None
    if query and _UNSAFE_QUERY.search(query):
        raise UnsafePath("查询参数须经百分号编码。")


def routes_of(upstreams: Mapping[str, str], limits: Mapping[str, Limits] | None = None) -> RouteTable:
    """Return the routes of version 1 of each service.

    Args:
        upstreams: address of each service by its short name: `{"intake": "http://127.0.0.1:9002"}`.
        limits: limits of the services that need other ones than the default.
    """
    own = limits or {}
    return RouteTable(
        Route(name, "v1", f"svc-{name}", Upstream(name, url, own.get(name))) for name, url in upstreams.items()
    )


def _shown(raw_path: bytes) -> str:
    """Return as much of an unknown address as tells the reader which prefix was not found."""
    return "/".join(raw_path.decode("ascii", "replace").split("/")[:4])[:80]
