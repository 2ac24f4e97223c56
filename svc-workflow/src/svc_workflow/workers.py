"""What svc-workflow does by itself: raise warnings on their day."""

import asyncio
import contextlib
from uuid import UUID

from prometheus_client import Counter, Gauge

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.inbox import TRANSIENT
from onestop_runtime.logs import logger
from onestop_runtime.transaction import acquired, transaction
from svc_workflow.repository import proceedings
from svc_workflow.service import limits

EVERY_SECONDS = 15
RAISED = Counter("onestop_workflow_warnings_total", "Warnings raised")
LATE = Gauge("onestop_workflow_late_timers", "Warnings that were due before today and are not raised")
log = logger(__name__)


async def warn(context: Context) -> None:
    """Raise due warnings until the process stops; goes on when the database was away."""
    while not context.stopping.is_set():
        try:
            await raise_due(context)
        except TRANSIENT as error:
            log.warning("warnings are raised later", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), EVERY_SECONDS)


async def raise_due(context: Context) -> int:
    """Raise what is due now, each in a transaction of its own, exactly once; return how many warnings were raised."""
    today = legal_day(context.clock())
    raised = 0
    while True:
        async with acquired(context.pool) as connection:
            due = await proceedings.due_timers(connection, today)
            late = await proceedings.late_timers(connection, today)
        LATE.set(late)
        now = sum([await _warn_of(context, proceeding_id) for proceeding_id in due])
        raised += now
        if not now:
            break
    if raised:
        RAISED.inc(raised)
        log.info("warnings raised", count=raised)
    return raised


async def _warn_of(context: Context, proceeding_id: UUID) -> int:
    """Raise the warnings of one proceeding; one that fails must not keep the others waiting."""
    try:
        async with transaction(
            context.pool, system("svc-workflow"), context.clock(), after_commit=context.wake_relay
        ) as tx:
            return await limits.warn(tx, proceeding_id)
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one proceeding, the others are warned of
        log.unexpected("a warning could not be raised", error, proceeding_id=str(proceeding_id))
        return 0
