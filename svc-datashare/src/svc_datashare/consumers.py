"""Messages become commands."""

from uuid import UUID

from onestop_legal.licence_identifier import LicenceIdentifier
from onestop_legal.working_days import CalendarYear
from onestop_messages.catalog import AgencyChanged, CalendarChanged
from onestop_messages.workflow import LicenceEnded, LicenceIssued
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.transaction import Transaction
from svc_datashare.copies import service as copies
from svc_datashare.licences import service as licences
from svc_datashare.licences.domain import Ending, Holder, Licence
from svc_datashare.resources.domain.resource import Agency


async def on_licence_issued(tx: Transaction, message: Message) -> None:
    """Enter the licence into the register."""
    event = LicenceIssued.model_validate(message.data)
    facts = event.licence
    issued = Licence(
        id=facts.licence_id,
        identifier=LicenceIdentifier.parse(facts.identifier),
        number=facts.number,
        name=facts.name,
        holder=Holder(UUID(event.holder.id), event.holder.kind, event.holder.credit_code, event.holder.name),
        issuer=Agency(event.agency.code, event.agency.name),
        region=event.region,
        item_code=event.item_code,
        decision_id=event.decision_id,
        case_id=event.case_id,
        issued_on=event.issued_on,
        valid_from=facts.valid_from,
        valid_to=facts.valid_to,
        content=facts.content,
        registered_at=tx.now,
    )
    await licences.register(tx, issued)


async def on_licence_ended(tx: Transaction, message: Message) -> None:
    """Note how the licence ended."""
    event = LicenceEnded.model_validate(message.data)
    await licences.end(tx, event.licence_id, Ending(event.way), event.ended_on, event.basis)


async def on_agency_changed(tx: Transaction, message: Message) -> None:
    """Keep the agency."""
    event = AgencyChanged.model_validate(message.data)
    await copies.keep_agency(
        tx,
        Agency(event.code, event.name),
        region=event.region,
        parent_code=event.parent_code,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )


async def on_calendar_changed(tx: Transaction, message: Message) -> None:
    """Keep the year."""
    event = CalendarChanged.model_validate(message.data)
    year = CalendarYear(event.year, event.published, frozenset(event.holidays), frozenset(event.workdays))
    await copies.keep_year(tx, year)


SUBSCRIPTIONS = (
    Subscription(LicenceIssued.TOPIC, {LicenceIssued.TYPE: on_licence_issued, LicenceEnded.TYPE: on_licence_ended}),
    Subscription(AgencyChanged.TOPIC, {AgencyChanged.TYPE: on_agency_changed}, compacted=True),
    Subscription(CalendarChanged.TOPIC, {CalendarChanged.TYPE: on_calendar_changed}, compacted=True),
)
