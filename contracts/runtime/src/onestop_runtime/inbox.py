"""The inbox: every event of an aggregate is applied once, in order, in one transaction with its effect.

`inbox` keeps the last applied sequence per aggregate. Lower is a duplicate; the next one is applied; a higher one
is parked until the gap closes. A message that fails for good sets its aggregate aside (`dead_letter`); the others
go on. What is held up is looked at again and again (`Applier.look`): so an operator who asks for another attempt, or
discards what cannot be applied, only writes that down, and whoever consumes goes on from there.

What arrives together is applied in one transaction. When anything in it is out of the ordinary (a gap, an error), it is
rolled back and the messages are taken one by one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from onestop_runtime import metrics
from onestop_runtime.caller import system
from onestop_runtime.codec import loads
from onestop_runtime.context import Context
from onestop_runtime.failure import place_of, what_failed
from onestop_runtime.logs import TRACEPARENT, logger
from onestop_runtime.patience import CONTENDED_SECONDS, FIRST_DELAY_SECONDS, TRANSIENT, Patience
from onestop_runtime.transaction import Transaction, transaction

ATTEMPTS = 3
GAP_SECONDS = 60
"""A gap that stays longer will not close by itself: events of one aggregate travel in one partition, in order."""
FOLLOWED_AT_ONCE = 200
"""Aggregates that go on from one look; then others have their turn."""
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
    """A topic and what is done for each type of event; other types are passed over.

    Attributes:
        compacted: whether the broker keeps the last event of each aggregate only. Every event then tells the whole
            state of its aggregate, and one that is missing before it is no loss.
    """

    topic: str
    handlers: Mapping[str, Handler]
    compacted: bool = False


_OURS = ("ce_", "traceparent")
"""What the headers that we read begin with; others are somebody else's."""
_MOST_EVENTS = 2**63 - 1
_ADVANCE = """
INSERT INTO inbox AS i (topic, key, last, applied_at)
SELECT $1, $2, $3::bigint, clock_timestamp()
WHERE $3 = 1 OR $4 OR EXISTS (SELECT 1 FROM inbox WHERE topic = $1 AND key = $2)
ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last, applied_at = excluded.applied_at
WHERE i.last = excluded.last - 1 OR ($4 AND i.last < excluded.last)
RETURNING last
"""
_KNOWN = "SELECT topic, key, last FROM inbox WHERE topic = ANY($1::text[]) AND key = ANY($2::uuid[]) FOR UPDATE"
_ADVANCE_ALL = """
WITH n AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::boolean[]) AS n (topic, key, last, known)),
advanced AS (
    UPDATE inbox i SET last = n.last, applied_at = clock_timestamp()
    FROM n WHERE n.known AND i.topic = n.topic AND i.key = n.key
)
INSERT INTO inbox (topic, key, last, applied_at)
SELECT topic, key, last, clock_timestamp() FROM n WHERE NOT known ORDER BY topic, key
"""
_LAST = "SELECT coalesce((SELECT last FROM inbox WHERE topic = $1 AND key = $2), 0)"
_PARK = """
INSERT INTO parked (topic, key, sequence, headers, payload) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_UNPARK = """
WITH settled AS (DELETE FROM dead_letter WHERE topic = $1 AND key = $2 AND sequence <= $3)
DELETE FROM parked WHERE topic = $1 AND key = $2 AND sequence <= $3
"""
_FOLLOWING = """
SELECT p.headers, p.payload, p.sequence = coalesce(i.last, 0) + 1 AS due
FROM parked p LEFT JOIN inbox i ON i.topic = p.topic AND i.key = p.key
WHERE p.topic = $1 AND p.key = $2 AND p.sequence > coalesce(i.last, 0)
ORDER BY p.sequence LIMIT 1
"""
_PASSED = """
WITH settled AS (
    DELETE FROM dead_letter d USING inbox i
    WHERE d.topic = ANY($1::text[]) AND i.topic = d.topic AND i.key = d.key AND d.sequence <= i.last
)
DELETE FROM parked p USING inbox i
WHERE p.topic = ANY($1::text[]) AND i.topic = p.topic AND i.key = p.key AND p.sequence <= i.last
"""
"""Of what somebody else has applied or discarded meanwhile, nothing is held up."""
_HELD_UP = """
SELECT p.topic, p.key, coalesce(i.last, 0) + 1 AS expected, min(p.sequence) AS first,
       d.topic IS NOT NULL AND d.replay_at IS NULL AS dead,
       extract(epoch FROM clock_timestamp() - min(p.parked_at))::float8 AS age
