"""Progress of the proceeding in the office, as events tell it; intake shows it and decides nothing by it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from onestop_legal.working_days import Deadline


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the proceeding stands.

    Attributes:
        agency_code: whose proceeding it is; its staff may read form and materials.
        statutory: deadline by law as it stands, extensions and stops included.
        clock: `stopped` during a special procedure 特别程序 (行政许可法 45).
        next_steps: what comes next, in words.
    """

    proceeding_id: UUID
    agency_code: str
    statutory: Deadline
    promised: Deadline
    clock: Literal["running", "stopped"] = "running"
    next_steps: tuple[str, ...] = ()


def limits_told(statutory: Deadline, promised: Deadline) -> str:
    """Return the sentence that tells both limits, and whether they are provisional 暂定."""
    text = f"法定办结期限 {statutory.day.isoformat()}，承诺办结期限 {promised.day.isoformat()}"
    provisional = statutory.provisional or promised.provisional
    return text + ("（暂定：次年放假安排公布后重新计算）。" if provisional else "。")


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence 证照 that came out of the case."""

    id: UUID
    identifier: str
    number: str
    name: str
    valid_from: date
    valid_to: date | None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result 办理结果, kept apart from the state.

    Attributes:
        outcome: `granted` 准予 or `denied` 不予.
    """

    outcome: Literal["granted", "denied"]
    document_name: str
    document_number: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result reached the applicant 送达.

    Attributes:
        means: `online`, `window` or `express`.
    """

    means: Literal["online", "window", "express"]
    delivered_at: datetime
