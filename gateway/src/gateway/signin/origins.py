"""From where somebody asks, told so that another person recognises it and no more: his browser, roughly his network."""

from typing import Final

from gateway.network import network_at
from onestop_runtime.fields import FieldCipher

_BROWSERS: Final = (
    ("MicroMessenger/", "微信"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_LONGEST: Final = 200
_OCTETS: Final = 4


def device_of(user_agent: str) -> str:
    """Return what a browser says it is, as people name it: `Chrome · Windows`; else its own words, cut."""
    named = [next((name for mark, name in marks if mark in user_agent), None) for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, named)) if named[0] else user_agent[:_LONGEST]


def network_of(address: str) -> str:
    """Return a network address so far that it tells the place and not the household: `203.0.*.*`, `2001:db8:*`."""
    if ":" in address:
        return ":".join([*address.split(":")[:2], "*"])
    if address.count(".") == _OCTETS - 1:
        return ".".join([*address.split(".")[:2], "*", "*"])
    return "—"


def network_index(cipher: FieldCipher, address: str) -> bytes:
    """Return by what two requests are known to come from one household or office."""
    return cipher.blind_index("network", network_at(address))
