"""How the entities of svc-workflow are told to the others."""

from uuid import UUID

from onestop_legal.working_days import Calendar, Deadline
from onestop_messages.base import AgencyRef, Party
from onestop_messages.workflow import DeadlineState, DecisionMade, LicenceFacts, LicenceIssued, ProceedingProgressed
from onestop_runtime.transaction import Transaction
from svc_workflow.domain.decision import Decision, Licence
from svc_workflow.domain.limit import Limits
from svc_workflow.domain.proceeding import Matter, Proceeding
from svc_workflow.domain.task import Task


def deadline_state(deadline: Deadline) -> DeadlineState:
    """Return a deadline as events carry it."""
    return DeadlineState(day=deadline.day, provisional=deadline.provisional)


def running_deadline(limits: Limits, limit: str, calendar: Calendar) -> DeadlineState:
    """Return the deadline of a limit whose clock runs."""
    deadline = limits.deadline(limit, calendar)
    if deadline is None:
        raise ValueError("a clock that stands still has no deadline")
    return deadline_state(deadline)


def agency_of(matter: Matter) -> AgencyRef:
    """Return the agency as events name it."""
    return AgencyRef(code=matter.agency_code, name=matter.agency_name)


def party_of(matter: Matter) -> Party:
    """Return the applicant as events name him."""
    return Party(
        id=matter.party_id, kind=matter.party_kind, credit_code=matter.party_credit_code, name=matter.party_name
    )


def progressed(tx: Transaction, proceeding: Proceeding, task: Task, next_titles: tuple[str, ...]) -> None:
    """Tell that a step was done, in the words for the applicant."""
    tx.emit(
        ProceedingProgressed(
            proceeding_id=proceeding.id,
            case_id=proceeding.matter.case_id,
            step=task.node,
            title=task.title,
            outcome=task.outcome_text,
            next_steps=next_titles,
            at=tx.now,
        ),
        key=proceeding.id,
        version=proceeding.version,
    )


def decided(tx: Transaction, proceeding: Proceeding, decision: Decision) -> None:
    """Tell the decision, and the licence when there is one."""
    matter = proceeding.matter
    facts = _facts(decision.licence) if decision.licence else None
    tx.emit(
        DecisionMade(
            proceeding_id=proceeding.id,
            decision_id=decision.id,
            case_id=matter.case_id,
            case_number=matter.case_number,
            item_code=matter.item_code,
            item_name=matter.item_name,
            item_type=matter.item_type,
            agency=agency_of(matter),
            region=matter.region,
            applicant=party_of(matter),
            outcome="granted" if decision.outcome == "granted" else "denied",
            document_name=decision.document_name,
            document_number=decision.document_number,
            decided_on=decision.decided_on,
            decided_at=decision.decided_at,
            obligations=decision.obligations,
            licence=facts,
            public_fields=dict(matter.public_fields),
            legal_representative=matter.legal_representative,
            licence_category=matter.result.get("licence_category"),
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    if facts:
        tx.emit(
            LicenceIssued(
                decision_id=decision.id,
                case_id=matter.case_id,
                item_code=matter.item_code,
                agency=agency_of(matter),
                region=matter.region,
                holder=party_of(matter),
                issued_on=decision.decided_on,
                licence=facts,
            ),
            key=UUID(str(facts.licence_id)),
            version=1,
        )


def _facts(licence: Licence) -> LicenceFacts:
    return LicenceFacts(
        licence_id=licence.id,
        identifier=licence.identifier,
        number=licence.number,
        name=licence.name,
        licence_type=licence.licence_type,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        content=licence.content,
    )
