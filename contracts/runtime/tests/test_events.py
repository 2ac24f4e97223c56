"""Events travel from the outbox to an effect in order, once, whatever breaks on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from notes import service as notes

from onestop_runtime.caller import Caller
from onestop_runtime.clock import now
from onestop_runtime.inbox import Applier, Message
from onestop_runtime.outbox import Relay

ME = Caller(sub=uuid4(), kind="natural", client="web")
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


@pytest.fixture
async def topic(kafka: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    name = f"onestop.test.note-{uuid4().hex[:8]}"
    monkeypatch.setattr(notes.NoteWritten, "TOPIC", name)
    monkeypatch.setattr(notes, "NOTE_TOPIC", name)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 4, 1)])
    yield name
    await admin.close()


async def test_a_committed_event_reaches_the_other_service_once_and_in_order(
    service_client: Open, kafka: str, topic: str
):
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)
    reader = await service_client(notes.service(f"reader-{topic[-8:]}", subscribed=True), kafka=kafka)
    me = writer.as_(ME)
    for number in range(20):
        note = (await me.post(NOTES, json={"text": f"第{number}条"})).json()
        await me.put(f"{NOTES}/{note['id']}", json={"text": f"第{number}条，改"}, headers={"If-Match": '"1"'})

    async def arrived() -> bool:
        return bool(await reader.context.pool.fetchval("SELECT count(*) = 20 FROM note WHERE text LIKE '%改'"))

    await until(arrived)
    assert await reader.context.pool.fetchval("SELECT count(*) FROM note") == 20
    assert await reader.context.pool.fetchval(
        "SELECT min(last) = 2 AND max(last) = 2 FROM inbox WHERE topic = $1", topic
    )

    async def empty() -> bool:
        return bool(await writer.context.pool.fetchval("SELECT count(*) = 0 FROM outbox"))

    await until(empty)


@pytest.mark.usefixtures("topic")
async def test_two_relays_share_the_buckets_and_a_dead_ones_leases_are_taken_over(service_client: Open, kafka: str):
    client = await service_client(notes.service("notes-writer"), kafka_bootstrap=kafka)
    pool = client.context.pool
    await pool.execute(
        "UPDATE bucket_lease SET owner = $1, epoch = 7, expires_at = clock_timestamp() + interval '1 second'", uuid4()
    )
    await client.as_(ME).post(NOTES, json={"text": "甲"})
    relays = [Relay(client.context), Relay(client.context)]
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.run())

        async def shared() -> bool:
            owners = await pool.fetch("SELECT owner, count(*) FROM bucket_lease WHERE owner IS NOT NULL GROUP BY owner")
            published = await pool.fetchval("SELECT count(*) = 0 FROM outbox")
            taken_over = await pool.fetchval("SELECT min(epoch) >= 8 FROM bucket_lease")
            return published and taken_over and sorted(row["count"] for row in owners) == [32, 32]

        await until(shared)
        client.context.stopping.set()
    assert await pool.fetchval("SELECT count(*) FROM bucket_lease WHERE owner IS NOT NULL") == 0


def message(topic: str, key: UUID, sequence: int, text: str = "甲") -> Message:
    return Message(
        topic=topic,
        key=key,
        sequence=sequence,
        type=notes.NoteWritten.TYPE,
        id=str(uuid4()),
        at=now(),
        data={"note_id": str(key), "text": f"{text}", "written_at": now().isoformat()},
        headers={
            "ce_sequence": str(sequence),
            "ce_type": notes.NoteWritten.TYPE,
            "ce_id": "x",
            "ce_time": now().isoformat(),
        },
        payload=f'{{"note_id":"{key}","text":"{text}","written_at":"{now().isoformat()}"}}'.encode(),
    )


@pytest.fixture
async def applier(service_client: Open) -> Applier:
    client = await service_client(notes.service("reader", subscribed=True))
    return Applier(client.context)


async def state_of(applier: Applier, key: UUID) -> tuple[Any, ...]:
    pool = applier._context.pool
    return (
        await pool.fetchval("SELECT text FROM note WHERE id = $1", key),
        await pool.fetchval("SELECT last FROM inbox WHERE key = $1", key),
        await pool.fetchval("SELECT count(*) FROM parked WHERE key = $1", key),
    )


async def test_a_duplicate_changes_nothing(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(applier, key) == ("乙", 2, 0)


async def test_a_message_behind_a_gap_waits_until_the_gap_is_closed(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, key, 3, "丙"))
    assert await state_of(applier, key) == ("甲", 1, 1)
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    assert await state_of(applier, key) == ("丙", 3, 0)


async def test_a_first_message_that_is_not_the_first_waits(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    assert await state_of(applier, key) == (None, None, 1)
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(applier, key) == ("乙", 2, 0)


async def test_a_message_that_fails_for_good_sets_aside_its_aggregate_and_no_other(applier: Applier):
    sick, healthy = uuid4(), uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison"))
    await applier.take(message(notes.NOTE_TOPIC, sick, 2, "乙"))
    await applier.take(message(notes.NOTE_TOPIC, healthy, 1, "丁"))
    assert await state_of(applier, sick) == (None, None, 2)
    assert await state_of(applier, healthy) == ("丁", 1, 0)
    pool = applier._context.pool
    letter = await pool.fetchrow("SELECT * FROM dead_letter WHERE key = $1", sick)
    assert (letter["sequence"], letter["error"]) == (1, "ValueError")


async def test_a_new_consumer_knows_what_was_set_aside_before(applier: Applier):
    sick = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison"))
    successor = Applier(applier._context)
    await successor.load_held_up()
    await successor.take(message(notes.NOTE_TOPIC, sick, 2, "乙"))
    assert await state_of(successor, sick) == (None, None, 2)


async def test_what_arrives_together_is_applied_in_one_transaction(applier: Applier):
    first, second = uuid4(), uuid4()
    arrived = [
        message(notes.NOTE_TOPIC, first, 1, "甲"),
        message(notes.NOTE_TOPIC, second, 1, "丙"),
        message(notes.NOTE_TOPIC, first, 2, "乙"),
    ]
    assert await applier.take_together(arrived)
    assert await state_of(applier, first) == ("乙", 2, 0)
    assert await state_of(applier, second) == ("丙", 1, 0)
    transactions = (
        "SELECT count(DISTINCT t) FROM (SELECT xmin::text t FROM note UNION ALL SELECT xmin::text FROM inbox) x"
    )
    assert await applier._context.pool.fetchval(transactions) == 1


async def test_duplicates_among_what_arrives_change_nothing(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await applier.take_together(
        [message(notes.NOTE_TOPIC, key, 1, "甲"), *[message(notes.NOTE_TOPIC, key, 2, "乙")] * 2]
    )
    assert await state_of(applier, key) == ("乙", 2, 0)
    assert await applier.take_together([message(notes.NOTE_TOPIC, key, 1, "甲")])
    assert await state_of(applier, key) == ("乙", 2, 0)


@pytest.mark.parametrize("odd", [(2, "乙"), (1, "poison")], ids=["gap", "poison"])
async def test_something_out_of_the_ordinary_leaves_all_to_be_taken_one_by_one(applier: Applier, odd: tuple[int, str]):
    sick, healthy = uuid4(), uuid4()
    arrived = [message(notes.NOTE_TOPIC, healthy, 1, "丁"), message(notes.NOTE_TOPIC, sick, *odd)]
    assert not await applier.take_together(arrived)
    assert await state_of(applier, healthy) == (None, None, 0)
    for one in arrived:
        await applier.take(one)
    assert await state_of(applier, healthy) == ("丁", 1, 0)
    assert await state_of(applier, sick) == (None, None, 1)
    assert not await applier.take_together([message(notes.NOTE_TOPIC, sick, 3, "丙")])
