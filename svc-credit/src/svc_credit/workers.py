"""What svc-credit does by itself: disclose what waits, and say when something is late."""

import asyncio
import contextlib

from prometheus_client import Gauge

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.transaction import transaction
from svc_credit import repository, service

EVERY_SECONDS = 30
OVERDUE = Gauge("onestop_credit_overdue_records", "Records that should be public by law and are not")
log = logger(__name__)


async def disclose(context: Context) -> None:
    """Disclose pending records until the process stops; the number of late ones is a metric and a log line."""
    while not context.stopping.is_set():
        async with transaction(
            context.pool, system("svc-credit"), context.clock(), after_commit=context.wake_relay
        ) as tx:
            await service.disclose_pending(tx)
            overdue = await repository.overdue(tx.connection, legal_day(tx.now))
        OVERDUE.set(overdue)
        if overdue:
            log.error("credit records are past their disclosure limit", records=overdue)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), EVERY_SECONDS)
