"""Events of others, turned into commands of ours."""

from onestop_legal.working_days import Deadline
from onestop_messages.base import TOMBSTONE
from onestop_messages.catalog import AgencyChanged, CalendarChanged, GuidePublished, GuideSuspended, GuideWithdrawn
from onestop_messages.gateway import MandateGiven, MandateWithdrawn, PersonErased
from onestop_messages.workflow import (
    LICENCE_TOPIC,
    PROCEEDING_TOPIC,
    ClockExtended,
    ClockRecounted,
    ClockResumed,
    ClockStopped,
    DeadlineState,
    DecisionMade,
    LicenceEnded,
    LicenceIssued,
    ProceedingProgressed,
    ProceedingStarted,
)
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.transaction import Transaction
from svc_intake import tables
from svc_intake.domain.progress import Licence, Progress, Result, limits_told
from svc_intake.domain.timeline import Entry, Happening, entry
from svc_intake.repository import copies
from svc_intake.service import copying, following, forgetting
from svc_intake.service.following import LicenceEnd


async def on_guide_published(tx: Transaction, message: Message) -> None:
    """Keep the guide."""
    await copying.keep_guide(tx, GuidePublished.model_validate(message.data))


async def on_guide_suspended(tx: Transaction, message: Message) -> None:
    """Take no applications for the item at present."""
    event = GuideSuspended.model_validate(message.data)
    await copies.put_item(tx.connection, event.item_id, event.code, "suspended", event.reason)


async def on_guide_withdrawn(tx: Transaction, message: Message) -> None:
    """Take no applications for the item any more."""
    event = GuideWithdrawn.model_validate(message.data)
    await copies.put_item(tx.connection, event.item_id, event.code, "withdrawn", event.reason)


async def on_agency_changed(tx: Transaction, message: Message) -> None:
    """Keep the agency."""
    await copying.keep_agency(tx, AgencyChanged.model_validate(message.data))


async def on_calendar_changed(tx: Transaction, message: Message) -> None:
    """Keep the year and count anew."""
    event = CalendarChanged.model_validate(message.data)
    await copying.keep_calendar_year(
        tx, event.year, published=event.published, holidays=event.holidays, workdays=event.workdays
    )


async def on_mandate_given(tx: Transaction, message: Message) -> None:
    """Keep the mandate."""
    await copying.keep_mandate(tx, MandateGiven.model_validate(message.data))


async def on_mandate_withdrawn(tx: Transaction, message: Message) -> None:
    """End the mandate."""
    event = MandateWithdrawn.model_validate(message.data)
    await copies.withdraw_mandate(tx.connection, event.mandate_id, event.withdrawn_at)


async def on_mandate_buried(tx: Transaction, message: Message) -> None:
    """Keep the mandate no more."""
    await copies.drop_mandate(tx.connection, message.key)


async def on_person_erased(tx: Transaction, message: Message) -> None:
    """Forget the person."""
    await forgetting.forget(tx, PersonErased.model_validate(message.data).person_id)


async def on_proceeding_started(tx: Transaction, message: Message) -> None:
    """Note that the office has begun."""
    event = ProceedingStarted.model_validate(message.data)
    progress = Progress(event.proceeding_id, event.agency.code, _deadline(event.statutory), _deadline(event.promised))
    await following.start(tx, event.case_id, progress, message.at)


async def on_proceeding_progressed(tx: Transaction, message: Message) -> None:
    """Note the step that was done and what comes next."""
    event = ProceedingProgressed.model_validate(message.data)
    following_steps = f"下一步：{'、'.join(event.next_steps)}。" if event.next_steps else ""
    happened = Entry(
        event.at,
        Happening.PROGRESSED,
        event.title,
        following_steps,
        {"step": event.step, "outcome": event.outcome},
    )
    await following.follow(tx, event.case_id, happened, next_steps=event.next_steps)


async def on_clock_stopped(tx: Transaction, message: Message) -> None:
    """Note that time is not counted, why, and for how long (行政许可法 45)."""
    event = ClockStopped.model_validate(message.data)
    text = f"特别程序通知书 {event.notice_number}，预计 {event.expected_days} 个工作日。依据：{event.basis}。"
    happened = entry(
        Happening.CLOCK_STOPPED, message.at, text, cause=event.cause, stopped_on=event.stopped_on.isoformat()
    )
    await following.follow(tx, event.case_id, happened, clock="stopped")


