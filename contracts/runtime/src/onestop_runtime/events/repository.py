"""Reads and changes what is held up. Plain SQL: each statement does several things at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from onestop_messages.base import DISCARDED
from onestop_runtime.codec import loads
from onestop_runtime.sql import Connection, Record

_HELD_UP = """
WITH held AS (
    SELECT 'in' AS side, d.topic, d.key, CASE WHEN d.replay_at IS NULL THEN 'dead' ELSE 'replaying' END AS state,
           d.sequence, d.type, d.error, d.place, d.attempts, d.at AS since
    FROM dead_letter d LEFT JOIN inbox i ON i.topic = d.topic AND i.key = d.key
    WHERE d.sequence > coalesce(i.last, 0)
    UNION ALL
    SELECT 'in', p.topic, p.key, 'gap', coalesce(i.last, 0) + 1, NULL, NULL, NULL, 0, min(p.parked_at)
    FROM parked p
    LEFT JOIN inbox i ON i.topic = p.topic AND i.key = p.key
    LEFT JOIN dead_letter d ON d.topic = p.topic AND d.key = p.key
    WHERE d.topic IS NULL AND p.sequence > coalesce(i.last, 0)
    GROUP BY p.topic, p.key, i.last HAVING min(p.sequence) > coalesce(i.last, 0) + 1
    UNION ALL
    SELECT 'out', q.topic, q.key, CASE WHEN q.replay_at IS NULL THEN 'dead' ELSE 'replaying' END, o.sequence, o.type,
           q.error, NULL, q.attempts, q.at
    FROM outbox_quarantine q JOIN outbox o ON o.id = q.outbox_id
), page AS (
    SELECT * FROM held h
    WHERE (h.side, h.topic, h.key) > ($1::text, $2::text, $3::uuid)
      AND ($4::text IS NULL OR h.side = $4) AND ($5::text IS NULL OR h.topic = $5) AND ($6::uuid IS NULL OR h.key = $6)
    ORDER BY h.side, h.topic, h.key LIMIT $7
)
SELECT page.*, CASE page.side
    WHEN 'in' THEN (SELECT count(*) FROM parked p WHERE p.topic = page.topic AND p.key = page.key
                    AND p.sequence >= page.sequence)
    ELSE (SELECT count(*) FROM outbox o JOIN outbox f ON f.bucket = o.bucket
          WHERE f.topic = page.topic AND f.key = page.key AND f.sequence = page.sequence
            AND o.topic = page.topic AND o.key = page.key)
END AS waiting
FROM page ORDER BY side, topic, key
"""
_NOTHING = UUID(int=0)
_ARRIVED = "SELECT headers, payload FROM parked WHERE topic = $1 AND key = $2 AND sequence = $3"
_TO_PUBLISH = """
SELECT jsonb_build_object('ce_id', o.event_id, 'ce_time', o.occurred_at, 'traceparent', o.traceparent) AS headers,
       o.payload
