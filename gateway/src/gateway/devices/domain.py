"""What a device asks for, and how it waits for the person's answer (RFC 8628)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.signin.domain import Patience
from onestop_legal.errors import NamedError

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters of which none looks like another and that make no words (RFC 8628, 6.1)."""
LETTERS: Final = 8
"""Of a user code: 20 ** 8 make guessing hopeless within its ten minutes, at the pace that is let through."""
LIFETIME: Final = timedelta(minutes=10)
INTERVAL: Final = timedelta(seconds=5)
"""How long a device waits between two questions, and by how much longer when it does not (RFC 8628, 3.5)."""
PATIENCE: Final = Patience(free=10, longest=timedelta(minutes=1))
"""With who types user codes: right ones count, too, since he may have made them himself."""
PENDING: Final = "authorization_pending"
SLOW_DOWN: Final = "slow_down"
DENIED: Final = "access_denied"
EXPIRED: Final = "expired_token"
_GROUP: Final = 4


class UnknownUserCode(NamedError):
    """No device waits under this code: mistyped, too old, or answered already."""

    slug = "unknown-user-code"
    title = "没有设备在等待这个代码，它可能已过期或已使用"
    status = 404


@dataclass(frozen=True, slots=True)
class Approval:
    """Who lets the device in 批准.

    Attributes:
        session_id: in which he was signed in; the approval is void when it ends before the device comes.
        act: the capacity chosen: `self` or a credit code.
    """

    person_id: UUID
    session_id: UUID
    act: str


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A device waits for somebody to let it in 设备登录请求.

    Attributes:
        key: thumbprint of the key that it proved to hold when it asked, if it did.
        device: what it says it is, or where it is known to stand.
        network: from where it asks, roughly: `203.0.*.*`.
        network_index: keyed hash of the network that its user has (see `network_at`).
        interval: how long it has to wait between two questions.
        grant_id: what it got.
    """

    id: UUID
    client_id: str
    scopes: frozenset[str]
    resource: str | None
    key: str | None
    device: str
    network: str
    network_index: bytes
    asked_at: datetime
    expires_at: datetime
    interval: timedelta = INTERVAL
    polled_at: datetime | None = None
    decided_at: datetime | None = None
    approval: Approval | None = None
    grant_id: UUID | None = None

    def waits(self, now: datetime) -> bool:
        """Tell whether somebody may still decide."""
        return self.decided_at is None and now < self.expires_at

    def approved(self, approval: Approval, now: datetime) -> "DeviceRequest":
        """Return the request that somebody lets in; raises `UnknownUserCode` when it waits no more."""
        self._require_waiting(now)
        return replace(self, approval=approval, decided_at=now)

    def denied(self, now: datetime) -> "DeviceRequest":
        """Return the request that somebody refuses; raises `UnknownUserCode` when it waits no more."""
        self._require_waiting(now)
        return replace(self, decided_at=now)

    def polled(self, now: datetime) -> tuple["DeviceRequest", str | None]:
        """Return the request after its device has asked, and the error code for it; None when tokens are due."""
        if self.decided_at is not None and self.approval is None:
            return self, DENIED
        if now >= self.expires_at:
            return self, EXPIRED
        if self.approval is not None:
            return self, None
        if self.polled_at is not None and now < self.polled_at + self.interval:
            return replace(self, polled_at=now, interval=self.interval + INTERVAL), SLOW_DOWN
        return replace(self, polled_at=now), PENDING

    def _require_waiting(self, now: datetime) -> None:
        if not self.waits(now):
            raise UnknownUserCode


def shown(code: str) -> str:
    """Return a user code as people read it: `WDJB-MJHT`."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def typed(text: str) -> str:
    """Return the user code that somebody typed; case, spaces and dashes do not matter."""
    return "".join(character for character in text.upper() if character in ALPHABET)
