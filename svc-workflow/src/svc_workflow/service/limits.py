"""The limits of a proceeding stop, run on, are extended, warn, and follow the calendar."""

from uuid import UUID

from onestop_legal.clock import Interval
from onestop_legal.working_days import Calendar, legal_day
from onestop_messages.workflow import (
    ClockExtended,
    ClockRecounted,
    ClockResumed,
    ClockStopped,
    DeadlineState,
    WarningRaised,
)
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Transaction
from svc_workflow.domain import decision as rules
from svc_workflow.domain.limit import PROMISED, STATUTORY, STOP_BASIS, Limits, Stop, cause_of
from svc_workflow.domain.proceeding import Proceeding, ProceedingNotFound
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import copies, proceedings
from svc_workflow.service import announce
from svc_workflow.service.proceedings import locked, note


async def stop(tx: Transaction, proceeding_id: UUID, cause: str, expected_days: int, version: int) -> Proceeding:
    """Stop both clocks for a special procedure; the applicant is told how long it takes (行政许可法 45).

    Raises:
        ProceedingNotFound, NotPermitted, StaleVersion, ProceedingEnded.
        CauseStopsNothing: for a cause the law does not name.
        ClockAlreadyStopped: while another stop is open.
    """
    proceeding = await _changeable(tx, proceeding_id, "clock.stop", version)
    today = legal_day(tx.now)
    number = await _document(tx, proceeding, "特")
    begun = Stop(uuid7(), Interval(today, None, cause_of(cause), STOP_BASIS), number, expected_days)
    proceeding.change_limits(proceeding.limits.stop(begun))
    await proceedings.add_stop(tx.connection, proceeding.id, begun)
    await _save(tx, proceeding)
    await note(tx, proceeding, "clock.stopped", {"cause": cause, "notice": number, "expected_days": expected_days})
    tx.emit(
        ClockStopped(
            proceeding_id=proceeding.id,
            case_id=proceeding.matter.case_id,
            cause=cause,
            basis=STOP_BASIS,
            notice_number=number,
            expected_days=expected_days,
            stopped_on=today,
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    return proceeding


async def resume(tx: Transaction, stop_id: UUID, version: int) -> Proceeding:
    """Let both clocks run on; raises as `stop` does, and `ClockNotStopped`."""
    proceeding_id = await proceedings.id_of_stop(tx.connection, stop_id)
    if proceeding_id is None:
        raise ProceedingNotFound
    proceeding = await _changeable(tx, proceeding_id, "clock.stop", version)
    today = legal_day(tx.now)
    proceeding.change_limits(proceeding.limits.resume(today))
    await proceedings.end_stop(tx.connection, proceeding.limits.stops[-1].id, today)
    statutory, promised = await _save_running(tx, proceeding)
    await note(tx, proceeding, "clock.resumed", {"statutory": str(statutory.day), "promised": str(promised.day)})
    tx.emit(
        ClockResumed(
            proceeding_id=proceeding.id,
            case_id=proceeding.matter.case_id,
            resumed_on=today,
            statutory=statutory,
            promised=promised,
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    return proceeding


async def extend(tx: Transaction, proceeding_id: UUID, reason: str, version: int) -> Proceeding:
    """Extend the limits once, as the head of the organ approves, and tell the reason (行政许可法 42).

    Raises:
        ProceedingNotFound, NotPermitted, StaleVersion, ProceedingEnded.
        ExtensionNotProvided, AlreadyExtended, LimitAlreadyOver: see `Limits.extend`.
        ClockAlreadyStopped: while a stop is open; extend when the clock runs.
    """
    proceeding = await _changeable(tx, proceeding_id, "clock.extend", version)
    calendar = await copies.calendar(tx.connection)
    proceeding.change_limits(proceeding.limits.extend(calendar, legal_day(tx.now)))
    statutory, promised = await _save_running(tx, proceeding)
    days = proceeding.limits.extension_days
    await note(tx, proceeding, "clock.extended", {"days": days, "reason": reason})
    tx.emit(
        ClockExtended(
            proceeding_id=proceeding.id,
            case_id=proceeding.matter.case_id,
            days=days,
            reason=reason,
            statutory=statutory,
            promised=promised,
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    return proceeding


async def warn(tx: Transaction, proceeding_id: UUID) -> int:
    """Raise the warnings of a proceeding that are due; return how many. Each is raised once."""
    proceeding = await proceedings.lock(tx.connection, proceeding_id)
    if proceeding is None or proceeding.ended_at:
        return 0
    raised = await proceedings.fire_timers(tx.connection, proceeding_id, legal_day(tx.now), tx.now)
    calendar = await copies.calendar(tx.connection)
    for warning in raised:
        deadline = proceeding.limits.deadline(warning.limit, calendar)
        if deadline is None:
            continue
        await note(tx, proceeding, "warning.raised", {"limit": warning.limit, "light": warning.light})
        tx.emit(
            WarningRaised(
                proceeding_id=proceeding.id,
                case_id=proceeding.matter.case_id,
                agency=announce.agency_of(proceeding.matter),
                limit="statutory" if warning.limit == STATUTORY else "promised",
                light="red" if warning.light == "red" else "yellow",
                deadline=announce.deadline_state(deadline),
                raised_at=tx.now,
            ),
            key=proceeding.id,
            version=proceeding.version,
        )
    return len(raised)


async def recount(tx: Transaction, proceeding_id: UUID) -> int:
    """Count the limits by the calendar as it stands; return how many proceedings were looked at.

    When a limit has moved or is no longer provisional, history and event say so. While the clock stands still nothing
    is told: the event that lets it run on brings the days.
    """
    proceeding = await proceedings.lock(tx.connection, proceeding_id)
    if proceeding is None or proceeding.ended_at:
        return 0
    limits, before = proceeding.limits, await proceedings.told(tx.connection, proceeding_id)
    calendar = await _count(tx, proceeding)
    if limits.stopped or before == (limits.provisional(calendar), limits.over(calendar)):
        return 1
    proceeding.recount()
    await proceedings.change(tx.connection, proceeding)
    statutory, promised = _both(limits, calendar)
    await note(tx, proceeding, "deadline.recomputed", {"statutory": str(statutory.day), "promised": str(promised.day)})
    tx.emit(
        ClockRecounted(
            proceeding_id=proceeding.id, case_id=proceeding.matter.case_id, statutory=statutory, promised=promised
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    return 1


async def _changeable(tx: Transaction, proceeding_id: UUID, action: str, version: int) -> Proceeding:
    proceeding = await locked(tx, proceeding_id)
    PERMISSIONS.require(tx.caller, action, proceeding.matter)
    if proceeding.version != version:
        raise StaleVersion
    proceeding.must_run()
    return proceeding


async def _save(tx: Transaction, proceeding: Proceeding) -> Calendar:
    """Store the limits, when they warn, and the calendar they were counted by; return it."""
    await proceedings.change(tx.connection, proceeding)
    return await _count(tx, proceeding)


async def _save_running(tx: Transaction, proceeding: Proceeding) -> tuple[DeadlineState, DeadlineState]:
    """Store the limits of a clock that runs; return both deadlines as events carry them."""
    return _both(proceeding.limits, await _save(tx, proceeding))


def _both(limits: Limits, calendar: Calendar) -> tuple[DeadlineState, DeadlineState]:
    return (
        announce.running_deadline(limits, STATUTORY, calendar),
        announce.running_deadline(limits, PROMISED, calendar),
    )


async def _count(tx: Transaction, proceeding: Proceeding) -> Calendar:
    calendar, stamp = await copies.stamped_calendar(tx.connection)
    limits = proceeding.limits
    await proceedings.counted(
        tx.connection, proceeding.id, provisional=limits.provisional(calendar), calendar_stamp=stamp
    )
    await proceedings.set_timers(tx.connection, proceeding.id, limits.warnings(calendar))
    return calendar


async def _document(tx: Transaction, proceeding: Proceeding, word: str) -> str:
    code, year = proceeding.matter.agency_code, legal_day(tx.now).year
    found = await copies.agency(tx.connection, code)
    short_name = found[0] if found else proceeding.matter.agency_name
    number = await copies.next_number(tx.connection, code, f"notice:{word}", year)
    return rules.document_number(short_name, word, year, number)
