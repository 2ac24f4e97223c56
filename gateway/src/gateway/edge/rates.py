"""How often who may send requests: rates as data.

A rate lets so many requests through at once and refills evenly, so that there is no moment at which everybody begins
anew (the generic cell rate algorithm, a sliding bucket). Every request is held to the rate of its address; one in
somebody's name also to that person's, so that nobody uses up what his client is given; one of a client also to the
client's.
"""

from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType
from typing import Final

from onestop_legal.errors import NamedError

_ROUNDING: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests, refilled evenly within so many seconds.

    Attributes:
        name: how it is called in `RateLimit-Policy`.
        requests: how many may come at once.
        seconds: until all of them may come again.
        period: seconds in which one is refilled.
        most: seconds that may be owed, and a hundredth of a period for rounding.
        policy: the rate as an item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
    """

    name: str
    requests: int
    seconds: int = 60
    period: float = field(init=False)
    most: float = field(init=False)
    policy: bytes = field(init=False)
    _label: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compute what every request needs; refuse a rate that lets nothing through."""
        if self.requests < 1 or self.seconds < 1:
            raise ValueError(f"{self.name} lets nothing through")
        object.__setattr__(self, "period", self.seconds / self.requests)
        object.__setattr__(self, "most", self.seconds + self.period / 100)
        object.__setattr__(self, "_label", self.name.encode())
        object.__setattr__(self, "policy", b'"%b";q=%d;w=%d' % (self._label, self.requests, self.seconds))

    def left(self, owed: float) -> bytes:
        """Return what is left as an item of `RateLimit`; `owed` seconds are still to be refilled."""
        requests = (self.seconds - owed) / self.period + _ROUNDING
        return b'"%b";r=%d;t=%d' % (self._label, requests, ceil(owed))


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of routes of one kind, for each of those that a request is held to."""

    person: Rate
    client: Rate
    address: Rate


class TooManyRequests(NamedError):
    """More requests came than the rate lets through; nothing was done.

    Attributes:
        limit: name of the rate that is exhausted.
        policy: that rate, as an item of `RateLimit-Policy`.
        left: what is left of it, as an item of `RateLimit`.
    """

    slug = "too-many-requests"
    title = "请求过于频繁，请稍后再试"
    status = 429

    def __init__(self, rate: Rate | None = None, owed: float = 0.0) -> None:
        wait = max(1, ceil(owed + rate.period - rate.seconds)) if rate else 1
        super().__init__(f"请在 {wait} 秒后再试。", retry_after=wait)
        self.limit = rate.name if rate else ""
        self.policy = rate.policy if rate else b""
        self.left = rate.left(owed) if rate else b""


_MINUTELY: Final = {
    "read": (600, 60_000, 6_000),
    "search": (120, 12_000, 1_200),
    "write": (120, 12_000, 1_200),
    "upload": (60, 6_000, 600),
    "exchange": (600, 6_000, 6_000),
    "page": (6_000, 60_000, 6_000),
    "protocol": (6_000, 60_000, 12_000),
    "device": (60, 1_200, 60),
}
"""Requests a minute of a person, of a client, from an address; an address may be a whole office.

Pages and endpoints of the protocol are counted for their address, since nobody is known yet who asks; the latter allow
for a site that signs in all its visitors from one server. A device that asks to be let in is counted for its client,
too: each code that waits makes it easier to guess one.
"""


def rates(factor: float = 1.0) -> MappingProxyType[str, Rates]:
    """Return the rates by the kind of route, `factor` times what is usual."""
    whose = ("person", "client", "address")
    return MappingProxyType(
        {
            kind: Rates(
                *(
                    Rate(f"{kind}-{who}", max(1, round(requests * factor)))
                    for who, requests in zip(whose, minutely, strict=True)
                )
            )
            for kind, minutely in _MINUTELY.items()
        }
    )


KINDS: Final = frozenset(_MINUTELY)
