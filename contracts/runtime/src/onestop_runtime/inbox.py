"""The consumer: every event of an aggregate is applied once, in order, in one transaction with its effect.

`inbox` keeps the last applied sequence per aggregate. Lower is a duplicate; the next one is applied; a higher one
is parked until the gap closes. A message that fails for good sets its aggregate aside (`dead_letter`); the others
go on. Offsets are committed only for what was done.

What arrives together is applied in one transaction. When anything in it is out of the ordinary (a gap, an error), it is
rolled back and the messages are taken one by one.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from onestop_runtime import kafka, metrics
from onestop_runtime.caller import system
from onestop_runtime.codec import loads
from onestop_runtime.context import Context
from onestop_runtime.logs import TRACEPARENT, logger
from onestop_runtime.problems import Busy, Overloaded, ServiceUnavailable
from onestop_runtime.transaction import Transaction, transaction

ATTEMPTS = 3
WATCHDOG_SECONDS = 120
TRANSIENT = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, Busy, Overloaded,
             ServiceUnavailable, asyncpg.SerializationError, asyncpg.InsufficientResourcesError,
             asyncpg.OperatorInterventionError)  # fmt: skip
"""Errors that pass: the message is tried again until they do."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it arrived.

    Attributes:
        key: id of the aggregate it tells about.
        sequence: its number among the aggregate's events in this topic, from 1 without holes.
        at: when it happened, aware.
        data: the decoded payload.
    """

    topic: str
    key: UUID
    sequence: int
    type: str
    id: str
    at: datetime
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


Handler = Callable[[Transaction, Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic and what is done for each type of event; other types are passed over."""

    topic: str
    handlers: Mapping[str, Handler]


_ADVANCE = """
INSERT INTO inbox AS i (topic, key, last, applied_at)
SELECT $1, $2, $3::bigint, clock_timestamp()
WHERE $3 = 1 OR EXISTS (SELECT 1 FROM inbox WHERE topic = $1 AND key = $2)
ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last, applied_at = excluded.applied_at
WHERE i.last = excluded.last - 1
RETURNING last
"""
_KNOWN = "SELECT topic, key, last FROM inbox WHERE topic = ANY($1::text[]) AND key = ANY($2::uuid[]) FOR UPDATE"
_ADVANCE_ALL = """
INSERT INTO inbox AS i (topic, key, last, applied_at)
SELECT topic, key, last, clock_timestamp()
FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS n (topic, key, last) ORDER BY topic, key
ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last, applied_at = excluded.applied_at
WHERE i.last < excluded.last
"""
_LAST = "SELECT coalesce((SELECT last FROM inbox WHERE topic = $1 AND key = $2), 0)"
_PARK = """
INSERT INTO parked (topic, key, sequence, headers, payload) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_UNPARK = "DELETE FROM parked WHERE topic = $1 AND key = $2 AND sequence = $3 RETURNING headers, payload"
_HELD_UP = """
SELECT topic, key, false AS dead FROM parked WHERE topic = ANY($1::text[]) GROUP BY topic, key
UNION ALL SELECT topic, key, true FROM dead_letter WHERE topic = ANY($1::text[])
"""
_BURY = """
INSERT INTO dead_letter (topic, key, sequence, type, error, attempts) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""


def read_message(topic: str, key: bytes, headers: Mapping[str, str], payload: bytes) -> Message:
    """Return the message that a Kafka record carries; raises `ValueError` or `KeyError` when it is none of ours."""
    return Message(
        topic=topic,
        key=UUID(bytes=key),
        sequence=int(headers["ce_sequence"]),
        type=headers["ce_type"],
        id=headers["ce_id"],
        at=datetime.fromisoformat(headers["ce_time"]),
        data=loads(payload),
        headers=headers,
        payload=payload,
    )


class _Gap(Exception):
    """An event is missing before one that arrived."""


