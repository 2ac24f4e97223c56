"""kill -9 at the worst moments: nothing is lost, nothing happens twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from onestop_local import processes
from onestop_local.checks import eventually
from onestop_local.journey import Journey
from onestop_local.stack import Home, Stack

pytestmark = pytest.mark.timeout(240)
SERVICES = ("gateway", "svc-catalog", "svc-intake", "svc-workflow", "svc-datashare", "svc-credit")


def pid_of(stack: Stack, process: str) -> int:
    """Return the present pid: a process that was started again has another one."""
    return int(Stack.read(stack.name).document["processes"][process])


def kafka_pid(stack: Stack) -> int:
    found = [processes.read_pid_file(path) for path in Home.of(stack.name).directory.glob("kafka/*.pid.json")]
    broker = next(one for one in found if one)
    return broker.pid


async def kill(stack: Stack, process: str) -> None:
    """Kill a process and wait until another one is in its place."""
    before = pid_of(stack, process)
    os.kill(before, signal.SIGKILL)

    async def replaced() -> bool:
        return pid_of(stack, process) != before

    await eventually(replaced, f"{process} started again", 60)


@asynccontextmanager
async def database(stack: Stack, service: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.document["services"][service]["dsn"])
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def frozen(pid: int) -> AsyncIterator[None]:
    """Hold a process still for the length of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def counts(stack: Stack, case_id: str) -> dict[str, Any]:
    """Return how often each thing of a case is there."""
    async with database(stack, "workflow") as workflow:
        proceedings = await workflow.fetchval("SELECT count(*) FROM proceeding WHERE case_id = $1::uuid", case_id)
        decisions = await workflow.fetchval(
            "SELECT count(*) FROM decision d JOIN proceeding p ON p.id = d.proceeding_id WHERE p.case_id = $1::uuid",
            case_id,
        )
        licences = await workflow.fetchval("SELECT count(*) FROM licence WHERE case_id = $1::uuid", case_id)
    async with database(stack, "credit") as credit:
        records = await credit.fetchval("SELECT count(*) FROM record WHERE case_id = $1::uuid", case_id)
    return {"proceedings": proceedings, "decisions": decisions, "licences": licences, "records": records}


ONCE = {"proceedings": 1, "decisions": 1, "licences": 1, "records": 1}


@pytest.mark.parametrize("victim", SERVICES)
async def test_a_case_goes_on_when_a_process_is_killed_in_its_midst(stack: Stack, victim: str):
    """The victim dies while the case is under way; clients repeat as a phone on a bad line would."""
    async with Journey(stack) as journey:
        walking = asyncio.ensure_future(journey.run())  # noqa: TID251 - awaited three lines below

        async def under_way() -> bool:
            return bool(journey.case.number) or walking.done()

        await eventually(under_way, "the case was submitted", 90)
        await kill(stack, victim)
        case = await walking
    assert await counts(stack, case.id) == ONCE


async def submitted(journey: Journey) -> None:
    await journey.sign_in()
    await journey.find_item()
    await journey.open_case()
    await journey.prove_by_sharing()
    await journey.hand_in()
    await journey.submit_twice()


async def test_intake_killed_between_commit_and_publish_loses_nothing(stack: Stack):
    """The broker stands still, so that the accepted case is committed and cannot be published; then intake dies."""
    async with Journey(stack) as journey:
        await submitted(journey)
        await journey.api("window_clerk")
        async with frozen(kafka_pid(stack)):
            await journey.accept()
            async with database(stack, "intake") as intake:
                waiting = await intake.fetchval("SELECT count(*) FROM outbox WHERE key = $1::uuid", journey.case.id)
            assert waiting >= 1
            os.kill(pid_of(stack, "svc-intake"), signal.SIGKILL)
        await journey.review()
        await journey.check_on_site()
        await journey.decide()
        await journey.read_disclosure()
    assert await counts(stack, journey.case.id) == ONCE


async def test_workflow_killed_between_effect_and_offset_commit_does_nothing_twice(stack: Stack):
    """A lock holds the effect back until the broker stands still: it commits, its offset cannot, and workflow dies."""
    async with Journey(stack) as journey:
        await submitted(journey)
        async with database(stack, "workflow") as workflow:
            async with workflow.transaction():
                await workflow.execute("LOCK TABLE proceeding IN SHARE ROW EXCLUSIVE MODE")
                await journey.accept()
                await eventually(lambda: _waits_for_lock(stack), "the effect waits for the lock")
                broker = frozen(kafka_pid(stack))
                await broker.__aenter__()
            try:
                await eventually(lambda: _has_proceeding(stack, journey.case.id), "the effect is committed")
                os.kill(pid_of(stack, "svc-workflow"), signal.SIGKILL)
            finally:
                await broker.__aexit__(None, None, None)
        await journey.review()
        await journey.check_on_site()
        await journey.decide()
        await journey.read_disclosure()
    assert await counts(stack, journey.case.id) == ONCE
    async with database(stack, "workflow") as workflow:
        assert await workflow.fetchval("SELECT count(*) FROM dead_letter") == 0
        assert await workflow.fetchval("SELECT count(*) FROM parked") == 0


async def _waits_for_lock(stack: Stack) -> bool:
    async with database(stack, "workflow") as workflow:
        return bool(
            await workflow.fetchval(
                "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                "WHERE c.relname = 'proceeding' AND NOT l.granted)"
            )
        )


async def _has_proceeding(stack: Stack, case_id: str) -> bool:
    async with database(stack, "workflow") as workflow:
        return bool(
            await workflow.fetchval("SELECT EXISTS (SELECT 1 FROM proceeding WHERE case_id = $1::uuid)", case_id)
        )


async def test_after_all_kills_every_outbox_is_empty_and_nobody_is_set_aside(stack: Stack):
    for service in ("catalog", "intake", "workflow", "datashare", "credit"):
        async with database(stack, service) as connection:

            async def empty(connection: asyncpg.Connection = connection) -> bool:
                return not await connection.fetchval("SELECT count(*) FROM outbox")

            await eventually(empty, f"{service}: outbox empty")
            assert await connection.fetchval("SELECT count(*) FROM dead_letter") == 0
            assert await connection.fetchval("SELECT count(*) FROM parked") == 0