FROM outbox_quarantine q JOIN outbox o ON o.id = q.outbox_id
WHERE q.topic = $1 AND q.key = $2 AND o.sequence = $3
"""
_REPLAY = """
WITH arrived AS (
    UPDATE dead_letter d SET replay_at = $4
    WHERE d.replay_at IS NULL AND $1::text IS DISTINCT FROM 'out'
      AND ($2::text IS NULL OR d.topic = $2) AND ($3::uuid IS NULL OR d.key = $3)
    RETURNING 'in' AS side, d.topic, d.key, d.sequence
), leaving AS (
    UPDATE outbox_quarantine q SET replay_at = $4
    FROM outbox o
    WHERE o.id = q.outbox_id AND q.replay_at IS NULL AND $1::text IS DISTINCT FROM 'in'
      AND ($2::text IS NULL OR q.topic = $2) AND ($3::uuid IS NULL OR q.key = $3)
    RETURNING 'out' AS side, q.topic, q.key, o.sequence
)
SELECT * FROM arrived UNION ALL SELECT * FROM leaving
"""
_LOCK = "SELECT last FROM inbox WHERE topic = $1 AND key = $2 FOR UPDATE"
_SKIP = """
INSERT INTO inbox AS i (topic, key, last, applied_at) VALUES ($1, $2, $4, clock_timestamp())
ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last, applied_at = excluded.applied_at WHERE i.last < $3
RETURNING last
"""
_NOTE_LETTER = """
INSERT INTO discarded_event (side, topic, key, sequence, type, error, attempts, reason, actor, at, headers, payload)
SELECT 'in', d.topic, d.key, d.sequence, d.type, d.error, d.attempts, $4, $5, $6, p.headers, p.payload
FROM dead_letter d LEFT JOIN parked p ON p.topic = d.topic AND p.key = d.key AND p.sequence = d.sequence
WHERE d.topic = $1 AND d.key = $2 AND d.sequence = $3
"""
_NOTE_MISSING = """
INSERT INTO discarded_event (side, topic, key, sequence, attempts, reason, actor, at)
SELECT 'in', $1, $2, missing, 0, $5, $6, $7 FROM generate_series($3::bigint, $4::bigint) AS missing
"""
_SETTLED = """
WITH letter AS (DELETE FROM dead_letter WHERE topic = $1 AND key = $2 AND sequence <= $3)
DELETE FROM parked WHERE topic = $1 AND key = $2 AND sequence <= $3
"""
_FIRST_WAITING = "SELECT min(sequence) FROM parked WHERE topic = $1 AND key = $2 AND sequence >= $3"
_NOTE_LEAVING = f"""
WITH noted AS (
    INSERT INTO discarded_event (side, topic, key, sequence, type, error, attempts, reason, actor, at, headers, payload)
    SELECT 'out', q.topic, q.key, o.sequence, o.type, q.error, q.attempts, $4, $5, $6,
           jsonb_build_object('ce_id', o.event_id, 'ce_time', o.occurred_at), o.payload
    FROM outbox_quarantine q JOIN outbox o ON o.id = q.outbox_id
    WHERE q.topic = $1 AND q.key = $2 AND o.sequence = $3
), emptied AS (
    UPDATE outbox o SET type = '{DISCARDED}', payload = '{{}}'
    FROM outbox_quarantine q WHERE q.outbox_id = o.id AND q.topic = $1 AND q.key = $2 AND o.sequence = $3
)
UPDATE outbox_quarantine SET replay_at = $6 WHERE topic = $1 AND key = $2
"""  # noqa: S608 - a constant of the contract
_DISCARDED = """
SELECT * FROM discarded_event
WHERE id < $1 AND ($2::text IS NULL OR topic = $2) AND ($3::uuid IS NULL OR key = $3)
ORDER BY id DESC LIMIT $4
"""
_DEPTH = """
SELECT topic, count(*) AS depth, extract(epoch FROM clock_timestamp() - min(occurred_at))::float8 AS age
FROM (
    SELECT topic, occurred_at FROM outbox w
    WHERE NOT EXISTS (
        SELECT 1 FROM outbox_quarantine q WHERE q.topic = w.topic AND q.key = w.key AND q.replay_at IS NULL
    )
    ORDER BY id LIMIT 1000000
) o GROUP BY topic ORDER BY topic
"""
_RELAYS = """
SELECT w.owner, extract(epoch FROM clock_timestamp() - w.seen_at)::float8 AS seen, count(l.bucket) AS buckets
FROM relay_worker w
LEFT JOIN bucket_lease l ON l.owner = w.owner AND l.expires_at > clock_timestamp()
GROUP BY w.owner, w.seen_at ORDER BY w.owner
"""
_COUNTS = """
SELECT (SELECT count(*) FROM outbox_quarantine) AS leaving,
       (SELECT count(*) FROM dead_letter) AS dead,
       (SELECT count(*) FROM (
            SELECT FROM parked p LEFT JOIN inbox i ON i.topic = p.topic AND i.key = p.key
            WHERE NOT EXISTS (SELECT FROM dead_letter d WHERE d.topic = p.topic AND d.key = p.key)
            GROUP BY p.topic, p.key, i.last HAVING min(p.sequence) > coalesce(i.last, 0) + 1) gap) AS gaps
