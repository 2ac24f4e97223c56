"""The relay: in order per aggregate, bounded in memory, taken over when dead, undisturbed by what cannot be sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from notes import service as notes
from notes.waiting import until

from onestop_runtime import kafka as connect
from onestop_runtime import outbox
from onestop_runtime.caller import Caller
from onestop_runtime.outbox import Relay

ME = Caller(sub=uuid4(), kind="natural", client="web")
OPERATOR = Caller(sub=uuid4(), kind="staff", client="web", given_roles=frozenset({"operator"}))
NOTES = "/api/notes/v1/notes"
EVENTS = "/api/writer/v1/events"
BUSY_SECONDS = 3
"""By how much a busy machine may be late; alone it takes over in 4.5 s."""
Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(service_client: Open, kafka: str) -> Any:
    return await service_client(notes.service("writer"), kafka_bootstrap=kafka)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests takes its time; what is shown here has nothing to do with it."""
    monkeypatch.setattr(connect, "PUBLISH_SECONDS", 20)
    monkeypatch.setattr(outbox, "LEASE_SECONDS", 60)


@asynccontextmanager
async def working(client: Any) -> AsyncIterator[Relay]:
    """Lend a relay that has its leases and publishes when it is told to."""
    relay = Relay(client.context)
    relay._producer = connect.producer(client.context.settings)
    await relay._producer.start()
    await relay._renew()
    try:
        yield relay
    finally:
        await relay._release()
        await relay._drop_producer()


async def written(client: Any, count: int, changes: int = 0) -> list[UUID]:
    """Return the ids of some notes, each changed a few times."""
    keys = []
    for number in range(count):
        note = (await client.as_(ME).post(NOTES, json={"text": f"{uuid4()} {number}"})).json()
        for version in range(1, changes + 1):
            await client.as_(ME).put(
                f"{NOTES}/{note['id']}", json={"text": f"{uuid4()}"}, headers={"If-Match": f'"{version}"'}
            )
        keys.append(UUID(note["id"]))
    return keys


async def published(bootstrap: str, topic: str) -> list[tuple[UUID, int, str, Any]]:
    """Return key, sequence, type and payload of everything in a topic, each partition in order."""
    reader = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        ends = await reader.end_offsets(list(reader.assignment()))
        found: list[tuple[UUID, int, str, Any]] = []
        while len(found) < sum(ends.values()):
            for records in (await reader.getmany(timeout_ms=500)).values():
                for record in records:
                    headers = dict(record.headers)
                    told = UUID(bytes=record.key), int(headers["ce_sequence"]), headers["ce_type"].decode()
                    found.append((*told, json.loads(record.value)))
        return found
    finally:
        await reader.stop()


@pytest.mark.usefixtures("unhurried")
async def test_the_events_of_an_aggregate_are_published_in_order_in_its_partition(client: Any, kafka: str, topic: str):
    keys = await written(client, 6, changes=3)
    async with working(client) as relay:
        assert await relay._publish_batch() == 24
    events = await published(kafka, topic)
    assert {key: [one[1] for one in events if one[0] == key] for key in keys} == {key: [1, 2, 3, 4] for key in keys}
    assert await client.context.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_what_a_dead_worker_held_is_published_within_five_seconds(
    client: Any, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
):
    """It died right after it had taken all leases, and right after the other one had looked for some."""
    pool = client.context.pool
    (key,) = await written(client, 1)
    survivor = Relay(client.context)
    dead = uuid4()
    renewed = asyncio.Event()
    renew = Relay._renew

    async def watched(relay: Relay) -> None:
        await renew(relay)
        renewed.set()

    monkeypatch.setattr(Relay, "_renew", watched)
    await pool.execute("INSERT INTO relay_worker (owner) VALUES ($1)", dead)
    await pool.execute("UPDATE bucket_lease SET owner = $1, expires_at = clock_timestamp() + interval '1 hour'", dead)
    async with asyncio.TaskGroup() as group:
        group.create_task(survivor.run())
        await renewed.wait()
        died = asyncio.get_running_loop().time()
        await pool.execute(
            "UPDATE bucket_lease SET expires_at = clock_timestamp() + make_interval(secs => $1)", outbox.LEASE_SECONDS
        )

        async def gone() -> bool:
            return bool(await pool.fetchval("SELECT count(*) = 0 FROM outbox"))

        await until(gone)
        took = asyncio.get_running_loop().time() - died
        client.context.stopping.set()
    assert took <= 5 + BUSY_SECONDS
    assert [event[0] for event in await published(kafka, topic)] == [key]
    assert outbox.LEASE_SECONDS + outbox.RENEW_SECONDS + outbox.POLL_SECONDS <= 5
    assert outbox.LEASE_SECONDS - connect.PUBLISH_SECONDS > outbox.RENEW_SECONDS


