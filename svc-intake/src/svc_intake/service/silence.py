"""The timer that lets silence accept: what was not answered in time is accepted from the day of receipt."""

import asyncio
import contextlib
from datetime import date
from uuid import UUID

from prometheus_client import Gauge

from onestop_legal.errors import NamedError
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.patience import TRANSIENT
from onestop_runtime.transaction import Transaction, acquired, transaction
from svc_intake.repository import cases, waiting
from svc_intake.resources import Resources
from svc_intake.service.access import calendar_of
from svc_intake.service.answering import accept_loaded

LATE = Gauge(
    "onestop_intake_late_acceptances",
    "Cases whose time to answer is over and that silence could not accept (100 at most)",
)
_BATCH = 100
_START = (date.min, UUID(int=0))

log = logger(__name__)


async def accept_by_silence(tx: Transaction, own: Resources, case_id: UUID) -> bool:
    """Accept the case if its time to answer is over by the calendar of today; return whether it is."""
    loaded = await cases.lock(tx.connection, case_id)
    if loaded is None:
        return False
    case = loaded.case
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    case.recount(guide, await calendar_of(tx, own, loaded))
    if case.silent(legal_day(tx.now)):
        await accept_loaded(tx, own, loaded, None)
        return True
    await cases.save(tx.connection, case, None)
    return False


async def sweep(context: Context) -> int:
    """Accept everything whose time is over, each case in its own transaction; return how many."""
    own: Resources = context.state
    accepted, after = 0, _START
    while not context.stopping.is_set():
        async with acquired(context.pool) as connection:
            found = await waiting.silent(connection, legal_day(context.clock()), after, _BATCH)
        for place in found:
            accepted += await _accept_one(context, own, place[1])
        if len(found) < _BATCH:
            break
        after = found[-1]
    async with acquired(context.pool) as connection:
        left = await waiting.silent(connection, legal_day(context.clock()), _START, _BATCH)
    LATE.set(len(left))
    if left:
        log.error("cases wait for silence to accept them", cases=len(left), earliest_due_on=str(left[0][0]))
    return accepted


async def _accept_one(context: Context, own: Resources, case_id: UUID) -> bool:
    """Accept one case; one that fails must not keep the others waiting."""
    try:
        async with transaction(
            context.pool,
            system(context.service.audience),
            context.clock(),
            constraints=context.service.constraints,
            after_commit=context.wake_relay,
        ) as tx:
            return await accept_by_silence(tx, own, case_id)
    except NamedError as error:
        log.warning("silence could not accept yet", case_id=str(case_id), error=error.slug)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one case, the others are accepted
        log.unexpected("silence could not accept", error, case_id=str(case_id))
    return False


async def run(context: Context) -> None:
    """Look again and again until the process stops."""
    own: Resources = context.state
    while not context.stopping.is_set():
        try:
            if accepted := await sweep(context):
                log.info("accepted by silence", cases=accepted)
        except TRANSIENT as error:
            log.warning("the database is away; looked again later", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), own.settings.silence_seconds)
