"""What svc-workflow does by itself: raise warnings on their day."""

import asyncio
import contextlib

from prometheus_client import Counter, Gauge

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.transaction import acquired, transaction
from svc_workflow.repository import proceedings
from svc_workflow.service import limits

EVERY_SECONDS = 15
RAISED = Counter("onestop_workflow_warnings_total", "Warnings raised")
LATE = Gauge("onestop_workflow_late_timers", "Warnings that were due before today and are not raised")
log = logger(__name__)


async def warn(context: Context) -> None:
    """Raise due warnings until the process stops, each in a transaction of its own, exactly once."""
    while not context.stopping.is_set():
        await raise_due(context)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), EVERY_SECONDS)


async def raise_due(context: Context) -> int:
    """Raise what is due now; return how many warnings were raised."""
    today = legal_day(context.clock())
    raised = 0
    while True:
        async with acquired(context.pool) as connection:
            due = await proceedings.due_timers(connection, today)
            late = await proceedings.late_timers(connection, today)
        LATE.set(late)
        if not due:
            break
        for proceeding_id in due:
            async with transaction(
                context.pool, system("svc-workflow"), context.clock(), after_commit=context.wake_relay
            ) as tx:
                raised += await limits.warn(tx, proceeding_id)
    if raised:
        RAISED.inc(raised)
        log.info("warnings raised", count=raised)
    return raised
