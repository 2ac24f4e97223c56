"""Conservation: what differs is followed from look to look until it is known what is the matter; totals are told."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Reader, Transaction, acquired, transaction
from svc_workflow import metrics
from svc_workflow.domain.conservation import LEGS, Finding, Standing, older_days
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import conservation as repository
from svc_workflow.repository.conservation import Totals
from svc_workflow.service.comparing import Look, Period, look
from svc_workflow.service.tracing import trace_all
from svc_workflow.settings import Settings

BEGINNING = date(2000, 1, 1)
RECENT_DAYS = 3
"""The last legal days, at which every round looks."""
SHARE = 0.02
"""Of the time at most so much is spent on looking: after a long round the next one begins later."""
MOST_DAYS = 92
"""In one question."""
MOST_FOLLOWED = 500
FOLLOW_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""After the grace: what is still on its way then is left to the next round."""

log = logger(__name__)


class RunNotFound(NamedError):
    """There is no such check."""

    slug = "conservation-run-not-found"
    title = "没有这次对账"
    status = 404
    pointer = "{run_id}"


# What people ask for.


async def totals(reader: Reader, since: date | None, until: date | None) -> Totals:
    """Return the totals of a period for everybody; None for an open end."""
    _in_order(since, until)
    return await repository.totals(reader.connection, since, until)


async def findings(
    reader: Reader, leg: str | None, after: tuple[datetime, UUID] | None, limit: int, *, resolved: bool
) -> list[Finding]:
    """Return a page of findings; raises `NotSignedIn`, `NotPermitted`."""
    PERMISSIONS.require(reader.caller, "conservation.read")
    legs = [leg] if leg else [one.name for one in LEGS]
    return await repository.page(reader.connection, legs, after, limit, resolved=resolved)


async def request(tx: Transaction, since: date | None, until: date | None) -> UUID:
    """Have everything, or a period, checked now; raises `NotSignedIn`, `NotPermitted`, `FieldErrors`."""
    PERMISSIONS.require(tx.caller, "conservation.check")
    _in_order(since, until)
    run_id = uuid7()
    await repository.request(tx.connection, run_id, since, until, tx.caller.sub, tx.now)
    tx.audit("conservation.requested", key=run_id)
    return run_id


async def run(reader: Reader, run_id: UUID) -> tuple[Any, Totals]:
    """Return a check that was asked for, and what its period comes to.

    Raises:
        NotSignedIn, NotPermitted, RunNotFound.
    """
    PERMISSIONS.require(reader.caller, "conservation.read")
    found = await repository.run(reader.connection, run_id)
    if found is None:
        raise RunNotFound
    return found, await repository.totals(reader.connection, found["since"], found["until"])


def _in_order(since: date | None, until: date | None) -> None:
    if since and until and until < since:
        raise FieldErrors([FieldError("?until", "out-of-range", "不能早于 since")])


# What the workers do.


async def check(context: Context, periods: Sequence[Period]) -> Look:
    """Look once, keep what differs and the totals, and ask where the events are of what differs for longer."""
    began, started = time.monotonic(), context.clock()
    seen = await look(context.state, periods)
    async with _writing(context) as tx:
        await repository.note(tx.connection, seen.differences, started)
        for (side, (since, until)), days in seen.days.items():
            await repository.keep_totals(tx.connection, side, since, until, days, started)
        for leg in [one for one in seen.legs if one not in seen.capped]:
            for since, until in periods:
                for one in await repository.resolve(tx.connection, leg, since, until, started):
                    log.info("conservation: adds up again", **_named(one))
        unresolved = await repository.unresolved(tx.connection, MOST_FOLLOWED)
    seen.seconds = time.monotonic() - began
    due = started - timedelta(seconds=_settings(context).conservation_grace_seconds)
    legs = {leg.name for leg in seen.legs}
    await _follow(context, [one for one in unresolved if one.first_seen <= due and one.leg in legs])
    metrics.SPENT.inc(time.monotonic() - began)
    return seen


async def _follow(context: Context, due: Sequence[Finding]) -> None:
    before = {one.id: one for one in due}
    traced = [one for one in await trace_all(context.state, context.settings, due) if one != before[one.id]]
    async with _writing(context) as tx:
        await repository.stand(tx.connection, traced)
        standing = await repository.standing(tx.connection)
    for one in traced:
        if one.settled and not before[one.id].settled:
            log.error("conservation: does not add up", **_named(one))
    for leg in LEGS:
        for state in Standing:
            metrics.FINDINGS.labels(leg.name, state.value).set(standing.get((leg.name, state), 0))


