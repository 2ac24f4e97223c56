"""An upstream: its address, its limits, and the connections kept open to it."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.edge.breaker import Breaker
from gateway.edge.connection import Connection
from gateway.edge.failures import UpstreamOverloaded, UpstreamUnreachable

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much an upstream is given, whatever is asked of it; a route says the rest.

    Attributes:
        connect_seconds: until a connection stands.
        idle_seconds: between two parts of a body, in either direction, on either side.
        keep_seconds: an unused connection stays open this long; less than the services keep it (75 s), so
            that the two do not change their mind at the same moment.
        concurrent: requests under way at once; more are refused.
        kept: unused connections kept open at most.
    """

    connect_seconds: float = 3.0
    idle_seconds: float = 60.0
    keep_seconds: float = 60.0
    concurrent: int = 512
    kept: int = 128


class Upstream:
    """A service's address with its bulkhead, its breaker and its pool; every operation of the pool is O(1).

    Attributes:
        name: short name of the service.
        audience: who may read the internal assertions for it.
        under_way: requests that are there at this moment.
    """

    def __init__(self, name: str, url: str, limits: Limits | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"not the address of an upstream: {url}")
        self.name = name
        self.audience = f"svc-{name}"
        self.limits = limits or Limits()
        self.authority = parts.netloc.encode()
        self.under_way = 0
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._breaker: Breaker | None = None
        self._idle: dict[Connection, None] = {}  # insertion order: the last one used is taken first

    @property
    def breaker(self) -> Breaker:
        """Its circuit breaker, on the clock of the running loop."""
        if self._breaker is None:
            self._breaker = Breaker(asyncio.get_running_loop().time)
        return self._breaker

    @property
    def left_alone(self) -> bool:
        """The breaker is open."""
        return self._breaker is not None and self._breaker.is_open

    def enter(self) -> None:
        """Count a request in; `leave` must follow.

        Raises:
            UpstreamOverloaded: when as many as allowed are under way.
            UpstreamUnavailable: while the breaker is open.
        """
        if self.under_way >= self.limits.concurrent:
            raise UpstreamOverloaded(retry_after=1)
        self.breaker.permit()
        self.under_way += 1

    def leave(self) -> None:
        """Count a request out."""
        self.under_way -= 1

    async def connection(self, *, fresh: bool = False) -> Connection:
        """Return a connection without an exchange: a kept one, or a new one.

        Raises:
            UpstreamUnreachable: when no connection can be made in time.
        """
        if not fresh:
            while self._idle:
                kept, _ = self._idle.popitem()
                if kept.usable:
                    return kept
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                _, made = await loop.create_connection(
                    lambda: Connection(self._forget), self._host, self._port, ssl=self._tls
                )
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors too
            raise UpstreamUnreachable(retry_after=1) from error
        return made

    def give_back(self, connection: Connection) -> None:
        """Keep `connection` for a next request if it is clean, else end it."""
        if not connection.reusable:
            connection.abort()
            return
        connection.rest(self.limits.keep_seconds)
        self._idle[connection] = None
        if len(self._idle) > self.limits.kept:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            oldest.abort()

    def close(self) -> None:
        """End every unused connection."""
        while self._idle:
            self._idle.popitem()[0].abort()

    def _forget(self, connection: Connection) -> None:
        self._idle.pop(connection, None)


def upstreams_of(addresses: Mapping[str, str]) -> dict[str, Upstream]:
    """Return the upstreams at these addresses: `{"intake": "http://127.0.0.1:9002"}`."""
    return {name: Upstream(name, url) for name, url in addresses.items()}
