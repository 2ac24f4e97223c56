"""Formal acceptance 受理: from its legal day on the statutory clock runs, in the office."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.working_days import Calendar, Deadline
from svc_intake.domain.authority import AcceptanceAuthority
from svc_intake.domain.guide import Limits


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A formal acceptance with its dated document.

    Attributes:
        accepted_on: legal day; the day of receipt when silence accepted.
        authority_id: of the acceptance authority; None when the agency itself, or silence, accepted.
        authority_number: the agency's document that lets the hall accept.
        seal: the agency's seal on the document.
        statutory: deadline by law; provisional while a year's calendar on the way is not published.
        promised: deadline the agency promised.
    """

    accepted_on: date
    accepted_at: datetime
    by_silence: bool
    document_number: str
    seal: str
    statutory: Deadline
    promised: Deadline
    authority_id: UUID | None = None
    authority_number: str | None = None


def accept(
    limits: Limits,
    calendar: Calendar,
    day: date,
    at: datetime,
    *,
    by_silence: bool,
    agency_name: str,
    authority: AcceptanceAuthority | None,
    document_number: str,
) -> Acceptance:
    """Return the acceptance of a case.

    Args:
        limits: of the pinned guide.
        calendar: of working days.
        day: legal day of acceptance.
        at: the instant.
        by_silence: whether the law accepted, not a clerk.
        agency_name: in whose name.
        authority: that lets a hall accept; its seal stands on the document, else the agency's own.
        document_number: in the agency's own series.
    """
    return Acceptance(
        accepted_on=day,
        accepted_at=at,
        by_silence=by_silence,
        document_number=document_number,
        seal=authority.seal if authority else f"{agency_name}行政审批专用章",
        statutory=limits.statutory(calendar, day),
        promised=limits.promised(calendar, day),
        authority_id=authority.id if authority else None,
        authority_number=authority.document_number if authority else None,
    )