class Applier:
    """Applies messages to the database; knows nothing of Kafka, so that examples and replays use it too."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._service = context.service.name
        self._handlers = {s.topic: s.handlers for s in context.service.subscriptions}
        self._waiting: set[tuple[str, UUID]] = set()
        self._dead: set[tuple[str, UUID]] = set()

    async def load_held_up(self) -> None:
        """Learn which aggregates have parked messages or a dead letter; needed after every assignment."""
        rows = await self._context.pool.fetch(_HELD_UP, list(self._handlers))
        self._dead = {(row["topic"], row["key"]) for row in rows if row["dead"]}
        self._waiting = {(row["topic"], row["key"]) for row in rows if not row["dead"]}

    async def take_together(self, messages: Sequence[Message]) -> bool:
        """Apply the messages in one transaction, if each is its aggregate's next or a duplicate; else do nothing.

        Returns:
            Whether they were applied; if not, `take` has to see to each.
        """
        held_up = self._dead | self._waiting
        if not messages:
            return True
        if any((message.topic, message.key) in held_up for message in messages):
            return False
        try:
            fresh = await self._apply_together(messages)
        except Exception as error:  # noqa: BLE001 - whatever fails, it is found and treated one by one
            log.info("messages are taken one by one", messages=len(messages), error=type(error).__name__)
            return False
        self._measure(messages, fresh)
        return True

    async def _apply_together(self, messages: Sequence[Message]) -> list[Message]:
        """Apply those that are not duplicates and return them; raises `_Gap`."""
        fresh = []
        async with self._transaction() as tx:
            topics, keys = zip(*{(message.topic, message.key) for message in messages}, strict=True)
            known = await tx.connection.fetch(_KNOWN, list(set(topics)), keys)
            last = {(row["topic"], row["key"]): row["last"] for row in known}
            for message in messages:
                place = (message.topic, message.key)
                following = last.get(place, 0) + 1
                if message.sequence > following:
                    raise _Gap
                if message.sequence == following:
                    last[place] = following
                    fresh.append(message)
                    await self._handle(tx, message)
            if fresh:
                advanced = {(message.topic, message.key, last[message.topic, message.key]) for message in fresh}
                await tx.connection.execute(_ADVANCE_ALL, *zip(*advanced, strict=True))
        return fresh

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        context = self._context
        return transaction(
            context.pool,
            system(f"svc-{self._service}"),
            context.clock(),
            constraints=context.service.constraints,
            after_commit=context.wake_relay,
        )

    async def _handle(self, tx: Transaction, message: Message) -> None:
        handler = self._handlers[message.topic].get(message.type)
        if handler is None:
            return
        token = TRACEPARENT.set(message.headers.get("traceparent", ""))
        try:
            await handler(tx, message)
            await tx.write()
        finally:
            TRACEPARENT.reset(token)

    def _measure(self, messages: Sequence[Message], fresh: Sequence[Message]) -> None:
        now = self._context.clock()
        for topic in {message.topic for message in messages}:
            latency = metrics.INBOX_LATENCY.labels(self._service, topic)
            applied = [message for message in fresh if message.topic == topic]
            for message in applied:
                latency.observe(max((now - message.at).total_seconds(), 0))
            metrics.INBOX_APPLIED.labels(self._service, topic).inc(len(applied))
            duplicates = sum(1 for message in messages if message.topic == topic) - len(applied)
            metrics.INBOX_DUPLICATES.labels(self._service, topic).inc(duplicates)

    async def take(self, message: Message) -> None:
        """Apply the message, recognise it as a duplicate, park it or set its aggregate aside; returns when it is safe.

        Errors that pass are waited out; the caller may cancel at any point without harm.
        """
        place = (message.topic, message.key)
        if place in self._dead:
            await self._park(message)
            return
        attempts, delay = 0, 0.1
        while True:
            try:
                await self._apply(message)
                break
            except TRANSIENT as error:
                log.warning("message waits", topic=message.topic, key=str(message.key), error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - whatever fails, the other aggregates go on
                attempts += 1
                if attempts >= ATTEMPTS:
                    await self._bury(message, error, attempts)
                    return
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
        if place in self._waiting:
            await self._apply_parked(message)

    async def _apply(self, message: Message) -> None:
        async with self._transaction() as tx:
            fresh = await tx.connection.fetchval(_ADVANCE, message.topic, message.key, message.sequence)
            if fresh is None:
                await self._not_next(tx, message)
                return
            await self._handle(tx, message)
        self._measure([message], [message])

    async def _not_next(self, tx: Transaction, message: Message) -> None:
        last = await tx.connection.fetchval(_LAST, message.topic, message.key)
        if message.sequence <= last:
            metrics.INBOX_DUPLICATES.labels(self._service, message.topic).inc()
            return
        log.warning("gap in the events of an aggregate; message parked", topic=message.topic, key=str(message.key),
                    expected=last + 1, got=message.sequence)  # fmt: skip
        metrics.INBOX_PARKED.labels(self._service, message.topic).inc()
        await tx.connection.execute(
            _PARK, message.topic, message.key, message.sequence, dict(message.headers), message.payload
        )
        self._waiting.add((message.topic, message.key))

    async def _park(self, message: Message) -> None:
        metrics.INBOX_PARKED.labels(self._service, message.topic).inc()
        await self._context.pool.execute(
            _PARK, message.topic, message.key, message.sequence, dict(message.headers), message.payload
        )

    async def _apply_parked(self, before: Message) -> None:
        """Apply the parked messages that follow `before` without a gap."""
        pool = self._context.pool
        sequence = before.sequence
        while True:
            sequence += 1
            row = await pool.fetchrow(
                "SELECT headers, payload FROM parked WHERE topic = $1 AND key = $2 AND sequence = $3",
                before.topic, before.key, sequence,
            )  # fmt: skip
            if row is None:
                break
            await self._apply(read_message(before.topic, before.key.bytes, row["headers"], row["payload"]))
            await pool.execute(_UNPARK, before.topic, before.key, sequence)
        left = await pool.fetchval(
            "SELECT EXISTS (SELECT 1 FROM parked WHERE topic = $1 AND key = $2)", before.topic, before.key
        )
        if not left:
            self._waiting.discard((before.topic, before.key))

    async def _bury(self, message: Message, error: Exception, attempts: int) -> None:
        log.error(
            "message failed for good; its aggregate is set aside",
            topic=message.topic,
            key=str(message.key),
            type=message.type,
            sequence=message.sequence,
            error=type(error).__name__,
        )
        place = (message.topic, message.key)
        async with transaction(self._context.pool, system(f"svc-{self._service}"), self._context.clock()) as tx:
            await tx.connection.execute(
                _BURY,
                message.topic,
                message.key,
                message.sequence,
                message.type,
                type(error).__name__,
                attempts,
            )
            await tx.connection.execute(
                _PARK, message.topic, message.key, message.sequence, dict(message.headers), message.payload
            )
        self._dead.add(place)
        metrics.INBOX_DEAD.labels(self._service, message.topic).inc()


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, applier: Applier, working: asyncio.Lock) -> None:
        self._applier = applier
        self._working = working

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch under way end (and its offsets be committed) before the partitions go."""
        del revoked
        async with self._working:
            return

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Learn what is held up among the new partitions."""
        del assigned
        await self._applier.load_held_up()


async def consume(context: Context) -> None:
    """Apply what the service subscribed to, until the process stops; finishes the batch under way."""
    delay = 0.2
    while not context.stopping.is_set():
        try:
            await _consume_until_stopped(context)
        except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            context.ready.discard("consumer")
            log.warning("consumer starts anew", error=type(error).__name__, retry_seconds=round(delay, 1))
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)


async def _consume_until_stopped(context: Context) -> None:
    applier = Applier(context)
    working = asyncio.Lock()
    consumer = kafka.consumer(context.settings, f"svc-{context.service.name}")
    consumer.subscribe(
        [subscription.topic for subscription in context.service.subscriptions],
        listener=_Rebalance(applier, working),
    )
    try:
        await consumer.start()
        context.ready.add("consumer")
        progress = time.monotonic()
        while not context.stopping.is_set():
            batch = await consumer.getmany(timeout_ms=200)
            if batch:
                async with working:
                    await _apply_batch(applier, consumer, batch)
                progress = time.monotonic()
            elif time.monotonic() - progress > WATCHDOG_SECONDS:
                await _watch(consumer)
                progress = time.monotonic()
    finally:
        await consumer.stop()


async def _apply_batch(applier: Applier, consumer: AIOKafkaConsumer, batch: Mapping[TopicPartition, list[Any]]) -> None:
    """Apply what arrived, each partition in order; then commit the offsets of what was done."""
    arrived = [list(_messages_of(records)) for records in batch.values()]
    if not await applier.take_together(list(itertools.chain.from_iterable(arrived))):
        async with asyncio.TaskGroup() as group:
            for messages in arrived:
                group.create_task(_take_one_by_one(applier, messages))
    offsets = {partition: records[-1].offset + 1 for partition, records in batch.items()}
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        # The partitions went to somebody else meanwhile; he gets the messages again and knows them by sequence.
        log.warning("offsets not committed", error=type(error).__name__)


async def _take_one_by_one(applier: Applier, messages: Sequence[Message]) -> None:
    for message in messages:
        await applier.take(message)


def _messages_of(records: Sequence[Any]) -> Iterator[Message]:
    for record in records:
        headers = {name: value.decode() for name, value in record.headers}
        try:
            yield read_message(record.topic, record.key, headers, record.value)
        except (ValueError, KeyError, TypeError) as error:
            log.warning("record is no event of ours; passed over", topic=record.topic, partition=record.partition,
                      offset=record.offset, error=type(error).__name__)  # fmt: skip


async def _watch(consumer: AIOKafkaConsumer) -> None:
    """End the process when there is lag and no progress: a new one does better than a stuck one."""
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        position = await consumer.position(partition)
        if end is not None and end > position:
            log.error("consumer is stuck; the process ends", topic=partition.topic, lag=end - position)
            os._exit(70)
