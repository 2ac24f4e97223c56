"""Turns events into commands."""

from uuid import UUID

from onestop_legal.working_days import CalendarYear
from onestop_messages.base import TOMBSTONE
from onestop_messages.catalog import AgencyChanged, CalendarChanged
from onestop_messages.gateway import StaffAppointed, StaffDismissed, StaffDismissedV2
from onestop_messages.intake import CaseAccepted, CaseWithdrawn
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.transaction import Transaction
from svc_workflow import tables
from svc_workflow.domain.limit import Limits
from svc_workflow.domain.proceeding import Matter
from svc_workflow.repository import copies
from svc_workflow.service import proceedings


async def on_case_accepted(tx: Transaction, message: Message) -> None:
    """Begin the proceeding."""
    event = CaseAccepted.model_validate(message.data)
    await proceedings.start(tx, matter_of(event), limits_of(event), event.procedure)


async def on_case_withdrawn(tx: Transaction, message: Message) -> None:
    """End the proceeding."""
    await proceedings.withdraw(tx, CaseWithdrawn.model_validate(message.data).case_id)


async def on_agency_changed(tx: Transaction, message: Message) -> None:
    """Keep the agency."""
    event = AgencyChanged.model_validate(message.data)
    await copies.keep_agency(
        tx.connection,
        code=event.code,
        name=event.name,
        short_name=event.short_name,
        review_authority=event.remedies.review_authority,
        court=event.remedies.court,
    )


async def on_staff_appointed(tx: Transaction, message: Message) -> None:
    """Keep the appointment."""
    await _keep_staff(tx, StaffAppointed.model_validate(message.data))


async def _keep_staff(tx: Transaction, event: StaffAppointed | StaffDismissedV2) -> None:
    await copies.keep_staff(
        tx.connection,
        staff_id=event.staff_id,
        person_id=event.person_id,
        agency_code=event.agency.code,
        roles=list(event.roles),
        display_name=event.display_name,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
    )


async def on_staff_dismissed(tx: Transaction, message: Message) -> None:
    """Keep the end of the appointment."""
    event = StaffDismissed.model_validate(message.data)
    await copies.dismiss_staff(tx.connection, event.staff_id, event.valid_to)


async def on_staff_dismissed_v2(tx: Transaction, message: Message) -> None:
    """Keep the appointment as it ended, also one that was not known here."""
    await _keep_staff(tx, StaffDismissedV2.model_validate(message.data))


async def on_staff_buried(tx: Transaction, message: Message) -> None:
    """Keep the appointment no more; what was done in it stays, by the person's opaque id."""
    await copies.drop_staff(tx.connection, message.key)


async def on_calendar_changed(tx: Transaction, message: Message) -> None:
    """Keep the year; a worker counts anew what runs."""
    event = CalendarChanged.model_validate(message.data)
    year = CalendarYear(
        event.year,
        published=event.published,
        holidays=frozenset(event.holidays),
        workdays=frozenset(event.workdays),
    )
    await copies.keep_year(tx.connection, year)


def matter_of(event: CaseAccepted) -> Matter:
    """Return what is decided about."""
    basis = event.limits
    return Matter(
        case_id=event.case_id,
        case_number=event.case_number,
        item_code=event.item_code,
        item_name=event.item_name,
        item_type=event.item_type,
        agency_code=event.agency.code,
        agency_name=event.agency.name,
        region=event.region,
        party_id=str(UUID(event.applicant.id)),
        party_kind=event.applicant.kind,
        party_credit_code=event.applicant.credit_code,
        party_name=event.applicant.name,
        obligations=event.obligations,
        public_fields=event.public_fields,
        result=event.result.model_dump(),
        limit_basis={
            "statutory": basis.statutory_basis,
            "extension": basis.extension_basis,
            "delivery": basis.delivery_basis,
            "acceptance_document": event.document_number,
        },
        legal_representative=event.legal_representative,
    )


def limits_of(event: CaseAccepted) -> Limits:
    """Return the limits under which it is decided."""
    return Limits(
        accepted_on=event.accepted_on,
        statutory_days=event.limits.statutory_days,
        promised_days=event.limits.promised_days,
        extension_days=event.limits.extension_days,
        natural=event.limits.statutory_unit == "natural_day",
    )


SUBSCRIPTIONS = (
    Subscription("onestop.intake.case", {CaseAccepted.TYPE: on_case_accepted, CaseWithdrawn.TYPE: on_case_withdrawn}),
    Subscription("onestop.catalog.agency", {AgencyChanged.TYPE: on_agency_changed}, compacted=True),
    Subscription(
        StaffAppointed.TOPIC,
        {
            StaffAppointed.TYPE: on_staff_appointed,
            StaffDismissed.TYPE: on_staff_dismissed,
            StaffDismissedV2.TYPE: on_staff_dismissed_v2,
            TOMBSTONE: on_staff_buried,
        },
        compacted=True,
    ),
    Subscription("onestop.catalog.calendar", {CalendarChanged.TYPE: on_calendar_changed}, compacted=True),
)

PROJECTIONS = (
    Projection("agencies", (AgencyChanged.TOPIC,), (tables.agency,)),
    Projection("staff", (StaffAppointed.TOPIC,), (tables.staff,)),
)
"""What operators can have built anew from events alone."""
