"""The receipt 收件凭证: the application was received, under which number, on which legal day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from onestop_legal.working_days import Deadline
from svc_intake.domain.material import Ask, HandedIn


@dataclass(frozen=True, slots=True)
class ReceivedMaterial:
    """A material as it was received."""

    code: str
    name: str
    via: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the applicant gets when the application was received 收件.

    Attributes:
        received_on: legal day (Asia/Shanghai) of receipt.
        answer_due: until when the agency must answer (行政许可法 32(4)); may be provisional.
        silence_accepts: whether no answer by then counts as acceptance from the day of receipt.
    """

    case_number: str
    submitted_at: datetime
    received_on: date
    answer_due: Deadline
    silence_accepts: bool
    materials: tuple[ReceivedMaterial, ...]


def received(asks: Iterable[Ask], handed_in: Mapping[str, HandedIn]) -> tuple[ReceivedMaterial, ...]:
    """Return the materials that were received, by code."""
    names = {ask.code: ask.name for ask in asks}
    return tuple(ReceivedMaterial(code, names[code], one.via, one.sha256) for code, one in sorted(handed_in.items()))
