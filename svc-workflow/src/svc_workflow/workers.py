"""What svc-workflow does by itself: count limits anew when the calendar changes, raise warnings, compare the books."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from prometheus_client import Counter, Gauge

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.patience import TRANSIENT
from onestop_runtime.transaction import Transaction, acquired, transaction
from svc_workflow.repository import proceedings
from svc_workflow.service import conservation, limits

EVERY_SECONDS = 15
ASKED_SECONDS = 1
RAISED = Counter("onestop_workflow_warnings_total", "Warnings raised")
RAISED_LATE = Counter("onestop_workflow_late_warnings_total", "Warnings raised after the day they were due")
LATE = Gauge("onestop_workflow_late_timers", "Warnings that were due before today and could not be raised")
log = logger(__name__)


async def watch(context: Context) -> None:
    """Follow the calendar and raise due warnings until the process stops; goes on when the database was away."""
    while not context.stopping.is_set():
        try:
            await follow_calendar(context)
            await raise_due(context)
        except TRANSIENT as error:
            log.warning("limits are looked at later", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), EVERY_SECONDS)


async def patrol(context: Context) -> None:
    """Compare the books again and again, and when somebody asks, until the process stops.

    A process that knows no other service's address leaves it to those that do.
    """
    if len(context.state) == 1:
        return
    while not context.stopping.is_set():
        try:
            while await conservation.answer(context):
                pass
            await conservation.go_round(context)
        except TRANSIENT as error:
            log.warning("books are compared later", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the ledger, cases go on
            log.unexpected("books could not be compared", error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), ASKED_SECONDS)


async def follow_calendar(context: Context) -> int:
    """Count anew the limits that an older calendar was taken for, each proceeding by itself; return how many.

    A worker does it and not the consumer of the calendar: that one would hold thousands of proceedings at once, and
    miss one that is being started by the calendar of before.
    """
    recounted = 0
    while not context.stopping.is_set():
        async with acquired(context.pool) as connection:
            outdated = await proceedings.outdated(connection)
        now = await _each(context, outdated, limits.recount)
        recounted += now
        if not now:
            break
    if recounted:
        log.info("limits counted by the changed calendar", proceedings=recounted)
    return recounted


async def raise_due(context: Context) -> int:
    """Raise what is due now, each in a transaction of its own, exactly once; return how many warnings were raised.

    One that was due before today is late: it is raised all the same, counted, and an error in the log.
    """
    today = legal_day(context.clock())
    late = await _late(context, today)
    raised = 0
    while not context.stopping.is_set():
        async with acquired(context.pool) as connection:
            due = await proceedings.due_timers(connection, today)
        now = await _each(context, due, limits.warn)
        raised += now
        if not now:
            break
    left = await _late(context, today) if late else 0
    LATE.set(left)
    if late:
        RAISED_LATE.inc(max(late - left, 0))
        log.error("warnings are late", raised=late - left, left=left)
    if raised:
        RAISED.inc(raised)
        log.info("warnings raised", count=raised)
    return raised


async def _late(context: Context, today: date) -> int:
    async with acquired(context.pool) as connection:
        return await proceedings.late_timers(connection, today)


async def _each(context: Context, ids: list[UUID], do: Callable[[Transaction, UUID], Awaitable[int]]) -> int:
    """Do something to each proceeding, in a transaction of its own; return the sum of what `do` returns.

    One that fails must not keep the others waiting.
    """
    done = 0
    for proceeding_id in ids:
        try:
            async with transaction(
                context.pool, system("svc-workflow"), context.clock(), after_commit=context.wake_relay
            ) as tx:
                done += await do(tx, proceeding_id)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one of them
            log.unexpected("a proceeding could not be worked on", error, proceeding_id=str(proceeding_id))
    return done
