"""Calls to addresses that others have registered with us: the keys of a client, news for it.

Whoever registers an address must not have us call what only we can reach (SSRF). So the address that a name stands for
is looked at when the connection is made, not before: a name cannot mean something else a moment later. Nothing is
followed, nothing is read beyond its limit, nothing is waited for longer than a few seconds. Never called within a
transaction.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

import httpcore

from onestop_runtime.codec import loads

Network: TypeAlias = IPv4Network | IPv6Network
_SECONDS: Final = 5.0
_LONGEST: Final = 64 * 1024
_CONNECTIONS: Final = 20
_UNICAST: Final = IPv6Network("2000::/3")
"""What of IPv6 is given out (RFC 4291, 2.4); beside it are addresses that stand for an IPv4 address, or for a site."""


class CallFailed(Exception):
    """The call was not made or not answered as it should be; says why, and nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes


class Outbound:
    """Calls addresses of others.

    Args:
        local: everything on this machine may be called, and without TLS.
        networks: networks that are not public and may be called all the same.
    """

    def __init__(self, *, local: bool, networks: Sequence[Network] = ()) -> None:
        self._local = local
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=0,
            ssl_context=ssl.create_default_context(),
            network_backend=_Guard(None if local else tuple(networks)),
        )

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Return what `url` answers within 5 seconds and 64 KiB, whatever its status.

        Raises:
            CallFailed: when it may not be called, cannot be reached, or answers too late or too much.
        """
        if not self._local and not url.startswith("https://"):
            raise CallFailed("the address is not https")
        sent = {"Accept-Encoding": "identity", "User-Agent": "onestop-gateway", **(headers or {})}
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._pool.stream(method, url, headers=list(sent.items()), content=content) as response,
            ):
                return Answer(response.status, await _bounded(response))
        except TimeoutError as error:
            raise CallFailed("no answer in time") from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
            ValueError,
        ) as error:
            raise CallFailed(f"not reached: {type(error).__name__}") from error

    async def document(self, url: str) -> Any:
        """Return the JSON document at `url`.

        Raises:
            CallFailed: as `call` does, and when there is no such document.
        """
        answer = await self.call("GET", url, headers={"Accept": "application/json"})
        if answer.status != HTTPStatus.OK:
            raise CallFailed(f"status {answer.status}")
        try:
            return loads(answer.body)
        except ValueError as error:
            raise CallFailed("no JSON") from error

    async def aclose(self) -> None:
        """End the connections."""
        await self._pool.aclose()


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses and those in `networks` only; to every address when that is None."""

    def __init__(self, networks: tuple[Network, ...] | None) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host` that may be called and can be reached."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = httpcore.ConnectError("the address is not public")
        for address in dict.fromkeys(str(it[4][0]) for it in found):
            if not self._permits(address):
                continue
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)

    def _permits(self, written: str) -> bool:
        if self._networks is None:
            return True
        address = ip_address(written)
        address = getattr(address, "ipv4_mapped", None) or address
        return _is_public(address) or any(address in network for network in self._networks)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast


async def _bounded(response: httpcore.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > _LONGEST:
            raise CallFailed("the answer is too large")
    return bytes(body)
