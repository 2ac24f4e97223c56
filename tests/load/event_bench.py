"""P6: from a commit in one service over Kafka to the effect in another.

Throughput: events of svc-catalog (an item is suspended) are committed at once in its outbox; svc-intake notes each of
them in its copy of the item. Both are the processes of the stack, with its broker. The parts are measured alone, too:
the relay with a topic that nobody reads, the consumer with events that the reference's producer has written.

How long one event takes, when idle and at half of what is measured here, is measured in `visibility`.
"""

import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import stack as stacks
from aiokafka import AIOKafkaProducer
from measure import ROUNDS, report, until_true

from onestop_local.stack import Stack
from onestop_messages.catalog import GuideSuspended
from onestop_runtime.ids import uuid7
from onestop_runtime.kafka import headers_of
from onestop_runtime.transaction import bucket_of

EVENTS = int(os.environ.get("ONESTOP_BENCH_EVENTS", "20000"))
"""Events of a round that are only published."""
APPLIED = EVENTS // 5
"""Events of a round that are applied, which takes longer."""
EACH = 4
"""Events of one aggregate, which must stay in order."""
UNREAD = "onestop.datashare.grant"
"""A topic that no service reads."""
CODE = "11130371037100371Q4000131009999"
CORE = "events/s of a core"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast events went.

    Attributes:
        per_second: events per second of the clock.
        per_core: events per second of processor time of the process that was measured.
    """

    per_second: float
    per_core: float


@dataclass(frozen=True, slots=True)
class Ground:
    """Connections to both databases and the broker, and who is measured.

    Attributes:
        relay: process id of svc-catalog.
        consumer: process id of svc-intake.
    """

    catalog: asyncpg.Connection
    wake: asyncpg.Connection
    intake: asyncpg.Connection
    producer: AIOKafkaProducer
    relay: int
    consumer: int


async def p6(stack: Stack) -> float:
    """Tell how many events go per second through outbox, Kafka and inbox, beside a raw producer; return it."""
    seen: dict[str, list[Rate]] = defaultdict(list)
    async with on_ground(stack) as ground:
        for _ in range(ROUNDS):
            for name, measure in _PARTS.items():
                seen[name].append(await measure(ground))
            await forget(ground.intake)

    def median(name: str, what: str) -> float:
        figures: list[float] = [getattr(one, what) for one in seen[name]]
        return statistics.median(figures)

    raw = median("raw", "per_second")
    report("P6", "events/s", median("whole", "per_second"), raw, ">= 40,000 a core")
    for part, target in (("whole", ">= 40,000"), ("relay", "-"), ("consumer", "-")):
        report(f"P6 {part}, processor time", CORE, median(part, "per_core"), median("raw", "per_core"), target)
    for part in ("relay", "consumer"):
        report(f"P6 {part} alone", "events/s", median(part, "per_second"), raw, "-")
    return median("whole", "per_second")


@asynccontextmanager
async def on_ground(stack: Stack) -> AsyncIterator[Ground]:
    services, processes = stack.document["services"], stack.document["processes"]
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.document["kafka"]["bootstrap"],
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=256 * 1024,
    )
    await producer.start()
    connections = [await asyncpg.connect(services[name]["dsn"]) for name in ("catalog", "catalog", "intake")]
    catalog, wake, intake = connections
    try:
        yield Ground(catalog, wake, intake, producer, processes["svc-catalog"], processes["svc-intake"])
    finally:
        for connection in connections:
            await connection.close()
        await producer.stop()


def _events(topic: str, count: int) -> list[Row]:
    """Return `count` events as rows of an outbox; each aggregate's in order."""
    keys = [uuid7() for _ in range(count // EACH)]
    return [row_of(topic, key, sequence) for sequence in range(1, EACH + 1) for key in keys]


def row_of(topic: str, key: UUID, sequence: int) -> Row:
    """Return an event as a row of the outbox of svc-catalog."""
    now = datetime.now(UTC)  # noqa: TID251 - the event's own instant
    event = GuideSuspended(
        item_id=key, guide_version_id=key, code=CODE, reason=f"第{sequence}次暂停受理", suspended_at=now
    )
    return {
        "bucket": bucket_of(key),
        "topic": topic,
        "key": key,
        "sequence": sequence,
        "version": sequence,
        "type": event.TYPE,
        "event_id": uuid7(),
        "occurred_at": now,
        "traceparent": None,
        "payload": event.model_dump_json().encode(),
    }


async def _whole(ground: Ground) -> Rate:
    """Commit events that svc-intake reads; until all of them are applied."""
    rows = _events(GuideSuspended.TOPIC, APPLIED)
    busy = processor_time(ground.relay, ground.consumer)
    began = await _commit(ground, rows)
    return Rate(len(rows) / (await _applied(ground, rows) - began).total_seconds(), len(rows) / busy())


async def _relay(ground: Ground) -> Rate:
    """Commit events that nobody reads; until all of them have left the outbox."""
    rows = _events(UNREAD, EVENTS)
    busy = processor_time(ground.relay)
    await _commit(ground, rows)
    began = time.monotonic()
    await until_true(ground.catalog, "SELECT NOT EXISTS (SELECT FROM outbox)")
    return Rate(len(rows) / (time.monotonic() - began), len(rows) / busy())


async def _consumer(ground: Ground) -> Rate:
    """Write events for svc-intake to the broker at once; until all of them are applied."""
    rows = _events(GuideSuspended.TOPIC, APPLIED)
    busy = processor_time(ground.consumer)
    began = await _now(ground.intake)
    await _write(ground.producer, rows)
    return Rate(len(rows) / (await _applied(ground, rows) - began).total_seconds(), len(rows) / busy())


async def _raw(ground: Ground) -> Rate:
    """Write the same messages with batches of our own making, to a topic that nobody reads."""
    rows = _events(UNREAD, EVENTS)
    began, busy = time.monotonic(), processor_time(os.getpid())
    await _write(ground.producer, rows)
    return Rate(len(rows) / (time.monotonic() - began), len(rows) / busy())


_PARTS = {"whole": _whole, "raw": _raw, "relay": _relay, "consumer": _consumer}


def processor_time(*pids: int) -> Callable[[], float]:
    """Return a function that says how much processor time the processes have used since now, in seconds."""
    before = sum(map(stacks.cpu_seconds, pids))
    return lambda: max(sum(map(stacks.cpu_seconds, pids)) - before, 0.01)


async def _commit(ground: Ground, rows: list[Row]) -> datetime:
    """Commit `rows` in the outbox of svc-catalog while its relay is awake; return when, by the server's clock.

    The relay looks rarely while there is nothing, and only its own process can wake it; a first event does.
    """
    async with ground.catalog.transaction():
        await put(ground.catalog, rows)
        await put(ground.wake, [row_of(UNREAD, uuid7(), 1)])
        await until_true(ground.wake, "SELECT NOT EXISTS (SELECT FROM outbox)")
    return await _now(ground.wake)


async def _now(connection: asyncpg.Connection) -> datetime:
    """Return the server's clock; both databases have the same one."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return now


async def put(connection: asyncpg.Connection, rows: list[Row]) -> None:
    """Write `rows` into an outbox at once."""
    await connection.copy_records_to_table(
        "outbox", columns=list(rows[0]), records=[tuple(row.values()) for row in rows]
    )


async def _applied(ground: Ground, rows: list[Row]) -> datetime:
    """Wait until svc-intake has applied all `rows`; return when it did, by the server's clock."""
    keys = list({row["key"] for row in rows})
    last: datetime
    while True:
        count, last = await ground.intake.fetchrow(
            "SELECT count(*), max(applied_at) FROM inbox WHERE topic = $1 AND key = ANY($2::uuid[]) AND last = $3",
            rows[0]["topic"], keys, EACH,
        )  # fmt: skip
        if count == len(keys):
            return last
        await asyncio.sleep(0.1)


async def _write(producer: AIOKafkaProducer, rows: list[Row]) -> None:
    """Write `rows` to the broker in batches that are as large as may be."""
    partitions: dict[int, list[Row]] = defaultdict(list)
    count = len(await producer.partitions_for(rows[0]["topic"]))
    for row in rows:
        partitions[row["bucket"] % count].append(row)
    async with asyncio.TaskGroup() as group:
        for partition, those in partitions.items():
            group.create_task(_write_partition(producer, partition, those))


async def _write_partition(producer: AIOKafkaProducer, partition: int, rows: list[Row]) -> None:
    batch, topic, sent = producer.create_batch(), rows[0]["topic"], []
    for row in rows:
        message = {
            "key": row["key"].bytes, "value": row["payload"], "timestamp": None,
            "headers": headers_of(row, "svc-catalog"),
        }  # fmt: skip
        if batch.append(**message) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**message)
    sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


async def forget(intake: asyncpg.Connection) -> None:
    """Take the items of a round out of svc-intake again."""
    await intake.execute(
        "WITH gone AS (DELETE FROM item WHERE code = $1 RETURNING id) DELETE FROM inbox USING gone WHERE key = gone.id",
        CODE,
    )
