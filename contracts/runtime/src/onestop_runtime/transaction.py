"""One request or one message is one transaction.

A command collects its events and audit rows; they are written, together with the answer for repeats of the same
request, in one statement right before the commit. Numbers of events are allotted in that statement under the lock
of the aggregate's row in `outbox_sequence`, so that outbox ids follow the order of commits per aggregate.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import asyncpg

from onestop_legal.errors import NamedError
from onestop_messages.base import TOMBSTONE, Event
from onestop_runtime.caller import Caller
from onestop_runtime.database import ACQUIRE_SECONDS
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import REQUEST_ID, TRACEPARENT
from onestop_runtime.positions import Place
from onestop_runtime.problems import Busy, Overloaded, RequestInProgress, ServiceUnavailable
from onestop_runtime.sql import Connection
from onestop_runtime.tables import BUCKETS

Constraints = Mapping[str, Callable[[], NamedError]]
"""Names of database constraints and the error that each stands for."""

T = TypeVar("T")
R = TypeVar("R")
ReadAll: TypeAlias = Callable[[Connection, list[T]], Awaitable[list[R]]]
"""Finds one thing for each of those asked for, in their order."""
WriteAll: TypeAlias = Callable[[Connection, list[T]], Awaitable[None]]
"""Writes all rows in one go."""
_ANSWERED = "idempotency_pkey"


def bucket_of(key: UUID) -> int:
    """Return the outbox bucket of an aggregate."""
    return zlib.crc32(key.bytes) % BUCKETS


@dataclass(slots=True, eq=False)
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
    """An answer to keep for repeats of the same request.

    Attributes:
        caller: whose key it is.
        fingerprint: what tells the request from another one under the same key.
    """

    caller: str
    key: str
    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, eq=False)
class Transaction(Reader):
    """What a command works with; never committed by the command itself.

    Attributes:
        answer: kept for repeats of the request.
        confidential: set by a command whose answer shows personal data in clear: it is not kept, and a repeat is done
            again.
        positions: the numbers of its last events in each place, from right before the commit on.
    """

    answer: Answer | None = None
    confidential: bool = False
    positions: dict[Place, int] = field(default_factory=dict)
    _events: list[tuple[Any, ...]] = field(default_factory=list)
    _audits: list[tuple[Any, ...]] = field(default_factory=list)
    _writes: list[tuple["WriteAll[Any]", Any]] = field(default_factory=list)

    def emit(self, event: Event, *, key: UUID, version: int) -> None:
        """Have `event` published after the commit, in order per aggregate.

        Args:
            event: the event; its class names type and topic.
            key: id of the aggregate.
            version: the aggregate's version after the change.
        """
        self._publish(event.TOPIC, event.TYPE, event.model_dump_json().encode(), key=key, version=version)

    def bury(self, topic: str, *, key: UUID, version: int) -> None:
        """Have a tombstone published: a compacted topic keeps nothing of the aggregate, and readers drop their copy."""
        self._publish(topic, TOMBSTONE, b"", key=key, version=version)

    def _publish(self, topic: str, type_: str, payload: bytes, *, key: UUID, version: int) -> None:
        self._events.append(
            (topic, key, version, type_, uuid7(), bucket_of(key), payload, self.now, TRACEPARENT.get() or None)
        )

    def audit(self, verb: str, *, key: UUID, detail: dict[str, Any] | None = None) -> None:
        """Record that the caller did `verb` (`case.accepted`) to the aggregate `key`; no personal data in `detail`."""
        who = self.caller
        acting_for = who.act.id if who.act else None
        self._audits.append(
            (self.now, verb, key, detail, who.sub, who.kind, acting_for, who.agency, who.client, who.channel,
             REQUEST_ID.get())
        )  # fmt: skip

    async def together(self, read: "ReadAll[T, R]", wanted: T) -> R:
        """Return what `read` finds for `wanted`; in a shared transaction one reading serves all who wait for it."""
        (found,) = await read(self.connection, [wanted])
        return found

    def later(self, write: "WriteAll[T]", row: T) -> None:
        """Have `row` written right before the commit; in a shared transaction together with those of the others."""
        self._writes.append((write, row))

    async def write(self) -> None:
        """Write the rows that were to be written later."""
        await _write([self])

    @property
    def emits(self) -> bool:
        """Whether the relay has something to do after the commit."""
        return bool(self._events)

    @property
    def places(self) -> set[Place]:
        """The aggregates of which it tells, each with its topic."""
        return {(event[0], event[1]) for event in self._events}

    async def flush(self) -> None:
        """Write what was collected; called once, right before the commit."""
        await flush([self])


async def flush(units: Sequence[Transaction]) -> None:
    """Write what `units` of one database transaction have collected: rows, then events, audit and answers at once."""
    await _write(units)
    events = _numbered([event for unit in units for event in unit._events])  # noqa: SLF001
    audits = [audit for unit in units for audit in unit._audits]  # noqa: SLF001
    answers = [_answer_row(unit.answer) for unit in units if unit.answer]
    if events or audits or answers:
        columns = (*_columns(events, 10), *_columns(audits, 11), *_columns(answers, 6))
        rows = await units[0].connection.fetch(_FLUSH, *columns)
        allotted = {(row["topic"], row["key"]): row["last"] for row in rows}
        for unit in units:
            unit.positions = {place: allotted[place] for place in unit.places}


async def _write(units: Sequence[Transaction]) -> None:
    rows: dict[WriteAll[Any], list[Any]] = {}
    for unit in units:
        for write, row in unit._writes:  # noqa: SLF001 - of the same kind
            rows.setdefault(write, []).append(row)
        unit._writes.clear()  # noqa: SLF001
    for write, several in rows.items():
        await write(units[0].connection, several)


def _numbered(events: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Put before each event how many of the same aggregate follow it."""
    later: dict[tuple[str, UUID], int] = {}
    rows = []
    for event in reversed(events):
        following = later.get(event[:2], 0)
        later[event[:2]] = following + 1
        rows.append((following, *event))
    rows.reverse()
    return rows