FROM parked p
LEFT JOIN inbox i ON i.topic = p.topic AND i.key = p.key
LEFT JOIN dead_letter d ON d.topic = p.topic AND d.key = p.key
WHERE p.topic = ANY($1::text[]) AND p.sequence > coalesce(i.last, 0)
GROUP BY p.topic, p.key, i.last, d.topic, d.replay_at
"""
_BURY = """
INSERT INTO dead_letter AS d (topic, key, sequence, type, error, place, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (topic, key) DO UPDATE
SET sequence = excluded.sequence, type = excluded.type, error = excluded.error, place = excluded.place,
    replay_at = NULL, at = CASE WHEN d.sequence = excluded.sequence THEN d.at ELSE excluded.at END,
    attempts = excluded.attempts + CASE WHEN d.sequence = excluded.sequence THEN d.attempts ELSE 0 END
WHERE d.sequence < excluded.sequence OR (d.sequence = excluded.sequence AND d.replay_at IS NOT NULL)
"""


def messages_of(records: Sequence[Any]) -> Iterator[Message]:
    """Return the messages that Kafka records carry; what is no event of ours is passed over, and the log says so."""
    for record in records:
        try:
            headers = {name: value.decode() for name, value in record.headers if name.startswith(_OURS)}
            message = read_message(record.topic, record.key, headers, record.value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("record is no event of ours; passed over", topic=record.topic, partition=record.partition,
                      offset=record.offset, error=type(error).__name__)  # fmt: skip
        else:
            yield message


def read_message(topic: str, key: bytes, headers: Mapping[str, str], payload: bytes | None) -> Message:
    """Return the message that a Kafka record carries; a tombstone carries no data.

    Raises `ValueError` or `KeyError` when it is none of ours.
    """
    sequence, at = int(headers["ce_sequence"]), datetime.fromisoformat(headers["ce_time"])
    if not 1 <= sequence <= _MOST_EVENTS:
        raise ValueError("sequences count from 1 and fit into 64 bits")
    if at.tzinfo is None:
        raise ValueError("an instant says its zone")
    if any("\0" in value for value in headers.values()):
        raise ValueError("U+0000 cannot be stored")
    return Message(
        topic=topic,
        key=UUID(bytes=key),
        sequence=sequence,
        type=headers["ce_type"],
        id=headers["ce_id"],
        at=at,
        data=loads(payload) if payload else None,
        headers=headers,
        payload=payload or b"",
    )


class _Gap(Exception):
    """An event is missing before one that arrived."""


class Applier:
    """Applies messages to the database; knows nothing of Kafka, so that examples and replays use it too."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._service = context.service.name
        self._handlers = {s.topic: s.handlers for s in context.service.subscriptions}
        self._compacted = {s.topic for s in context.service.subscriptions if s.compacted}
        self._waiting: set[tuple[str, UUID]] = set()
        self._dead: set[tuple[str, UUID]] = set()
        self._told: set[tuple[str, UUID]] = set()
        self._patience = Patience(context)

    async def look(self) -> bool:
        """Learn which aggregates are held up and go on with those that need not be.

        Returns:
            Whether more of them can go on than this look has taken.
        """
        pool, topics = self._context.pool, list(self._handlers)
        await pool.execute(_PASSED, topics)
        rows = await pool.fetch(_HELD_UP, topics)
        self._dead = {(row["topic"], row["key"]) for row in rows if row["dead"]}
        self._waiting = {(row["topic"], row["key"]) for row in rows if not row["dead"]}
        self._tell_gaps([row for row in rows if not row["dead"] and self._is_gap(row)])
        due = [(row["topic"], row["key"]) for row in rows if not row["dead"] and not self._is_gap(row)]
        for place in due[:FOLLOWED_AT_ONCE]:
            await self._follow(place)
        return len(due) > FOLLOWED_AT_ONCE

    @property
    def alive_at(self) -> float:
        """When it last began an attempt, by the monotonic clock; a watchdog looks at it."""
        return self._patience.alive_at

    @property
    def holds_up(self) -> bool:
        """Whether any aggregate is held up, as far as is known."""
        return bool(self._dead or self._waiting)

    def _is_gap(self, row: Mapping[str, Any]) -> bool:
        return bool(row["first"] > row["expected"]) and row["topic"] not in self._compacted

    def _tell_gaps(self, gaps: Sequence[Mapping[str, Any]]) -> None:
        """Measure what is held up; of a gap that stays, the log tells once."""
        metrics.INBOX_HELD_UP.labels(self._service, "dead").set(len(self._dead))
        metrics.INBOX_HELD_UP.labels(self._service, "gap").set(len(gaps))
        metrics.INBOX_GAP_AGE.labels(self._service).set(max((row["age"] for row in gaps), default=0))
        staying = {(row["topic"], row["key"]): row for row in gaps if row["age"] > GAP_SECONDS}
        for topic, key in staying.keys() - self._told:
            row = staying[topic, key]
            log.error("gap stays; an event did not arrive", topic=topic, key=str(key), missing=row["expected"],
                      waiting_from=row["first"], seconds=round(row["age"]))  # fmt: skip
        self._told = set(staying)

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
        self._applied(messages, fresh)
        return True

    async def _apply_together(self, messages: Sequence[Message]) -> list[Message]:
        """Apply those that are not duplicates and return them; raises `_Gap`.

        Known aggregates are locked from the start. Of one that is new, another consumer may be taking the first message
        as well: then the row that both want to make breaks the transaction of the later one.
        """
        fresh = []
        async with self._transaction() as tx:
            topics, keys = zip(*{(message.topic, message.key) for message in messages}, strict=True)
            known = await tx.connection.fetch(_KNOWN, list(set(topics)), keys)
            last = {(row["topic"], row["key"]): row["last"] for row in known}
            for message in messages:
                place = (message.topic, message.key)
                following = last.get(place, 0) + 1
                if message.sequence > following and message.topic not in self._compacted:
                    raise _Gap
                if message.sequence >= following:
                    last[place] = message.sequence
                    fresh.append(message)
                    await self._handle(tx, message)
            if fresh:
                old = {(row["topic"], row["key"]) for row in known}
                advanced = [(*place, last[place], place in old) for place in {(one.topic, one.key) for one in fresh}]
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

    def _applied(self, messages: Sequence[Message], fresh: Sequence[Message]) -> None:
        """Tell who waits for what is committed now, and take the measure."""
        self._context.progress.advanced(((message.topic, message.key), message.sequence) for message in fresh)
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
        await self._settle(message)
        await self._follow((message.topic, message.key))

    async def _settle(self, message: Message) -> None:
        place = (message.topic, message.key)
        if place in self._dead:
            await self._patience.wait_out(place, partial(self._park, message))
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._patience.wait_out(place, partial(self._apply, message), CONTENDED_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever fails, the other aggregates go on
                if attempt == ATTEMPTS or isinstance(error, TRANSIENT):
                    await self._patience.wait_out(place, partial(self._bury, message, error, attempt))
                    return
                await asyncio.sleep(FIRST_DELAY_SECONDS * attempt)
            else:
                return

    async def _follow(self, place: tuple[str, UUID]) -> None:
        """Take what is parked for an aggregate, as far as it goes without a gap."""
        while place in self._waiting and place not in self._dead:
            row = await self._patience.wait_out(place, partial(self._context.pool.fetchrow, _FOLLOWING, *place))
            if row is None:
                self._waiting.discard(place)
            elif row["due"] or place[0] in self._compacted:
                topic, key = place
                await self._settle(read_message(topic, key.bytes, row["headers"], row["payload"]))
            else:
                return

    async def _apply(self, message: Message) -> None:
        async with self._transaction() as tx:
            fresh = await tx.connection.fetchval(
                _ADVANCE, message.topic, message.key, message.sequence, message.topic in self._compacted
            )
            if fresh is None:
                await self._not_next(tx, message)
                return
            if (message.topic, message.key) in self._waiting:
                await tx.connection.execute(_UNPARK, message.topic, message.key, message.sequence)
            await self._handle(tx, message)
        self._applied([message], [message])

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

    async def _bury(self, message: Message, error: Exception, attempts: int) -> None:
        place = (message.topic, message.key)
        async with transaction(self._context.pool, system(f"svc-{self._service}"), self._context.clock()) as tx:
            await tx.connection.execute(
                _BURY,
                message.topic,
                message.key,
                message.sequence,
                message.type,
                what_failed(error),
                place_of(error, self._context.service.package),
                attempts,
            )
            await tx.connection.execute(
                _PARK, message.topic, message.key, message.sequence, dict(message.headers), message.payload
            )
        self._dead.add(place)
        log.error(
            "message failed for good; its aggregate is set aside",
            topic=message.topic,
            key=str(message.key),
            type=message.type,
            sequence=message.sequence,
            error=what_failed(error),
            place=place_of(error, self._context.service.package),
        )
        metrics.INBOX_DEAD.labels(self._service, message.topic).inc()
