"""Commands that arrive together share a transaction, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from notes import service as notes

from onestop_runtime import sharing
from onestop_runtime.caller import Caller
from onestop_runtime.sharing import Lane, NotTogether
from onestop_runtime.transaction import Transaction

NOTES = "/api/notes/v1/notes"
ME = Caller(sub=uuid4(), kind="natural", client="web")
OTHER = Caller(sub=uuid4(), kind="natural", client="web")
NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
SEVERAL = 12

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(service_client: Open) -> Any:
    return await service_client(notes.service())


async def rows(client: Any, query: str) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await client.context.pool.fetch(query)
    return found


async def written(client: Any, several: int = SEVERAL) -> list[str]:
    """Return the addresses of some notes of mine."""
    made = [await client.as_(ME).post(NOTES, json={"text": str(number)}) for number in range(several)]
    return [f"{NOTES}/{answer.json()['id']}/text" for answer in made]


async def test_those_who_arrive_together_wait_for_the_disk_together(client: Any):
    addresses = await written(client)
    me = client.as_(ME)
    answers = await asyncio.gather(
        *(me.post(address, json={"text": f"新 {number}"}) for number, address in enumerate(addresses))
    )
    assert [(answer.status_code, answer.json()["text"]) for answer in answers] == [
        (200, f"新 {number}") for number in range(SEVERAL)
    ]
    assert {row["text"] for row in await rows(client, "SELECT text FROM note")} == {
        f"新 {number}" for number in range(SEVERAL)
    }
    audits = await rows(client, "SELECT xmin::text AS transaction, * FROM audit WHERE verb = 'note.changed'")
    assert len({row["transaction"] for row in audits}) < SEVERAL / 2
    assert {(row["key"], row["request_id"]) for row in audits} == {
        (UUID(answer.json()["id"]), answer.headers["x-request-id"]) for answer in answers
    }
    events = await rows(client, "SELECT key, traceparent FROM outbox WHERE sequence = 2")
    assert {(row["key"], row["traceparent"]) for row in events} == {
        (UUID(answer.json()["id"]), answer.headers["traceparent"]) for answer in answers
    }


async def test_who_is_refused_leaves_nothing_and_holds_up_nobody(client: Any):
    addresses = await written(client)
    mine, others = client.as_(ME), client.as_(OTHER)
    answers = await asyncio.gather(
        *((others if number % 3 == 0 else mine).post(address, json={"text": f"新 {number}"})
          for number, address in enumerate(addresses))
    )  # fmt: skip
    assert [answer.status_code for answer in answers] == [404 if number % 3 == 0 else 200 for number in range(SEVERAL)]
    changed = await rows(client, "SELECT key FROM audit WHERE verb = 'note.changed'")
    assert len(changed) == len(await rows(client, "SELECT 1 FROM note WHERE version = 2")) == SEVERAL - SEVERAL // 3


async def test_two_changes_of_one_note_follow_each_other(client: Any):
    (address,) = await written(client, 1)
    me = client.as_(ME)
    answers = await asyncio.gather(*(me.post(address, json={"text": f"新 {number}"}) for number in range(5)))
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6]
    sequences = await rows(client, "SELECT sequence, version FROM outbox ORDER BY id")
    assert [(row["sequence"], row["version"]) for row in sequences] == [(number, number) for number in range(1, 7)]


async def test_ten_clicks_at_once_are_one_change(client: Any):
    (address,) = await written(client, 1)
    key = {"Idempotency-Key": str(uuid4())}
    me = client.as_(ME)
    answers = await asyncio.gather(*(me.post(address, json={"text": "新"}, headers=key) for _ in range(10)))
    assert {(answer.status_code, answer.json()["version"]) for answer in answers} == {(200, 2)}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 9


async def test_what_the_database_refuses_is_refused_to_that_one_alone(client: Any):
    addresses = await written(client)
    taken = "新 1"
    await client.as_(ME).post(NOTES, json={"text": taken})
    me = client.as_(ME)
    answers = await asyncio.gather(
        *(me.post(address, json={"text": f"新 {number}"}) for number, address in enumerate(addresses))
    )
    assert [answer.status_code for answer in answers] == [409 if number == 1 else 200 for number in range(SEVERAL)]
    assert answers[1].json()["type"] == "/problems/note-exists"
    assert len(await rows(client, "SELECT 1 FROM note WHERE version = 2")) == SEVERAL - 1
    assert len(await rows(client, "SELECT 1 FROM audit WHERE verb = 'note.changed'")) == SEVERAL - 1


async def test_the_waiting_are_spread_over_what_may_be_open(client: Any):
    lane = Lane(lambda: None)
    together: dict[int, int] = {}

    async def member(number: int) -> None:
        async with lane.transaction(client.context.pool, number, ME, NOW) as tx:
            transaction = await tx.connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
            together[transaction] = together.get(transaction, 0) + 1

    await asyncio.gather(*(member(number) for number in range(SEVERAL)))
    assert list(together.values()) == [SEVERAL / sharing.SIDE_BY_SIDE] * sharing.SIDE_BY_SIDE


async def test_one_note_named_in_two_spellings_is_one_note(client: Any):
    (address,) = await written(client, 1)
    note_id = address.split("/")[-2]
    spellings = (note_id, note_id.upper(), note_id.replace("-", ""))
    me = client.as_(ME)
    answers = await asyncio.gather(
        *(me.post(f"{NOTES}/{name}/text", json={"text": f"新 {number}"}) for number, name in enumerate(spellings))
    )
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4]


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "SIDE_BY_SIDE", 1)


@pytest.mark.usefixtures("one_at_a_time")
async def test_who_gives_up_holds_up_nobody(client: Any):
    first, second = [UUID(address.split("/")[-2]) for address in await written(client, 2)]
    lane = Lane(lambda: None)
    pool = client.context.pool
    arrived = asyncio.Event()

    async def give_up() -> None:
        async with lane.transaction(pool, first, ME, NOW):
            arrived.set()
            await asyncio.Event().wait()

    async def carry_on() -> Any:
        async with lane.transaction(pool, second, ME, NOW) as tx:
            await arrived.wait()
            row = await tx.together(notes.lock_all, second)
            tx.later(notes.change_all, (second, "新", row["version"] + 1))

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        stopped = group.create_task(give_up())
        group.create_task(carry_on())
        await arrived.wait()
        stopped.cancel()
    assert stopped.cancelled()
    assert [row["text"] for row in await rows(client, "SELECT text FROM note WHERE version = 2")] == ["新"]


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_transaction_that_breaks_tells_every_member(client: Any):
    first, second = [UUID(address.split("/")[-2]) for address in await written(client, 2)]
    lane = Lane(lambda: None)

    async def broken(_connection: Any, _wanted: list[UUID]) -> list[None]:
        raise OSError("the line is cut")

    async def member(note_id: UUID) -> None:
        async with lane.transaction(client.context.pool, note_id, ME, NOW) as tx:
            await tx.together(broken, note_id)

    ended = await asyncio.gather(member(first), member(second), return_exceptions=True)
    assert [type(one) for one in ended] == [NotTogether, NotTogether]


async def own_statement_fails(tx: Transaction) -> None:
    """Fail as a statement does that the handler runs by itself."""
    await tx.connection.fetchval("SELECT 1 / 0")


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_statement_that_fails_for_one_member_sends_the_others_on_their_own(client: Any):
    first, second, third = [UUID(address.split("/")[-2]) for address in await written(client, 3)]
    lane = Lane(lambda: None)
    pool = client.context.pool
    failed = asyncio.Event()

    async def fail() -> None:
        async with lane.transaction(pool, first, ME, NOW) as tx:
            try:
                await own_statement_fails(tx)
            finally:
                failed.set()

    async def write_at_once() -> None:
        async with lane.transaction(pool, second, ME, NOW) as tx:
            await tx.connection.execute("UPDATE note SET text = '新' WHERE id = $1", second)

    async def read_later() -> None:
        async with lane.transaction(pool, third, ME, NOW) as tx:
            await failed.wait()
            await tx.connection.fetchval("SELECT 1")

    ended = await asyncio.gather(fail(), write_at_once(), read_later(), return_exceptions=True)
    assert [type(one) for one in ended] == [NotTogether] * 3
    assert await rows(client, "SELECT 1 FROM note WHERE text = '新'") == []


@pytest.mark.usefixtures("one_at_a_time")
async def test_who_is_cancelled_in_the_midst_of_a_statement_sends_the_others_on_their_own(client: Any):
    first, second = [UUID(address.split("/")[-2]) for address in await written(client, 2)]
    lane = Lane(lambda: None)
    pool = client.context.pool
    at_work = asyncio.Event()

    async def wait_for_long() -> None:
        async with lane.transaction(pool, first, ME, NOW) as tx:
            at_work.set()
            await tx.connection.execute("SELECT pg_sleep(20)")

    async def carry_on() -> None:
        async with lane.transaction(pool, second, ME, NOW) as tx:
            await at_work.wait()
            await tx.connection.execute("UPDATE note SET text = '新' WHERE id = $1", second)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        slow = group.create_task(wait_for_long())
        other = group.create_task(told(carry_on()))
        await at_work.wait()
        await until_waiting(client)
        slow.cancel()
    assert isinstance(other.result(), NotTogether)
    assert await rows(client, "SELECT 1 FROM note WHERE text = '新'") == []


async def told(doing: Awaitable[None]) -> Exception | None:
    """Return what was raised."""
    try:
        await doing
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return error
    return None


async def until_waiting(client: Any) -> None:
    """Wait until the sleeping statement runs in the database."""
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    while not await client.context.pool.fetchval(running):  # noqa: ASYNC110 - the database makes it true
        await asyncio.sleep(0.01)