@pytest.mark.usefixtures("topic", "unhurried")
async def test_a_batch_holds_no_more_than_its_share_of_memory(client: Any):
    await written(client, 1, changes=9)
    await client.context.pool.execute("UPDATE outbox SET payload = convert_to(repeat(' ', 100000), 'UTF8')")
    async with working(client) as relay:
        sizes = [await relay._publish_batch() for _ in range(5)]
    assert sizes == [3, 3, 3, 1, 0]


async def test_one_event_that_the_broker_finds_too_large_sets_aside_its_aggregate_and_no_other(
    client: Any, kafka: str, monkeypatch: pytest.MonkeyPatch
):
    """The topic takes less than we believe; which event of a batch it is, the broker does not say."""
    name = f"onestop.test.small-{uuid4().hex[:8]}"
    monkeypatch.setattr(notes.NoteWritten, "TOPIC", name)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"max.message.bytes": "20000"})])
    await admin.close()
    sick, *healthy = await written(client, 5, changes=1)
    pool = client.context.pool
    await pool.execute(
        "UPDATE outbox SET payload = convert_to(repeat(' ', 30000), 'UTF8') WHERE key = $1 AND sequence = 1", sick
    )

    async def settled() -> bool:
        left = await pool.fetch("SELECT DISTINCT key FROM outbox")
        return [row["key"] for row in left] == [sick] and await pool.fetchval("SELECT count(*) FROM outbox_quarantine")

    async with asyncio.TaskGroup() as group:
        group.create_task(Relay(client.context).run())
        await until(settled)
        client.context.stopping.set()
    assert await pool.fetch("SELECT key, attempts FROM outbox_quarantine") == [(sick, 1)]
    assert {event[0] for event in await published(kafka, name)} == set(healthy)


@pytest.mark.usefixtures("unhurried")
async def test_what_could_not_be_published_is_tried_again_or_replaced_by_an_empty_event(
    client: Any, kafka: str, topic: str
):
    (sick,) = await written(client, 1, changes=2)
    pool, operator = client.context.pool, client.as_(OPERATOR)
    await pool.execute("UPDATE outbox SET payload = convert_to(repeat(' ', 2000000), 'UTF8') WHERE sequence = 1")
    place = f"{EVENTS}/held-up/out/{topic}/{sick}"
    async with working(client) as relay:
        await relay._publish_batch()
        shown = (await operator.get(place)).json()
        assert (shown["state"], shown["sequence"], shown["attempts"], shown["waiting"]) == ("dead", 1, 1, 3)
        assert (await operator.get(f"{EVENTS}/flow")).json()["held_up"]["out"] == 1
        assert await relay._publish_batch() == 0
        assert (await operator.post(f"{place}/replay")).status_code == 202
        discard = {"sequence": 1, "reason": "内容过大，已另行通知"}
        assert (await operator.post(f"{place}/discard", json=discard)).json()["type"] == "/problems/event-under-replay"
        await relay._publish_batch()
        shown = (await operator.get(place)).json()
        assert (shown["state"], shown["attempts"]) == ("dead", 2)
        assert (await operator.post(f"{place}/discard", json=discard)).json() == {"first": 1, "last": 1}
        assert await relay._publish_batch() == 3
    events = await published(kafka, topic)
    assert [event[1] for event in events] == [1, 2, 3]
    assert events[0][2:] == ("cn.onestop.discarded.v1", {})
    assert (await operator.get(place)).status_code == 404
    (hole,) = (await operator.get(f"{EVENTS}/discarded")).json()["items"]
    assert (hole["side"], hole["sequence"], hole["type"]) == ("out", 1, notes.NoteWritten.TYPE)


@pytest.mark.usefixtures("unhurried")
async def test_the_outbox_says_how_deep_and_how_old_it_is(client: Any, topic: str):
    await written(client, 3)
    await client.context.pool.execute("UPDATE outbox SET occurred_at = occurred_at - interval '1 minute'")
    flow = (await client.as_(OPERATOR).get(f"{EVENTS}/flow")).json()
    (depth,) = flow["outbox"]
    assert (depth["topic"], depth["depth"]) == (topic, 3)
    assert depth["oldest_seconds"] > 59
    async with working(client) as relay:
        await relay._publish_batch()
        flow = (await client.as_(OPERATOR).get(f"{EVENTS}/flow")).json()
    assert flow["outbox"] == []
    assert [one["buckets"] for one in flow["relays"]] == [64]
