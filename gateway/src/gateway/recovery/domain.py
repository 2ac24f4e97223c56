"""A recovery 找回账号: who asks proves phone and identity, and waits, so that its owner can say no."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

COOLING_OFF: Final = timedelta(hours=24)
"""How long the owner has to say no, unless a second factor or a clerk vouches for who asks."""
OPEN_FOR: Final = timedelta(days=7)
"""A recovery that was not carried through by then is over."""


class RecoveryNotRipe(NamedError):
    """The owner may still say no."""

    slug = "recovery-not-ripe"
    title = "还未到可以设置新密码的时间"
    status = 409


class RecoveryGone(NamedError):
    """There is no such recovery: cancelled, carried through, or over."""

    slug = "recovery-gone"
    title = "没有正在进行的找回，可能已取消或已完成"
    status = 404


@dataclass(frozen=True, slots=True)
class Recovery:
    """Somebody asks for a new password.

    Attributes:
        ripe_at: from when on it may be set.
        drops_factors: whether the second factors, lost too, go with the old password; only a clerk allows that.
    """

    id: UUID
    person_id: UUID
    asked_at: datetime
    ripe_at: datetime
    drops_factors: bool = False

    def require_ripe(self, now: datetime) -> None:
        """Do nothing when the new password may be set; raises `RecoveryNotRipe`."""
        if now < self.ripe_at:
            raise RecoveryNotRipe
