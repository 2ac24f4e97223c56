"""kill -9 at the worst moments: nothing is lost, nothing happens twice. The long run is `make faults`."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from breaking.checks import Records
from breaking.history import History
from breaking.people import People
from breaking.runner import check
from breaking.stand import PROCESSES, subscriptions
from breaking.walk import Guide, Load, Walk

from onestop_local import processes
from onestop_local.checks import eventually
from onestop_local.stack import Home, Stack

pytestmark = pytest.mark.timeout(240)
SEED = int(os.environ.get("ONESTOP_FAULTS_SEED", "5"))


def pid_of(stack: Stack, process: str) -> int:
    """Return the present pid: a process that was started again has another one."""
    return int(Stack.read(stack.name).document["processes"][process])


def kafka_pid(stack: Stack) -> int:
    found = [processes.read_pid_file(path) for path in Home.of(stack.name).directory.glob("kafka/*.pid.json")]
    broker = next(one for one in found if one)
    return broker.pid


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


@pytest.fixture
async def people(stack: Stack) -> AsyncIterator[People]:
    found = People(stack, History())
    yield found
    await found.close()


@pytest.fixture
async def walk(people: People) -> Walk:
    return Walk(people, await Guide.read(people), random.Random(SEED))  # noqa: S311 - repeatable


async def everything_is_where_it_belongs(stack: Stack, people: People) -> None:
    services = stack.document["services"]
    dsns = {name: one["dsn"] for name, one in services.items()}
    records = Records(dsns, stack.document["kafka"]["bootstrap"], subscriptions())
    assert await check(people, records) == []


async def finish(walk: Walk) -> None:
    await walk.work("reviewer", "task.completed", {"outcome": "pass"})
    await walk.work("approver", "decision.made", {"outcome": "granted"})


async def test_cases_go_on_while_every_process_is_killed(stack: Stack, people: People):
    """Two at a time. People repeat under the same key what was not answered; what they were told is checked."""
    load = Load(people, await Guide.read(people), SEED, walkers=4, pause=0)
    order = random.Random(SEED).sample(PROCESSES, len(PROCESSES))  # noqa: S311 - repeatable
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        for victims in zip(order[::2], order[1::2], strict=True):
            finished = len(load.finished)
            await eventually(lambda finished=finished: _more(load, finished), "a case came to its end", 90)
            for victim in victims:
                os.kill(pid_of(stack, victim), signal.SIGKILL)
        load.stop()
    assert load.broken == []
    assert len(load.finished) > len(order) // 2
    await everything_is_where_it_belongs(stack, people)


async def _more(load: Load, finished: int) -> bool:
    return len(load.finished) > finished


async def test_intake_killed_between_commit_and_publish_loses_nothing(stack: Stack, people: People, walk: Walk):
    """The broker stands still, so that the accepted case is committed and cannot be published; then intake dies."""
    await walk.fill_in()
    await walk.submit()
    async with frozen(kafka_pid(stack)):
        await walk.accept()
        async with database(stack, "intake") as intake:
            waiting = await intake.fetchval("SELECT count(*) FROM outbox WHERE key = $1::uuid", walk.id)
        assert waiting >= 1
        os.kill(pid_of(stack, "svc-intake"), signal.SIGKILL)
    await finish(walk)
    await everything_is_where_it_belongs(stack, people)


async def test_workflow_killed_between_effect_and_offset_commit_does_nothing_twice(
    stack: Stack, people: People, walk: Walk
):
    """A lock holds the effect back until the broker stands still: it commits, its offset cannot, and workflow dies."""
    await walk.fill_in()
    await walk.submit()
    async with database(stack, "workflow") as workflow:
        async with workflow.transaction():
            await workflow.execute("LOCK TABLE proceeding IN SHARE ROW EXCLUSIVE MODE")
            await walk.accept()
            await eventually(lambda: _waits_for_lock(stack), "the effect waits for the lock")
            broker = frozen(kafka_pid(stack))
            await broker.__aenter__()
        try:
            await eventually(lambda: _has_proceeding(stack, walk.id), "the effect is committed")
            os.kill(pid_of(stack, "svc-workflow"), signal.SIGKILL)
        finally:
            await broker.__aexit__(None, None, None)
    await finish(walk)
    await everything_is_where_it_belongs(stack, people)


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
