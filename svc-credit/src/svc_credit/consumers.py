"""Turns events into commands."""

from uuid import UUID

from onestop_legal.working_days import CalendarYear
from onestop_messages.catalog import AgencyChanged, CalendarChanged
from onestop_messages.workflow import DecisionMade
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.transaction import Transaction
from svc_credit import repository, service
from svc_credit.domain import Decision, Licence, Subject


async def on_decision_made(tx: Transaction, message: Message) -> None:
    """Record and disclose what the decision owes."""
    event = DecisionMade.model_validate(message.data)
    await service.record_decision(tx, decision_of(event))


async def on_agency_changed(tx: Transaction, message: Message) -> None:
    """Keep the agency's present name."""
    event = AgencyChanged.model_validate(message.data)
    await repository.keep_agency(tx.connection, event.code, event.name)


async def on_calendar_changed(tx: Transaction, message: Message) -> None:
    """Keep the year."""
    event = CalendarChanged.model_validate(message.data)
    year = CalendarYear(
        event.year,
        published=event.published,
        holidays=frozenset(event.holidays),
        workdays=frozenset(event.workdays),
    )
    await service.keep_year(tx, year)


def decision_of(event: DecisionMade) -> Decision:
    """Return the decision that the event tells of."""
    party, facts = event.applicant, event.licence
    licence = (
        Licence(facts.name, facts.number, facts.identifier, facts.content, facts.valid_from, facts.valid_to)
        if facts
        else None
    )
    return Decision(
        id=event.decision_id,
        case_id=event.case_id,
        item_name=event.item_name,
        item_type=event.item_type,
        outcome=event.outcome,
        obligations=frozenset(event.obligations),
        agency_code=event.agency.code,
        agency_name=event.agency.name,
        document_name=event.document_name,
        document_number=event.document_number,
        decided_on=event.decided_on,
        subject=Subject(UUID(party.id), party.kind, party.credit_code, party.name),
        licence=licence,
    )


SUBSCRIPTIONS = (
    Subscription("onestop.workflow.proceeding", {DecisionMade.TYPE: on_decision_made}),
    Subscription("onestop.catalog.agency", {AgencyChanged.TYPE: on_agency_changed}),
    Subscription("onestop.catalog.calendar", {CalendarChanged.TYPE: on_calendar_changed}),
)
