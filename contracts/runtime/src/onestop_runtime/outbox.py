"""The relay: takes committed events from the outbox to Kafka, in order per aggregate, none lost.

An aggregate's events share a bucket, and a bucket is published by the one process that holds its lease. A row is
deleted only after the broker acknowledged it and every earlier row of its bucket in the same batch; what is
published twice after a crash is recognised by its sequence. There is no cursor: a row of a slower transaction
shows up late, but it shows up.
"""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordTooLargeError,
)

from onestop_runtime import kafka, metrics
from onestop_runtime.batches import Batch, Batches
from onestop_runtime.context import Context
from onestop_runtime.logs import logger

LEASE_SECONDS = 3.5
"""With `RENEW_SECONDS` and `POLL_SECONDS`, what a dead worker held is published by another one after 5 s at most."""
RENEW_SECONDS = 0.8
RELEASE_SECONDS = 2
POLL_SECONDS = 0.5
PER_BUCKET = 100
BYTES_PER_BUCKET = 256 * 1024
"""Payloads of a bucket that are held in memory; one more event may go beyond it."""
TOPIC_SECONDS = 0.5
"""How long a batch waits for what it does not know yet of a topic."""
GATHER_SECONDS = 0.02
"""After a batch: what is committed in this time travels in one more batch, not in many."""
WELL_SECONDS = 30
"""Who has published for so long begins again at once."""
POISON = (MessageSizeTooLargeError, RecordTooLargeError, InvalidTopicError)
"""Errors that no repetition heals."""

log = logger(__name__)

Sent = tuple[Mapping[str, Any], Batch | BaseException]

_HEARTBEAT = """
WITH gone AS (DELETE FROM relay_worker WHERE seen_at < clock_timestamp() - make_interval(secs => $2)),
me AS (
    INSERT INTO relay_worker AS w (owner, seen_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at
)
SELECT count(*) FROM relay_worker WHERE owner <> $1 AND seen_at >= clock_timestamp() - make_interval(secs => $2)
"""
_LEASE = """
UPDATE bucket_lease l
SET owner = $1, epoch = l.epoch + CASE WHEN l.owner = $1 THEN 0 ELSE 1 END,
    expires_at = clock_timestamp() + make_interval(secs => $2)
FROM (
    SELECT bucket, owner FROM bucket_lease
    WHERE owner = $1 OR expires_at < clock_timestamp()
    ORDER BY (owner IS DISTINCT FROM $1), bucket LIMIT $3
    FOR UPDATE SKIP LOCKED
) mine
WHERE l.bucket = mine.bucket
RETURNING l.bucket, l.epoch, mine.owner AS former
"""
_RELEASE = """
UPDATE bucket_lease SET expires_at = clock_timestamp() - interval '1 second', owner = NULL
WHERE owner = $1 AND NOT bucket = ANY($2::smallint[])
"""
_PENDING = """
SELECT o.* FROM unnest($1::smallint[]) AS b (bucket)
CROSS JOIN LATERAL (
    SELECT o.*, sum(octet_length(o.payload)) OVER (ORDER BY o.id) - octet_length(o.payload) AS bytes_before
    FROM outbox o
    WHERE o.bucket = b.bucket
      AND NOT EXISTS (
        SELECT 1 FROM outbox_quarantine q WHERE q.topic = o.topic AND q.key = o.key AND q.replay_at IS NULL
      )
    ORDER BY o.id LIMIT $2
) o
WHERE o.bytes_before < $3
"""
_PUBLISHED = """
WITH gone AS (
    DELETE FROM outbox o USING bucket_lease l
    WHERE o.id = ANY($1::bigint[]) AND l.bucket = o.bucket AND l.owner = $2
    RETURNING o.id
)
DELETE FROM outbox_quarantine WHERE outbox_id IN (SELECT id FROM gone)
"""
_QUARANTINE = """
INSERT INTO outbox_quarantine AS q (topic, key, outbox_id, error) VALUES ($1, $2, $3, $4)
ON CONFLICT (topic, key) DO UPDATE
SET outbox_id = excluded.outbox_id, error = excluded.error, replay_at = NULL,
    at = CASE WHEN q.outbox_id = excluded.outbox_id THEN q.at ELSE excluded.at END,
    attempts = CASE WHEN q.outbox_id = excluded.outbox_id THEN q.attempts + 1 ELSE 1 END
WHERE q.replay_at IS NOT NULL
"""
_DEPTH = """
SELECT count(*) AS depth, coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)::float8 AS age
FROM (
    SELECT occurred_at FROM outbox w
    WHERE NOT EXISTS (
        SELECT 1 FROM outbox_quarantine q WHERE q.topic = w.topic AND q.key = w.key AND q.replay_at IS NULL
    )
    ORDER BY id LIMIT 10000
) o
"""
_QUARANTINED = "SELECT count(*) FROM outbox_quarantine WHERE replay_at IS NULL"


