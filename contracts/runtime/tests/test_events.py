"""Events travel from the outbox to an effect in order, once, whatever breaks on the way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from notes import service as notes
from notes.messages import message
from notes.waiting import until, until_logged

from onestop_runtime import consumer
from onestop_runtime import kafka as connect
from onestop_runtime.caller import Caller
from onestop_runtime.outbox import Relay

ME = Caller(sub=uuid4(), kind="natural", client="web")
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


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


async def test_what_was_parked_is_known_before_the_first_message_is_taken(
    service_client: Open, service_database: Open, kafka: str, topic: str, caplog: pytest.LogCaptureFixture
):
    """The table of dead letters is locked while the consumer starts: it has to wait, and not to go on without."""
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)
    me = writer.as_(ME)
    service = notes.service(f"reader-{topic[-8:]}", subscribed=True)
    dsn = await service_database(service)
    key = UUID((await me.post(NOTES, json={"text": "甲"})).json()["id"])
    second = message(topic, key, 2, "乙")
    lock = await asyncpg.connect(dsn)
    await lock.execute(
        "INSERT INTO parked (topic, key, sequence, headers, payload) VALUES ($1, $2, 2, $3::text::jsonb, $4)",
        topic, key, json.dumps(dict(second.headers)), second.payload,
    )  # fmt: skip
    async with lock.transaction():
        await lock.execute("LOCK TABLE dead_letter")
        reader = await service_client(service, dsn=dsn, kafka=kafka)
        await until_logged(caplog, "consumer starts anew")
    await lock.close()

    async def applied() -> bool:
        text = await reader.context.pool.fetchval("SELECT text FROM note WHERE id = $1", key)
        return text == "乙" and not await reader.context.pool.fetchval("SELECT count(*) FROM parked")

    await until(applied)


async def test_a_producer_that_is_given_up_stops_also_when_it_cannot_deliver(
    service_client: Open, kafka: str, topic: str
):
    """It must not go on beside its successor, which sends the same events again."""
    client = await service_client(notes.service("notes-writer"), kafka_bootstrap=kafka)
    before = len(senders())
    relay = Relay(client.context)
    producer = relay._producer = connect.producer(client.context.settings)
    await producer.start()
    await producer.partitions_for(topic)
    producer._sender._muted_partitions |= {TopicPartition(topic, number) for number in range(4)}
    undelivered = await producer.send(topic, b"{}")
    assert len(senders()) == before + 1
    await relay._drop_producer()
    assert len(senders()) == before
    assert isinstance(undelivered.exception(), KafkaError)


async def test_a_sender_that_broke_with_its_broker_does_not_end_the_relay(
    service_client: Open, kafka: str, topic: str, caplog: pytest.LogCaptureFixture
):
    """Met when a leader was killed: the sender looks for a batch that was given up (KeyError)."""
    client = await service_client(notes.service("notes-writer"), kafka_bootstrap=kafka)
    relay = Relay(client.context)
    producer = relay._producer = connect.producer(client.context.settings)
    await producer.start()
    await producer.partitions_for(topic)

    async def broken() -> None:
        raise KeyError("batch")

    await producer._sender.close()
    producer._sender.close = broken
    await relay._drop_producer()
    assert "producer did not stop cleanly" in caplog.messages
    assert not any(connection.connected() for connection in producer.client._conns.values())


@pytest.mark.usefixtures("topic")
async def test_what_was_acknowledged_is_done_with_though_other_events_have_to_wait(service_client: Open, kafka: str):
    client = await service_client(notes.service("notes-writer"), kafka_bootstrap=kafka)
    pool = client.context.pool
    for text in ("甲", "乙"):
        await client.as_(ME).post(NOTES, json={"text": text})
    await pool.execute("UPDATE outbox SET topic = 'onestop.test.nowhere' WHERE id = (SELECT max(id) FROM outbox)")
    relay = Relay(client.context)
    relay._producer = connect.producer(client.context.settings)
    await relay._producer.start()
    await relay._renew()
    with pytest.raises((KafkaError, TimeoutError)):
        await relay._publish_batch()
    await relay._drop_producer()
    assert [row["topic"] for row in await pool.fetch("SELECT topic FROM outbox")] == ["onestop.test.nowhere"]


@pytest.mark.usefixtures("topic")
async def test_nothing_overtakes_an_event_that_could_not_be_sent(
    service_client: Open, kafka: str, monkeypatch: pytest.MonkeyPatch
):
    client = await service_client(notes.service("notes-writer"), kafka_bootstrap=kafka)
    note = (await client.as_(ME).post(NOTES, json={"text": "甲"})).json()
    await client.as_(ME).put(f"{NOTES}/{note['id']}", json={"text": "乙"}, headers={"If-Match": '"1"'})
    await client.context.pool.execute(
        "UPDATE outbox SET payload = convert_to(repeat(' ', 2000000), 'UTF8') WHERE sequence = 1"
    )
    sent = []
    send = AIOKafkaProducer.send_batch

    async def watched(producer: AIOKafkaProducer, batch: BatchBuilder, to: str, *, partition: int) -> Any:
        sent.append(batch.record_count())
        return await send(producer, batch, to, partition=partition)

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", watched)
    relay = Relay(client.context)
    relay._producer = connect.producer(client.context.settings)
    await relay._producer.start()
    await relay._renew()
    await relay._publish_batch()
    await relay._drop_producer()
    assert sent == []
    assert await client.context.pool.fetchval("SELECT error FROM outbox_quarantine") == "MessageSizeTooLargeError"


def senders() -> list[Any]:
    """Return the tasks of all Kafka producers of this process."""
    return [task for task in asyncio.all_tasks() if "_sender_routine" in str(task.get_coro())]


async def test_a_consumer_that_worked_well_starts_anew_without_the_delays_of_earlier_failures(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    context = SimpleNamespace(stopping=asyncio.Event(), ready=set())
    seconds = iter((0, 0, 0.05))

    async def fails(_context: Any) -> None:
        try:
            await asyncio.sleep(next(seconds))
        except StopIteration:
            context.stopping.set()
            return
        raise OSError

    monkeypatch.setattr(consumer, "_consume_until_stopped", fails)
    monkeypatch.setattr(consumer, "FIRST_DELAY_SECONDS", 0.1)
    monkeypatch.setattr(consumer, "WELL_SECONDS", 0.04)
    await consumer.consume(context)  # type: ignore[arg-type]
    waited = [record.fields["retry_seconds"] for record in caplog.records if record.message == "consumer starts anew"]
    assert waited == [0.1, 0.2, 0.1]
