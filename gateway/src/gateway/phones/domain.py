"""A change of phone number 更换手机号码: the new one is proved at once, and counts once the old one could say no."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.recovery.domain import COOLING_OFF
from onestop_legal.errors import NamedError

_AT_ONCE: Final = timedelta(0)


class PhoneUnchanged(NamedError):
    """The number is the one that the account has."""

    slug = "phone-unchanged"
    title = "这就是您现在的手机号码"
    status = 409
    pointer = "/phone"


class PhoneChangeGone(NamedError):
    """There is no such change under way: cancelled, replaced by another, or in force."""

    slug = "phone-change-gone"
    title = "没有正在进行的号码更换，可能已取消或已生效"
    status = 404


@dataclass(frozen=True, slots=True)
class PhoneChange:
    """Somebody is to be reached at another number.

    Attributes:
        phone: the new number, 11 digits.
        ripe_at: from when on it counts.
    """

    id: UUID
    person_id: UUID
    phone: str
    asked_at: datetime
    ripe_at: datetime


def wait_before(old: str | None, *, strong: bool) -> timedelta:
    """Return how long the old number has to say no: as long as in a recovery, which goes by the number, too.

    Args:
        old: the number so far; where there is none, nobody is to be asked.
        strong: whether two factors were shown, which spare the wait in a recovery as well.
    """
    return _AT_ONCE if strong or old is None else COOLING_OFF


def masked_phone(phone: str) -> str:
    """Return a number with its middle hidden: `138****0017`."""
    return f"{phone[:3]}****{phone[-4:]}"
