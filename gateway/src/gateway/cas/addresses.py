"""Service addresses: which ones a person may be handed over to, with a ticket in the address.

An address that two programs read differently lets a ticket go astray. So an address with anything in it that is not
plain counts as none, before it is compared with what is registered.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

LONGEST = 1000
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*))?"
)
_TRICK = re.compile(r"//|%(?![0-9A-Fa-f]{2})|%(?:2e|2f|5c|0[0-9a-f]|1[0-9a-f]|7f)|/\.{1,2}(?:/|$)", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_BELOW = "/*"


@dataclass(frozen=True, slots=True)
class Address:
    """A service address, read.

    Attributes:
        origin: scheme, host in lower case, and port.
        path: beginning with a slash.
        query: without its question mark; None when there is none.
    """

    origin: tuple[str, str, int]
    path: str
    query: str | None


def read_address(text: str) -> Address | None:
    """Return the address that `text` is; None when it is none, or one that could be read in two ways.

    A fragment, a user name, dot segments, encoded slashes and control characters are among these, and a `ticket` that
    somebody has put there already.
    """
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    path, query = found["path"] or "/", found["query"]
    if _TRICK.search(path) or ".." in found["host"]:
        return None
    if query and any(name == "ticket" for name, _ in parse_qsl(query, keep_blank_values=True)):
        return None
    scheme = found["scheme"]
    return Address((scheme, found["host"].lower(), int(found["port"] or _PORTS[scheme])), path, query)


def is_rule(text: str, *, local: bool) -> bool:
    """Tell whether `text` may be registered: an https address without query, or one that ends in `/*` for all below it.

    Args:
        text: the rule.
        local: on a stack of one machine plain http will do.
    """
    address = read_address(text.removesuffix("*"))
    if address is None or address.query is not None or "*" in text.removesuffix(_BELOW):
        return False
    return local or address.origin[0] == "https"


def covering(rules: Iterable[str], asked: Address) -> str | None:
    """Return the most exact of those `rules` that cover an address; None when none does. Its query is free."""
    found = [rule for rule in rules if _covers(rule, asked)]
    return max(found, key=len, default=None)


def _covers(rule: str, asked: Address) -> bool:
    address = read_address(rule.removesuffix("*"))
    if address is None or address.origin != asked.origin:
        return False
    return asked.path.startswith(address.path) if rule.endswith(_BELOW) else asked.path == address.path