async def on_clock_resumed(tx: Transaction, message: Message) -> None:
    """Note the deadlines as they stand now."""
    event = ClockResumed.model_validate(message.data)
    text = f"法定办结期限顺延至 {event.statutory.day.isoformat()}。"
    happened = entry(Happening.CLOCK_RESUMED, message.at, text, resumed_on=event.resumed_on.isoformat())
    await following.follow(
        tx,
        event.case_id,
        happened,
        clock="running",
        statutory=_deadline(event.statutory),
        promised=_deadline(event.promised),
    )


async def on_clock_extended(tx: Transaction, message: Message) -> None:
    """Note the extension and the reason that must be told (行政许可法 42)."""
    event = ClockExtended.model_validate(message.data)
    text = f"延长 {event.days} 个工作日，至 {event.statutory.day.isoformat()}。理由：{event.reason}。"
    happened = entry(Happening.CLOCK_EXTENDED, message.at, text, days=event.days)
    changes = {"statutory": _deadline(event.statutory)}
    if event.promised:
        changes["promised"] = _deadline(event.promised)
    await following.follow(tx, event.case_id, happened, **changes)


async def on_clock_recounted(tx: Transaction, message: Message) -> None:
    """Note the deadlines by the calendar as it is now: what was 暂定 is told anew."""
    event = ClockRecounted.model_validate(message.data)
    statutory, promised = _deadline(event.statutory), _deadline(event.promised)
    happened = entry(Happening.CLOCK_RECOUNTED, message.at, limits_told(statutory, promised))
    await following.follow(tx, event.case_id, happened, statutory=statutory, promised=promised)


async def on_decision_made(tx: Transaction, message: Message) -> None:
    """Conclude the case."""
    event = DecisionMade.model_validate(message.data)
    result = Result(event.outcome, event.document_name, event.document_number, event.decided_on)
    await following.conclude(tx, event.case_id, result, message.at)


async def on_licence_issued(tx: Transaction, message: Message) -> None:
    """Note the licence."""
    event = LicenceIssued.model_validate(message.data)
    facts = event.licence
    licence = Licence(facts.licence_id, facts.identifier, facts.number, facts.name, facts.valid_from, facts.valid_to)
    await following.hold(tx, event.case_id, licence, message.at)


async def on_licence_ended(tx: Transaction, message: Message) -> None:
    """Note that the licence ended."""
    event = LicenceEnded.model_validate(message.data)
    await following.end_licence(tx, event.licence_id, LicenceEnd(event.way, event.basis, event.ended_on), message.at)


def _deadline(state: DeadlineState) -> Deadline:
    return Deadline(state.day, state.provisional)


SUBSCRIPTIONS = (
    Subscription(
        GuidePublished.TOPIC,
        {
            GuidePublished.TYPE: on_guide_published,
            GuideSuspended.TYPE: on_guide_suspended,
            GuideWithdrawn.TYPE: on_guide_withdrawn,
        },
    ),
    Subscription(AgencyChanged.TOPIC, {AgencyChanged.TYPE: on_agency_changed}, compacted=True),
    Subscription(CalendarChanged.TOPIC, {CalendarChanged.TYPE: on_calendar_changed}, compacted=True),
    Subscription(
        MandateGiven.TOPIC,
        {
            MandateGiven.TYPE: on_mandate_given,
            MandateWithdrawn.TYPE: on_mandate_withdrawn,
            TOMBSTONE: on_mandate_buried,
        },
        compacted=True,
    ),
    Subscription(PersonErased.TOPIC, {PersonErased.TYPE: on_person_erased}, compacted=True),
    Subscription(
        PROCEEDING_TOPIC,
        {
            ProceedingStarted.TYPE: on_proceeding_started,
            ProceedingProgressed.TYPE: on_proceeding_progressed,
            ClockStopped.TYPE: on_clock_stopped,
            ClockResumed.TYPE: on_clock_resumed,
            ClockExtended.TYPE: on_clock_extended,
            ClockRecounted.TYPE: on_clock_recounted,
            DecisionMade.TYPE: on_decision_made,
        },
    ),
    Subscription(LICENCE_TOPIC, {LicenceIssued.TYPE: on_licence_issued, LicenceEnded.TYPE: on_licence_ended}),
)
"""What intake listens to."""

PROJECTIONS = (
    Projection("guides", (GuidePublished.TOPIC,), (tables.item, tables.guide_version)),
    Projection("agencies", (AgencyChanged.TOPIC,), (tables.agency,)),
    Projection("mandates", (MandateGiven.TOPIC,), (tables.mandate,)),
)
"""What operators can have built anew from events alone."""