class Relay:
    """One relay worker of a process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._service = context.service.name
        self._owner: UUID = uuid4()
        self._buckets: list[int] = []
        self._renewed = 0.0
        self._producer: AIOKafkaProducer | None = None
        self._one_by_one = False

    async def run(self) -> None:
        """Publish until the process stops; then finish the batch and hand the leases back."""
        try:
            await self._keep_publishing()
        finally:
            await self._release()
            await self._drop_producer()

    async def _keep_publishing(self) -> None:
        stopping = self._context.stopping
        delay = 0.2
        while not stopping.is_set():
            began = time.monotonic()
            try:
                await self._publish_until_stopped()
            except (
                KafkaError,
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
            ) as error:
                self._context.ready.discard("broker")
                log.warning("relay starts anew", error=type(error).__name__, retry_seconds=round(delay, 1))
                await self._drop_producer()
                if time.monotonic() - began > WELL_SECONDS:
                    delay = 0.2
                await _wait(stopping, delay)
                delay = min(delay * 2, 5.0)

    async def _publish_until_stopped(self) -> None:
        self._producer = kafka.producer(self._context.settings)
        await self._producer.start()
        self._context.ready.add("broker")
        wake, stopping = self._context.outbox_wake, self._context.stopping
        idle = 0.02
        while not stopping.is_set():
            wake.clear()
            await self._renew()
            published = await self._publish_batch()
            if published:
                idle = 0.02
                if published < PER_BUCKET:
                    await _wait(stopping, GATHER_SECONDS)
                continue
            await _wait(wake, idle)
            idle = min(idle * 2, POLL_SECONDS)

    async def _renew(self) -> None:
        """Keep, take and give back bucket leases, so that every live worker has its share."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        pool = self._context.pool
        others = await pool.fetchval(_HEARTBEAT, self._owner, LEASE_SECONDS)
        share = -(-64 // (others + 1))
        started = time.monotonic()
        rows = await pool.fetch(_LEASE, self._owner, LEASE_SECONDS, share)
        self._renewed = started
        self._buckets = [row["bucket"] for row in rows]
        taken = sum(1 for row in rows if row["former"] not in (None, self._owner))
        if taken:
            metrics.LEASE_TAKEOVERS.labels(self._service).inc(taken)
            log.info("took over bucket leases", buckets=taken)
        await pool.execute(_RELEASE, self._owner, self._buckets)
        depth = await pool.fetchrow(_DEPTH)
        metrics.OUTBOX_DEPTH.labels(self._service).set(depth["depth"])
        metrics.OUTBOX_AGE.labels(self._service).set(depth["age"])
        metrics.OUTBOX_HELD_UP.labels(self._service).set(await pool.fetchval(_QUARANTINED))

    async def _publish_batch(self) -> int:
        rows = await self._context.pool.fetch(_PENDING, self._buckets, PER_BUCKET, BYTES_PER_BUCKET)
        if not rows:
            return 0
        if time.monotonic() - self._renewed > LEASE_SECONDS - kafka.PUBLISH_SECONDS:
            return 0  # the lease might end while we publish; renew first
        acknowledged, failure = await self._send(rows)
        if acknowledged:
            await self._context.pool.execute(_PUBLISHED, acknowledged, self._owner)
            metrics.OUTBOX_PUBLISHED.labels(self._service).inc(len(acknowledged))
        if failure:
            raise failure
        return len(rows)

    async def _send(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[int], BaseException | None]:
        """Send `rows`; return the ids of each bucket's acknowledged prefix and what went wrong, if anything."""
        sent: list[Sent] = []
        late: BaseException | None = None
        try:
            async with asyncio.timeout(kafka.PUBLISH_SECONDS):
                await self._hand_over(rows, sent)
        except TimeoutError as error:
            late = error
        acknowledged, failure = await self._settle(sent)
        return acknowledged, failure or late

    async def _hand_over(self, rows: Sequence[Mapping[str, Any]], sent: list[Sent]) -> None:
        """Give `rows` to the producer and wait for the broker; note in `sent` what became of each."""
        producer = self._producer
        assert producer is not None  # noqa: S101 - set by the only caller's caller
        absent = await _absent(producer, {row["topic"] for row in rows})
        batches = Batches(producer, self._context.service.audience, most=1 if self._one_by_one else None)
        stuck: set[int] = set()  # buckets: nothing may overtake what could not be sent
        for row in rows:
            if row["bucket"] in stuck:
                continue
            outcome = absent.get(row["topic"]) or batches.add(row)
            if isinstance(outcome, BaseException):
                stuck.add(row["bucket"])
            sent.append((row, outcome))
        await batches.send()

    async def _settle(self, sent: Sequence[Sent]) -> tuple[list[int], BaseException | None]:
        acknowledged: list[int] = []
        failure: BaseException | None = None
        one_by_one = False
        for _, group in itertools.groupby(sent, key=lambda pair: pair[0]["bucket"]):
            for row, outcome in group:
                wrong = outcome if isinstance(outcome, BaseException) else outcome.failure
                if wrong is None:
                    acknowledged.append(row["id"])
                    continue
                batch = len(outcome) if isinstance(outcome, Batch) else 0
                if batch or not isinstance(wrong, POISON):
                    failure = wrong  # also poison, once it was sent: the broker misses the number of its batch
                if batch > 1 and isinstance(wrong, POISON):
                    one_by_one = True  # which of them it is, the broker does not say
                elif isinstance(wrong, POISON):
                    await self._quarantine(row, wrong)
                break  # what follows in this bucket goes out again, behind the one that failed
        self._one_by_one = one_by_one or (self._one_by_one and failure is not None)
        return acknowledged, failure

    async def _quarantine(self, row: Mapping[str, Any], error: BaseException) -> None:
        name = type(error).__name__
        await self._context.pool.execute(_QUARANTINE, row["topic"], row["key"], row["id"], name)
        metrics.OUTBOX_QUARANTINED.labels(self._service).inc()
        log.error(
            "event cannot be published; its aggregate waits",
            topic=row["topic"],
            key=str(row["key"]),
            error=name,
        )

    async def _release(self) -> None:
        if self._context.open_pool is None:
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._context.pool.execute(_RELEASE, self._owner, [])
                await self._context.pool.execute("DELETE FROM relay_worker WHERE owner = $1", self._owner)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("leases run out by themselves", error=type(error).__name__)

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        self._renewed = 0.0
        if producer is None:
            return
        # Else `stop` would wait for what cannot be delivered and, cut short, leave a sender that goes on for ever.
        producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001 - there is no public way
        try:
            async with asyncio.timeout(2 * kafka.PUBLISH_SECONDS):
                await producer.stop()
        except Exception as error:  # noqa: BLE001 - also a sender that looks for a batch which we have failed (KeyError)
            log.warning("producer did not stop cleanly", error=type(error).__name__)
            await producer.client.close()  # `stop` has not come so far


async def _absent(producer: AIOKafkaProducer, topics: set[str]) -> dict[str, BaseException]:
    """Return which topics the broker does not let us reach, so that their events do not hold up the others."""
    absent: dict[str, BaseException] = {}
    for topic in topics:
        try:
            async with asyncio.timeout(TOPIC_SECONDS):
                await producer.partitions_for(topic)
        except (KafkaError, TimeoutError) as error:
            absent[topic] = error
    return absent


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Return when `event` is set or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