async def settle(context: Context, periods: Sequence[Period]) -> Look:
    """Look, and look again at what differs, until of each thing it is known what is the matter, or it is on its way."""
    seen = await check(context, periods)
    started = context.clock()
    grace = _settings(context).conservation_grace_seconds
    until = time.monotonic() + grace + PATIENCE_SECONDS
    pause = grace
    while days := await _unsettled(context, started, periods):
        await _rest(context, pause)
        if context.stopping.is_set() or time.monotonic() > until:
            break
        seen.seconds += (await check(context, [(day, day) for day in days])).seconds
        pause = FOLLOW_SECONDS
    return seen


async def _unsettled(context: Context, started: datetime, periods: Sequence[Period]) -> list[date]:
    async with acquired(context.pool) as connection:
        unresolved = await repository.unresolved(connection, MOST_FOLLOWED)
    return sorted(
        {
            one.day
            for one in unresolved
            if not one.settled
            and one.first_seen <= started
            and any(since <= one.day <= until for since, until in periods)
        }
    )


async def answer(context: Context) -> bool:
    """Do the oldest check that somebody asked for; return whether there was one."""
    async with _writing(context) as tx:
        asked = await repository.claim(tx.connection, tx.now)
        round_ = await repository.last_round(tx.connection)
    if asked is None:
        return False
    since = asked["since"] or round_.first_day or BEGINNING
    seen = await settle(context, _slices(since, asked["until"] or legal_day(context.clock())))
    error = f"没有提供账册的服务：{'、'.join(sorted(seen.away))}" if seen.away else None
    async with _writing(context) as tx:
        await repository.end(tx.connection, asked["id"], tx.now, error)
    return True


async def go_round(context: Context) -> bool:
    """Look at the last days, at those with findings, and at some older ones; return whether a round was due."""
    every, now = timedelta(seconds=_settings(context).conservation_seconds), context.clock()
    async with _writing(context) as tx:
        last = await repository.set_out(tx.connection, now, max(every, repository.ABANDONED))
        unresolved = await repository.unresolved(tx.connection, MOST_FOLLOWED)
    if last is None:
        return False
    today = legal_day(now)
    recent = (today - timedelta(days=RECENT_DAYS - 1), today)
    sweep = older_days(last.first_day, last.swept_to, recent[0])
    periods = [recent, *([sweep] if sweep else [])]
    days = sorted({one.day for one in unresolved})
    periods += [(day, day) for day in days if not any(since <= day <= until for since, until in periods)]
    seen = await settle(context, periods)
    if not seen.away:
        metrics.CHECKED.set(context.clock().timestamp())
    async with _writing(context) as tx:
        following = tx.now + max(every, timedelta(seconds=seen.seconds / SHARE))
        complete = None if seen.away else tx.now
        await repository.came_back(tx.connection, following, complete, seen.first_day, sweep and sweep[0])
    return True


def _slices(since: date, until: date) -> list[Period]:
    found, begin = [], since
    if since == BEGINNING:
        return [(since, until)]
    while begin <= until:
        end = min(begin + timedelta(days=MOST_DAYS - 1), until)
        found.append((begin, end))
        begin = end + timedelta(days=1)
    return found


def _writing(context: Context) -> AbstractAsyncContextManager[Transaction]:
    return transaction(context.pool, system("svc-workflow"), context.clock())


def _settings(context: Context) -> Settings:
    assert isinstance(context.settings, Settings)  # noqa: S101 - the service is composed with them
    return context.settings


def _named(one: Finding) -> dict[str, Any]:
    """Return what a log line says of a finding."""
    return {
        "leg": one.leg,
        "flaw": one.flaw.value,
        "where": one.service,
        "subject": str(one.subject),
        "case_id": one.case_id and str(one.case_id),
        "day": one.day.isoformat(),
        "event_type": one.told.type,
        "key": one.key and str(one.key),
        "sequence": one.sequence,
        "stage": one.stage and one.stage.value,
    }


async def _rest(context: Context, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(context.stopping.wait(), seconds)
