"""A code on a screen that a phone scans, and how the two come to trust each other."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

LIFETIME: Final = timedelta(minutes=2)
METHOD: Final = "scan"
"""What `amr` calls it; RFC 8176 has no word for it."""


class ScanGone(NamedError):
    """No screen waits for this code: too old, answered already, or scanned by somebody else."""

    slug = "scan-gone"
    title = "这个二维码已过期或已使用，请在屏幕上更换后重新扫描"
    status = 410


@dataclass(frozen=True, slots=True)
class Scan:
    """A screen waits for a phone 扫码登录.

    Whoever lures somebody into scanning a code of his own has it signed in to his own screen. Therefore the number is
    shown by the screen only after a phone has opened the code, so that no picture of the code holds it; the phone has
    to repeat it, and has one try.

    Attributes:
        visit_hash: by which the browser is known that shows the code; nobody else is signed in by it.
        application: where the browser goes on to.
        device: what the browser calls itself.
        network: from where it asks, roughly.
        network_index: keyed hash of the network that its user has (see `network_at`).
        number: two digits.
        person_id: whose phone has opened the code.
        session_id: in which his phone was signed in when it approved; the approval is void when that has ended.
    """

    id: UUID
    visit_hash: bytes
    application: str
    device: str
    network: str
    network_index: bytes
    number: str
    asked_at: datetime
    expires_at: datetime
    person_id: UUID | None = None
    session_id: UUID | None = None
    approved_at: datetime | None = None
    refused_at: datetime | None = None
    used_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Tell whether a phone may still answer."""
        return now < self.expires_at and self.approved_at is None and self.refused_at is None

    def opened(self, person_id: UUID, now: datetime) -> "Scan":
        """Return the scan as opened by somebody's phone, as often as he likes; raises `ScanGone`."""
        if not self.waits(now) or self.person_id not in {None, person_id}:
            raise ScanGone
        return replace(self, person_id=person_id)

    def answered(self, person_id: UUID, session_id: UUID, number: str, now: datetime) -> "Scan":
        """Return the scan as approved, or refused when the number is not the screen's.

        Raises:
            ScanGone: when somebody else has opened it, nobody has, or it waits no more.
        """
        if not hmac.compare_digest(number.encode(), self.number.encode()):
            return self.refused(person_id, now)
        self._require_opened_by(person_id, now)
        return replace(self, session_id=session_id, approved_at=now)

    def refused(self, person_id: UUID, now: datetime) -> "Scan":
        """Return the scan as refused by who has opened it; raises `ScanGone`."""
        self._require_opened_by(person_id, now)
        return replace(self, refused_at=now)

    def used(self, now: datetime) -> "Scan":
        """Return the scan as used by the screen to sign its person in; raises `ScanGone`."""
        if self.approved_at is None or self.used_at is not None or now >= self.expires_at:
            raise ScanGone
        return replace(self, used_at=now)

    def _require_opened_by(self, person_id: UUID, now: datetime) -> None:
        if not self.waits(now) or self.person_id != person_id:
            raise ScanGone