def _answer_row(answer: Answer) -> tuple[Any, ...]:
    return (answer.caller, answer.key, answer.fingerprint, answer.status, answer.headers, answer.body)


def _columns(rows: list[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else [()] * width


_FLUSH = """
WITH event AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::smallint[],
                         $8::bytea[], $9::timestamptz[], $10::text[])
    WITH ORDINALITY AS e (following, topic, key, version, type, event_id, bucket, payload, at, traceparent, place)
), allotted AS (
    INSERT INTO outbox_sequence AS s (topic, key, last)
    SELECT topic, key, count(*) FROM event GROUP BY topic, key ORDER BY topic, key
    ON CONFLICT (topic, key) DO UPDATE SET last = s.last + excluded.last
    RETURNING s.topic, s.key, s.last
), emitted AS (
    INSERT INTO outbox (bucket, topic, key, sequence, version, type, event_id, occurred_at, traceparent, payload)
    SELECT e.bucket, e.topic, e.key, a.last - e.following, e.version, e.type, e.event_id, e.at, e.traceparent,
           e.payload
    FROM event e JOIN allotted a ON a.topic = e.topic AND a.key = e.key
    ORDER BY e.place
), audited AS (
    INSERT INTO audit (at, verb, key, detail, actor, actor_kind, acting_for, agency, client, channel, request_id)
    SELECT at, verb, key, detail, actor, actor_kind, acting_for, agency, client, channel, request_id
    FROM unnest($11::timestamptz[], $12::text[], $13::uuid[], $14::jsonb[], $15::uuid[], $16::text[], $17::uuid[],
                $18::text[], $19::text[], $20::text[], $21::text[])
    WITH ORDINALITY AS a (at, verb, key, detail, actor, actor_kind, acting_for, agency, client, channel, request_id,
                          place)
    ORDER BY place
), answered AS (
    INSERT INTO idempotency (caller, key, fingerprint, status, headers, body)
    SELECT * FROM unnest($22::text[], $23::text[], $24::bytea[], $25::smallint[], $26::jsonb[], $27::bytea[])
)
SELECT topic, key, last FROM allotted
"""


@asynccontextmanager
async def acquired(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Lend a connection.

    Raises:
        Overloaded: when none is free in time.
        ServiceUnavailable: when the database is not reached: its name is not known, or no way leads to it.
    """
    try:
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except TimeoutError as error:
        raise Overloaded(retry_after=1) from error
    except OSError as error:
        raise ServiceUnavailable("数据库暂时无法访问。", retry_after=2) from error
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
        RequestInProgress: when the same request was answered meanwhile.
        Busy: when another transaction holds the same aggregate too long.
        Overloaded: when no connection is free.
        ServiceUnavailable: when the database is not reached.
    """
    async with acquired(pool) as connection:
        try:
            await connection.execute("BEGIN")
            unit = Transaction(connection, now, caller)
            yield unit
            await unit.flush()
            await commit(connection)
        except BaseException as error:
            await asyncio.shield(roll_back(connection))
            if isinstance(error, asyncpg.IntegrityConstraintViolationError):
                meaning = {_ANSWERED: RequestInProgress, **(constraints or {})}.get(error.constraint_name or "")
                if meaning:
                    raise meaning() from error
            if isinstance(error, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
                raise Busy(retry_after=1) from error
            raise
    if unit.emits and after_commit:
        after_commit()


async def commit(connection: Connection) -> None:
    """Commit; raises `InFailedSQLTransactionError` when an error of a statement was swallowed on the way.

    PostgreSQL rolls such a transaction back and tells it by the word of its answer only.
    """
    if await connection.execute("COMMIT") != "COMMIT":
        raise asyncpg.InFailedSQLTransactionError("a statement had failed; everything was rolled back")


async def roll_back(connection: Connection) -> None:
    """Roll back; a connection that cannot is closed."""
    try:
        await connection.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
