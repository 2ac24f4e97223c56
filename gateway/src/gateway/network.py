"""Network addresses, as far as one user of the internet has them to himself."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

_REMEMBERED: Final = 20_000


@lru_cache(maxsize=_REMEMBERED)
def network_at(address: str) -> str:
    """Return what the user of an address has at least: an IPv4 address, or the 64-bit network of an IPv6 address.

    Whoever counts by single IPv6 addresses counts nothing: each user has 2 ** 64 of them.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else address