"""


@dataclass(frozen=True, slots=True)
class Place:
    """An aggregate's events in a topic, on the way out or in.

    Attributes:
        side: `out`: on the way to the broker; `in`: arrived from it.
    """

    side: str
    topic: str
    key: UUID


@dataclass(frozen=True, slots=True)
class HeldUp:
    """An aggregate whose events wait.

    Attributes:
        state: `dead`: one failed; `replaying`: it is about to be tried again; `gap`: one did not arrive.
        sequence: of the event that failed or is missing.
        waiting: how many events wait, the failed one among them.
    """

    side: str
    topic: str
    key: UUID
    state: str
    sequence: int
    type: str | None
    error: str | None
    place: str | None
    attempts: int
    since: datetime
    waiting: int


async def held_up_after(
    connection: Connection,
    after: tuple[str, str, UUID] | None,
    limit: int,
    *,
    side: str | None = None,
    topic: str | None = None,
    key: UUID | None = None,
) -> list[HeldUp]:
    """Return what is held up, by side, topic and key, behind the place `after`."""
    rows = await connection.fetch(_HELD_UP, *(after or ("", "", _NOTHING)), side, topic, key, limit)
    return [HeldUp(**row) for row in rows]


async def held_up_at(connection: Connection, place: Place) -> HeldUp | None:
    """Return what is held up at a place, or None."""
    found = await held_up_after(connection, None, 1, side=place.side, topic=place.topic, key=place.key)
    return found[0] if found else None


async def event_of(connection: Connection, held: HeldUp) -> tuple[dict[str, Any], Any]:
    """Return headers and decoded payload of the event that failed; nothing of one that never arrived."""
    statement = _ARRIVED if held.side == "in" else _TO_PUBLISH
    row = await connection.fetchrow(statement, held.topic, held.key, held.sequence)
    return (row["headers"], decoded(row["payload"])) if row else ({}, None)


def decoded(payload: bytes | None) -> Any:
    """Return what a payload says; None of one that is empty or no JSON."""
    try:
        return loads(payload) if payload else None
    except ValueError:
        return None


async def replay(
    connection: Connection, now: datetime, side: str | None, topic: str | None, key: UUID | None
) -> list[Record]:
    """Ask for another attempt of everything that failed; return side, topic, key and sequence of each."""
    rows: list[Record] = await connection.fetch(_REPLAY, side, topic, key, now)
    return rows


async def lock(connection: Connection, place: Place) -> None:
    """Let nobody apply an event of the aggregate until the transaction ends."""
    await connection.fetchval(_LOCK, place.topic, place.key)


async def discard_letter(
    connection: Connection, held: HeldUp, reason: str, actor: UUID | None, now: datetime
) -> int | None:
    """Pass over the event that failed; return the last sequence passed over, None when it was applied meanwhile."""
    passed = await connection.fetchval(_SKIP, held.topic, held.key, held.sequence, held.sequence)
    if passed is None:
        return None
    await connection.execute(_NOTE_LETTER, held.topic, held.key, held.sequence, reason, actor, now)
    await connection.execute(_SETTLED, held.topic, held.key, held.sequence)
    return held.sequence


async def discard_missing(
    connection: Connection, held: HeldUp, reason: str, actor: UUID | None, now: datetime
) -> int | None:
    """Give up the events that are missing before the first that waits; return the last of them, or None as above."""
    last: int = await connection.fetchval(_FIRST_WAITING, held.topic, held.key, held.sequence) - 1
    passed = await connection.fetchval(_SKIP, held.topic, held.key, held.sequence, last)
    if passed is None:
        return None
    await connection.execute(_NOTE_MISSING, held.topic, held.key, held.sequence, last, reason, actor, now)
    return last


async def discard_leaving(
    connection: Connection, held: HeldUp, reason: str, actor: UUID | None, now: datetime
) -> int | None:
    """Have an empty event published in the place of one that cannot be, so that its readers miss none."""
    await connection.execute(_NOTE_LEAVING, held.topic, held.key, held.sequence, reason, actor, now)
    return held.sequence


async def discarded_before(
    connection: Connection, before: int, limit: int, topic: str | None, key: UUID | None
) -> list[Record]:
    """Return what was discarded, the newest first."""
    rows: list[Record] = await connection.fetch(_DISCARDED, before, topic, key, limit)
    return rows


async def depths(connection: Connection) -> list[Record]:
    """Return per topic how many events are to be published, and the age of the oldest in seconds."""
    rows: list[Record] = await connection.fetch(_DEPTH)
    return rows


async def relays(connection: Connection) -> list[Record]:
    """Return the relay workers: owner, seconds since they were seen, buckets they hold."""
    rows: list[Record] = await connection.fetch(_RELAYS)
    return rows


async def counts(connection: Connection) -> Record:
    """Return how many aggregates are held up: `leaving`, `dead`, `gaps`."""
    return await connection.fetchrow(_COUNTS)
