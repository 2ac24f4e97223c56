"""What a proxy before us says of a request: where it comes from, and by which address it reached us.

Only a peer in one of the networks of the settings is believed. From everybody else these headers are taken out, so that
whoever stands further inside (limits, throttling, the services) reads one truth: `scope["client"]`, `scope["scheme"]`
and `host`; and the certificate of a client only where a proxy has seen that the client holds its key.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.certificates import HEADER

Headers: TypeAlias = list[tuple[bytes, bytes]]
Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address
FORWARDED_FOR: Final = b"x-forwarded-for"
_PROTO: Final = b"x-forwarded-proto"
_HOST: Final = b"x-forwarded-host"
_SAID: Final = frozenset({FORWARDED_FOR, _PROTO, _HOST})
_SCHEMES: Final = {b"http": "http", b"https": "https"}
_AUTHORITY: Final = re.compile(rb"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_WITH_PORT: Final = re.compile(r"(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9A-Fa-f:.]+)\])(?::\d{1,5})?")


class TrustedNetworks:
    """Where the proxies are that we believe.

    Args:
        networks: of their addresses.
        certificate: name of the header in which they pass on the certificate of a client; empty for none.
    """

    def __init__(self, networks: Sequence[Network], certificate: str = "") -> None:
        self._networks = tuple(networks)
        self._certificate = certificate.encode()
        self.hold = lru_cache(maxsize=1024)(self._hold)

    def origin(self, peer: str, passed: list[bytes]) -> str:
        """Return the last address that no proxy of ours has; what stands before it anybody may have written.

        Args:
            peer: who is connected with us.
            passed: what `X-Forwarded-For` says, in order.
        """
        origin = peer
        for written in reversed(passed):
            address = _address(written.decode("latin-1")) if self.hold(origin) else None
            if address is None:
                break
            origin = str(address)
        return origin

    def with_certificate(self, peer: str, headers: Headers) -> Headers:
        """Return headers in which the certificate of a client has the name that we read it by, and nothing else has.

        Args:
            peer: who is connected with us.
            headers: as they came.
        """
        if not self._certificate:
            return headers
        kept = [pair for pair in headers if pair[0] not in {HEADER, self._certificate}]
        shown = [value for name, value in headers if name == self._certificate]
        if len(shown) == 1 and self.hold(peer):
            kept.append((HEADER, shown[0]))
        return kept

    def _hold(self, peer: str) -> bool:
        """Tell whether a proxy of ours is at this address."""
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)


class TrustedProxies:
    """The outermost middleware of a gateway behind proxies.

    Args:
        app: the gateway.
        networks: where these proxies are.
    """

    def __init__(self, app: ASGIApp, *, networks: TrustedNetworks) -> None:
        self._app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request as it was before the proxies."""
        if scope["type"] == "http":
            scope = self._seen_through(scope)
        await self._app(scope, receive, send)

    def _seen_through(self, scope: Scope) -> Scope:
        said: dict[bytes, list[bytes]] = {}
        kept = []
        peer = scope["client"]
        for name, value in self._networks.with_certificate(peer[0] if peer else "", scope["headers"]):
            if name in _SAID:
                said.setdefault(name, []).extend(part.strip() for part in value.split(b","))
            else:
                kept.append((name, value))
        seen = {**scope, "headers": kept}
        if not said or peer is None or not self._networks.hold(peer[0]):
            return seen
        if FORWARDED_FOR in said:
            seen["client"] = (self._networks.origin(peer[0], said[FORWARDED_FOR]), 0)
        if scheme := _SCHEMES.get(said.get(_PROTO, [b""])[-1]):
            seen["scheme"] = scheme
        if _AUTHORITY.fullmatch(host := said.get(_HOST, [b""])[-1]):
            seen["headers"] = [(name, value) for name, value in kept if name != b"host"] + [(b"host", host)]
        return seen


def _address(written: str) -> Address | None:
    """Return the address that is meant, with or without port; one that maps IPv4 into IPv6 is the IPv4 address."""
    form = _WITH_PORT.fullmatch(written)
    try:
        address = ip_address((form[1] or form[2]) if form else written)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
