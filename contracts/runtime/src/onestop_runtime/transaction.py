"""One request or one message is one transaction.

A command collects its events and audit rows; they are written, together with the answer for repeats of the same
request, in one statement right before the commit. Numbers of events are allotted in that statement under the lock
of the aggregate's row in `outbox_sequence`, so that outbox ids follow the order of commits per aggregate.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from onestop_legal.errors import NamedError
from onestop_messages.base import Event
from onestop_runtime.caller import Caller
from onestop_runtime.database import ACQUIRE_SECONDS
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import REQUEST_ID, TRACEPARENT
from onestop_runtime.problems import Busy, Overloaded
from onestop_runtime.sql import Connection
from onestop_runtime.tables import BUCKETS

Constraints = Mapping[str, Callable[[], NamedError]]
"""Names of database constraints and the error that each stands for."""


def bucket_of(key: UUID) -> int:
    """Return the outbox bucket of an aggregate."""
    return zlib.crc32(key.bytes) % BUCKETS


@dataclass(slots=True)
class Reader:
    """What a reading use case works with.

    Attributes:
        now: the instant of the request, aware, UTC; the same through the whole use case.
        etag: set by a route from the version it shows.
    """

    connection: Connection
    now: datetime
    caller: Caller
    etag: str | None = None


@dataclass(slots=True)
class Answer:
    """An answer to keep for repeats of the same request."""

    caller: str
    key: str
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Transaction(Reader):
    """What a command works with; never committed by the command itself."""

    answer: Answer | None = None
    _events: list[tuple[str, UUID, int, Event]] = field(default_factory=list)
    _audits: list[tuple[str, UUID, dict[str, Any] | None]] = field(default_factory=list)

    def emit(self, event: Event, *, key: UUID, version: int) -> None:
        """Have `event` published after the commit, in order per aggregate.

        Args:
            event: the event; its class names type and topic.
            key: id of the aggregate.
            version: the aggregate's version after the change.
        """
        self._events.append((event.TOPIC, key, version, event))

    def audit(self, verb: str, *, key: UUID, detail: dict[str, Any] | None = None) -> None:
        """Record that the caller did `verb` (`case.accepted`) to the aggregate `key`; no personal data in `detail`."""
        self._audits.append((verb, key, detail))

    @property
    def emits(self) -> bool:
        """Whether the relay has something to do after the commit."""
        return bool(self._events)

    async def flush(self) -> None:
        """Write what was collected; called once, right before the commit."""
        if not (self._events or self._audits or self.answer):
            return
        await self.connection.execute(_FLUSH, *self._event_columns(), *self._audit_columns(), *self._answer_columns())

    def _event_columns(self) -> tuple[Any, ...]:
        later: dict[tuple[str, UUID], int] = {}
        rows = []
        for topic, key, version, event in reversed(self._events):
            following = later.get((topic, key), 0)
            later[topic, key] = following + 1
            payload = event.model_dump_json().encode()
            rows.append((topic, key, following, version, event.TYPE, uuid7(), bucket_of(key), payload))
        rows.reverse()
        columns = list(zip(*rows, strict=True)) if rows else [()] * 8
        return (*columns, self.now, TRACEPARENT.get() or None)

    def _audit_columns(self) -> tuple[Any, ...]:
        who = self.caller
        columns = list(zip(*self._audits, strict=True)) if self._audits else [(), (), ()]
        acting_for = who.act.id if who.act else None
        return (
            *columns, who.sub, who.kind, acting_for, who.agency, who.client, who.channel, REQUEST_ID.get(),
        )  # fmt: skip

    def _answer_columns(self) -> tuple[Any, ...]:
        answer = self.answer
        if answer is None:
            return (None, None, None, None, None)
        return (answer.caller, answer.key, answer.status, answer.headers, answer.body)


_FLUSH = """
WITH event AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::uuid[], $7::smallint[],
                         $8::bytea[])
    WITH ORDINALITY AS e (topic, key, following, version, type, event_id, bucket, payload, place)
), allotted AS (
    INSERT INTO outbox_sequence AS s (topic, key, last)
    SELECT topic, key, count(*) FROM event GROUP BY topic, key ORDER BY topic, key
    ON CONFLICT (topic, key) DO UPDATE SET last = s.last + excluded.last
    RETURNING s.topic, s.key, s.last
), emitted AS (
    INSERT INTO outbox (bucket, topic, key, sequence, version, type, event_id, occurred_at, traceparent, payload)
    SELECT e.bucket, e.topic, e.key, a.last - e.following, e.version, e.type, e.event_id, $9::timestamptz, $10::text,
           e.payload
    FROM event e JOIN allotted a ON a.topic = e.topic AND a.key = e.key
    ORDER BY e.place
), audited AS (
    INSERT INTO audit (at, verb, key, detail, actor, actor_kind, acting_for, agency, client, channel, request_id)
    SELECT $9::timestamptz, verb, key, detail, $14::uuid, $15::text, $16::uuid, $17::text, $18::text, $19::text,
           $20::text
    FROM unnest($11::text[], $12::uuid[], $13::jsonb[]) WITH ORDINALITY AS a (verb, key, detail, place)
    ORDER BY place
)
UPDATE idempotency SET status = $23, headers = $24, body = $25 WHERE caller = $21 AND key = $22
"""


@asynccontextmanager
async def acquired(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Lend a connection; raises `Overloaded` (503) when none is free in time."""
    try:
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except TimeoutError as error:
        raise Overloaded(retry_after=1) from error
    try:
        yield connection
    finally:
        await pool.release(connection)


@asynccontextmanager
async def transaction(
    pool: asyncpg.Pool,
    caller: Caller,
    now: datetime,
    *,
    constraints: Constraints | None = None,
    after_commit: Callable[[], None] | None = None,
) -> AsyncIterator[Transaction]:
    """Run the body in one transaction: commit when it ends, roll back when it raises.

    Args:
        pool: where the connection comes from.
        caller: on whose authority the change happens.
        now: the instant of the change.
        constraints: database constraints that stand for named errors.
        after_commit: called when events were committed, to wake the relay.

    Raises:
        NamedError: from the body, or the one a violated constraint stands for.
        Busy: when another transaction holds the same aggregate too long.
        Overloaded: when no connection is free.
    """
    async with acquired(pool) as connection:
        await connection.execute("BEGIN")
        try:
            unit = Transaction(connection, now, caller)
            yield unit
            await unit.flush()
            await connection.execute("COMMIT")
        except BaseException as error:
            await asyncio.shield(_roll_back(connection))
            if isinstance(error, asyncpg.IntegrityConstraintViolationError):
                meaning = (constraints or {}).get(error.constraint_name or "")
                if meaning:
                    raise meaning() from error
            if isinstance(error, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
                raise Busy(retry_after=1) from error
            raise
    if unit.emits and after_commit:
        after_commit()


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
