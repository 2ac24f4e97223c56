"""An upstream: its address, its limits, and the connections kept open to it."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.edge.breaker import Breaker
from gateway.edge.connection import Connection
from gateway.edge.deadlines import Deadlines
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
        authority: host and port, as a request names them.
        breaker: its circuit breaker.
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
        self.breaker = Breaker(time.monotonic)
        self._idle: dict[Connection, None] = {}  # insertion order: the last one used is taken first
        self._deadlines = Deadlines()

    @property
    def left_alone(self) -> bool:
        """The breaker is open."""
        return self.breaker.is_open

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

    def kept(self) -> Connection | None:
        """Return a connection that was kept open, if there is one."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.usable:
                return connection
        return None

    async def connect(self) -> Connection:
        """Return a new connection.

        Raises:
            UpstreamUnreachable: when none can be made in time.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                _, made = await loop.create_connection(self._new, self._host, self._port, ssl=self._tls)
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors too
            raise UpstreamUnreachable(retry_after=1) from error
        return made

    def close(self) -> None:
        """End every unused connection."""
        while self._idle:
            connection = next(iter(self._idle))
            self._forget(connection)
            connection.abort()

    def _new(self) -> Connection:
        connection = Connection(self._keep, self._forget)
        connection.deadline = connection.loop.time() + self.limits.keep_seconds  # nobody may come to use it
        self._deadlines.add(connection)
        return connection

    def _keep(self, connection: Connection) -> None:
        connection.deadline = connection.loop.time() + self.limits.keep_seconds
        self._idle[connection] = None
        if len(self._idle) > self.limits.kept:
            oldest = next(iter(self._idle))
            self._forget(oldest)
            oldest.abort()

    def _forget(self, connection: Connection) -> None:
        self._idle.pop(connection, None)
        self._deadlines.discard(connection)


def upstreams_of(addresses: Mapping[str, str]) -> dict[str, Upstream]:
    """Return the upstreams at these addresses: `{"intake": "http://127.0.0.1:9002"}`."""
    return {name: Upstream(name, url) for name, url in addresses.items()}
