"""Formal acceptance 受理: from its legal day on the statutory clock runs, in the office."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from onestop_legal.working_days import Deadline
from svc_intake.domain.authority import AcceptanceAuthority


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


def seal_of(agency_name: str, authority: AcceptanceAuthority | None) -> str:
    """Return the seal on the acceptance: the one handed to the hall, else the agency's own."""
    return authority.seal if authority else f"{agency_name}行政审批专用章"
