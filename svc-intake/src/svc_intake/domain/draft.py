"""A draft 草稿: how a case begins, bound to the guide in force."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from svc_intake.domain.case import Case
from svc_intake.domain.guide import Guide
from svc_intake.domain.party import Applicant, Opener, require_served
from svc_intake.domain.state import State
from svc_intake.domain.timeline import Happening, entry


def open_draft(
    case_id: UUID,
    guide: Guide,
    applicant: Applicant,
    opener: Opener,
    *,
    hall: str | None,
    answers: Mapping[str, str],
    now: datetime,
) -> Case:
    """Return a draft bound to `guide`.

    Args:
        case_id: of the new case.
        guide: the version in force; it stays the case's own.
        applicant: for whom the case runs.
        opener: who fills it in.
        hall: where the applicant wants it handled; None for the first the guide names.
        answers: question id → chosen value; the rest may follow later.
        now: the instant.

    Raises:
        NotServed: when the item is for others.
        FieldErrors: when an answer or the hall does not exist (`/answers/<question>`, `/hall`).
    """
    require_served(applicant, guide.served)
    guide.check_answers(answers)
    return Case(
        id=case_id,
        version=1,
        state=State.DRAFT,
        item_code=guide.code,
        item_name=guide.name,
        item_type=guide.item_type,
        guide_version_id=guide.version_id,
        agency=guide.agency,
        region=guide.region,
        hall=guide.hall_for(hall),
        applicant=applicant,
        opened_by=opener.person,
        mandate_id=opener.mandate_id,
        channel=opener.channel,
        created_at=now,
        agent=opener.agent,
        answers=dict(answers),
        happened=[entry(Happening.OPENED, now, f"由 {opener.agent.name} 代为填写。" if opener.agent else "")],
    )
