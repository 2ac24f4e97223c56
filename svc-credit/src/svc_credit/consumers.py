"""Messages become commands."""

from uuid import UUID

from onestop_legal.working_days import CalendarYear
from onestop_messages.catalog import AgencyChanged, CalendarChanged
from onestop_messages.workflow import DecisionMade
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.transaction import Transaction
from svc_credit import tables
from svc_credit.copies import repository as copies
from svc_credit.records import service as records
from svc_credit.records.domain.decision import Agency, Certificate, Decision, Subject


async def on_decision_made(tx: Transaction, message: Message) -> None:
    """Record the decision and disclose it at once."""
    await records.receive_and_disclose(tx, decision_of(DecisionMade.model_validate(message.data)))


async def on_agency_changed(tx: Transaction, message: Message) -> None:
    """Keep the agency as it is from now on."""
    event = AgencyChanged.model_validate(message.data)
    kept = copies.AgencyNow(event.code, event.name, event.region, event.remedies.review_authority, event.remedies.court)
    await copies.keep_agency(tx.connection, kept)


async def on_calendar_changed(tx: Transaction, message: Message) -> None:
    """Keep the year; provisional deadlines are reckoned anew."""
    event = CalendarChanged.model_validate(message.data)
    year = CalendarYear(event.year, event.published, frozenset(event.holidays), frozenset(event.workdays))
    await records.keep_year(tx, year)


def decision_of(event: DecisionMade) -> Decision:
    """Return the decision that an event tells of."""
    facts, applicant = event.licence, event.applicant
    return Decision(
        id=event.decision_id,
        case_id=event.case_id,
        case_number=event.case_number,
        item_code=event.item_code,
        item_name=event.item_name,
        item_type=event.item_type,
        agency=Agency(event.agency.code, event.agency.name),
        region=event.region,
        subject=Subject(
            UUID(applicant.id),
            "legal" if applicant.kind == "legal" else "natural",
            applicant.credit_code,
            applicant.name,
        ),
        outcome=event.outcome,
        document_name=event.document_name,
        document_number=event.document_number,
        decided_on=event.decided_on,
        obligations=frozenset(event.obligations),
        certificate=Certificate(facts.name, facts.number, facts.content, facts.valid_from, facts.valid_to)
        if facts
        else None,
        category=event.licence_category,
        legal_representative=event.legal_representative,
    )


SUBSCRIPTIONS = (
    Subscription(DecisionMade.TOPIC, {DecisionMade.TYPE: on_decision_made}),
    Subscription(AgencyChanged.TOPIC, {AgencyChanged.TYPE: on_agency_changed}, compacted=True),
    Subscription(CalendarChanged.TOPIC, {CalendarChanged.TYPE: on_calendar_changed}, compacted=True),
)

PROJECTIONS = (Projection("agencies", (AgencyChanged.TOPIC,), (tables.agency,)),)
"""What operators can have built anew from events alone."""
