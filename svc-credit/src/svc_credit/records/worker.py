"""Discloses what is pending before its last day, and raises the alarm about what is overdue."""

import asyncio
import contextlib
from uuid import UUID

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.patience import TRANSIENT
from onestop_runtime.transaction import transaction
from svc_credit import metrics
from svc_credit.records import repository, service
from svc_credit.settings import Settings

BATCH = 200

log = logger(__name__)


async def work(context: Context) -> None:
    """Look at the pending records every `disclosure_seconds`, until the process stops."""
    settings = context.settings
    pause = settings.disclosure_seconds if isinstance(settings, Settings) else Settings().disclosure_seconds
    while not context.stopping.is_set():
        try:
            await look(context)
        except TRANSIENT as error:
            log.warning("disclosures are looked at later", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), pause)


async def look(context: Context) -> int:
    """Disclose what can be disclosed, each record in its own transaction; return how many were.

    What is left is counted; an overdue disclosure is an error in the log until it is done.
    """
    disclosed = 0
    for record_id in await repository.pending(context.pool, BATCH):
        disclosed += await _disclose_one(context, record_id)
    left = await repository.waiting(context.pool, legal_day(context.clock()))
    metrics.PENDING.set(left.pending)
    metrics.OVERDUE.set(left.overdue)
    if left.overdue:
        log.error("disclosures are overdue", overdue=left.overdue, earliest_due_on=str(left.next_due_on))
    return disclosed


async def _disclose_one(context: Context, record_id: UUID) -> bool:
    """Disclose one record if it can be; one that fails must not keep the others waiting."""
    try:
        async with transaction(
            context.pool,
            system(context.service.audience),
            context.clock(),
            constraints=context.service.constraints,
            after_commit=context.wake_relay,
        ) as tx:
            return await service.disclose_pending(tx, record_id)
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one record, the others are disclosed
        log.unexpected("a record could not be disclosed", error, record=str(record_id))
        return False
