"""Findings of the conservation ledger, its totals by day, the checks asked for, and the patrol's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.ids import uuid7
from onestop_runtime.ledger import Sum
from onestop_runtime.sql import Connection, Record, compiled
from svc_workflow import tables
from svc_workflow.domain.conservation import Difference, Finding, Flaw, Leg, Side, Stage, Standing, Told

_f, _r, _d = tables.conservation_finding, tables.conservation_run, tables.conservation_day
ABANDONED = timedelta(minutes=10)
"""After this a check whose process died is taken up by another one."""

_NOTE = """
INSERT INTO conservation_finding AS f (id, leg, flaw, service, subject, case_id, day, source_mark, target_mark,
    event_type, event_topic, event_key, standing, first_seen, last_seen)
SELECT n.*, 'suspected', $13, $13
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::date[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::uuid[]) AS n
ON CONFLICT (leg, flaw, service, subject) WHERE resolved_at IS NULL
DO UPDATE SET last_seen = greatest(f.last_seen, excluded.last_seen), day = excluded.day,
    source_mark = excluded.source_mark, target_mark = excluded.target_mark
"""
_OVER = "resolved_at IS NULL AND leg = $1 AND day BETWEEN $2 AND $3 AND last_seen < $4"
_FORGET = f"DELETE FROM conservation_finding WHERE {_OVER} AND standing IN ('suspected', 'travelling')"  # noqa: S608
_RESOLVE = f"UPDATE conservation_finding SET resolved_at = $4 WHERE {_OVER} RETURNING *"  # noqa: S608
_TOTALS_GONE = """
DELETE FROM conservation_day WHERE book = $1 AND day BETWEEN $2 AND $3 AND NOT day = ANY($4::date[])
"""
_TOTALS = """
INSERT INTO conservation_day (day, book, counts, checked_at)
SELECT n.day, $1, n.counts, $4 FROM unnest($2::date[], $3::jsonb[]) AS n (day, counts)
ON CONFLICT (day, book) DO UPDATE SET counts = excluded.counts, checked_at = excluded.checked_at
"""
_UNRESOLVED = compiled(
    sa.select(_f)
    .where(_f.c.resolved_at.is_(None))
    .order_by(_f.c.standing.in_([sa.literal_column("'open'"), sa.literal_column("'held'")]), _f.c.first_seen, _f.c.id)
    .limit(sa.bindparam("most"))
)
_STAND = compiled(
    sa.update(_f)
    .where(_f.c.id == sa.bindparam("finding_id"), _f.c.resolved_at.is_(None))
    .values({name: sa.bindparam(name) for name in ("standing", "stage", "event_sequence", "passes")})
)
_PAGE = {
    resolved: compiled(
        sa.select(_f)
        .where(
            _f.c.resolved_at.is_not(None) if resolved else _f.c.resolved_at.is_(None),
            _f.c.leg == sa.any_(sa.bindparam("legs", type_=pg.ARRAY(sa.Text))),
            sa.tuple_(_f.c.first_seen, _f.c.id)
            > sa.tuple_(
                sa.bindparam("after_at", type_=sa.DateTime(timezone=True)), sa.bindparam("after_id", type_=sa.Uuid)
            ),
        )
        .order_by(_f.c.first_seen, _f.c.id)
        .limit(sa.bindparam("most"))
    )
    for resolved in (False, True)
}
_COUNTED = """
SELECT book, state, sum(number)::bigint AS number
FROM conservation_day, jsonb_each_text(counts) AS c (state, text), LATERAL (SELECT text::bigint AS number) n
WHERE day BETWEEN coalesce($1, day) AND coalesce($2, day)
GROUP BY book, state
"""
_CHECKED = """
SELECT (SELECT min(checked_at) FROM conservation_day WHERE day BETWEEN coalesce($1, day) AND coalesce($2, day)),
       last_round_at
FROM conservation_patrol
"""
_STANDING = """
SELECT flaw, standing, count(*) AS number FROM conservation_finding
WHERE resolved_at IS NULL AND day BETWEEN coalesce($1, day) AND coalesce($2, day)
GROUP BY flaw, standing
"""
_STANDING_BY_LEG = """
SELECT leg, standing, count(*) AS number FROM conservation_finding WHERE resolved_at IS NULL GROUP BY leg, standing
"""
_REQUEST = compiled(
    sa.insert(_r).values({n: sa.bindparam(n) for n in ("id", "since", "until", "requested_by", "requested_at")})
)
_RUN = compiled(sa.select(_r).where(_r.c.id == sa.bindparam("run_id")))
_CLAIM = """
UPDATE conservation_run SET claimed_at = $1 WHERE id = (
    SELECT id FROM conservation_run WHERE ended_at IS NULL AND (claimed_at IS NULL OR claimed_at < $2)
    ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""
_END = compiled(
    sa.update(_r)
    .where(_r.c.id == sa.bindparam("run_id"))
    .values(ended_at=sa.bindparam("at"), error=sa.bindparam("error"))
)
_SET_OUT = """
UPDATE conservation_patrol SET next_at = $1::timestamptz + $2::interval WHERE next_at <= $1
RETURNING first_day, swept_to, last_round_at
"""
_LAST_ROUND = "SELECT first_day, swept_to, last_round_at FROM conservation_patrol"
_CAME_BACK = """
UPDATE conservation_patrol
SET next_at = $1, last_round_at = coalesce($2, last_round_at), first_day = least(first_day, $3), swept_to = $4
"""


@dataclass(frozen=True, slots=True)
class Round:
    """What the patrol's last round left.

    Attributes:
        first_day: the first day with anything in any book.
        swept_to: down to which older day the books were looked at.
    """

    first_day: date | None
    swept_to: date | None
    last_round_at: datetime | None


async def note(connection: Connection, differences: Sequence[Difference], at: datetime) -> None:
    """Keep what differs: new ones as suspected, known ones as seen again."""
    if differences:
        columns = zip(*(_columns(one) for one in differences), strict=True)
        await connection.execute(_NOTE, *columns, at)


def _columns(one: Difference) -> tuple[Any, ...]:
    return (
        uuid7(), one.leg, one.flaw.value, one.service, one.subject, one.case_id, one.day, one.source_mark,
        one.target_mark, one.told.type, one.told.topic, one.key,
    )  # fmt: skip


async def resolve(connection: Connection, leg: Leg, since: date, until: date, before: datetime) -> list[Finding]:
    """End the findings of a leg and a period that were not seen since `before`; return those that had been found out.

    What was never more than suspected or travelling is forgotten.
    """
    await connection.execute(_FORGET, leg.name, since, until, before)
    return [finding(row) for row in await connection.fetch(_RESOLVE, leg.name, since, until, before)]


async def keep_totals(
    connection: Connection, side: Side, since: date, until: date, days: Mapping[date, Sum], at: datetime
) -> None:
    """Keep what each day of a book came to."""
    await connection.execute(_TOTALS_GONE, side.name, since, until, list(days))
    if days:
        await connection.execute(_TOTALS, side.name, list(days), [one.counts for one in days.values()], at)


async def unresolved(connection: Connection, most: int) -> list[Finding]:
    """Return the findings that do not add up yet: first those of which it is not known what is the matter."""
    return [finding(row) for row in await _UNRESOLVED.fetch(connection, most=most)]


async def standing(connection: Connection) -> dict[tuple[str, Standing], int]:
    """Return how many unresolved findings there are, by leg and standing."""
    rows = await connection.fetch(_STANDING_BY_LEG)
    return {(row["leg"], Standing(row["standing"])): row["number"] for row in rows}


async def stand(connection: Connection, changed: Sequence[Finding]) -> None:
    """Keep how findings stand."""
    await _STAND.executemany(
        connection,
        [
            {
                "finding_id": one.id,
                "standing": one.standing.value,
                "stage": one.stage and one.stage.value,
                "event_sequence": one.sequence,
                "passes": one.passes,
            }
            for one in changed
        ],
    )


async def page(
    connection: Connection, legs: Sequence[str], after: tuple[datetime, UUID] | None, limit: int, *, resolved: bool
) -> list[Finding]:
    """Return findings by when they were first seen, after a position."""
    at, last = after or (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    rows = await _PAGE[resolved].fetch(connection, legs=list(legs), after_at=at, after_id=last, most=limit)
    return [finding(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Totals:
    """What was counted when it was last looked.

    Attributes:
        counts: by book and state.
        findings: by flaw and standing, unresolved ones.
        oldest: the figures of no day are older than this.
        checked: when the last days were last looked at with the books of all services open.
    """

    counts: Mapping[str, Mapping[str, int]]
    findings: Mapping[tuple[Flaw, Standing], int]
    oldest: datetime | None
    checked: datetime | None


async def totals(connection: Connection, since: date | None, until: date | None) -> Totals:
    """Return the totals of a period, None for an open end."""
    counts: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(_COUNTED, since, until):
        counts.setdefault(row["book"], {})[row["state"]] = row["number"]
    found = await connection.fetch(_STANDING, since, until)
    oldest, checked = await connection.fetchrow(_CHECKED, since, until)
    findings = {(Flaw(row["flaw"]), Standing(row["standing"])): row["number"] for row in found}
    return Totals(counts, findings, oldest, checked)


async def request(
    connection: Connection, run_id: UUID, since: date | None, until: date | None, by: UUID | None, at: datetime
) -> None:
    """Have somebody's check done."""
    await _REQUEST.execute(connection, id=run_id, since=since, until=until, requested_by=by, requested_at=at)


async def run(connection: Connection, run_id: UUID) -> Record | None:
    """Return a check that was asked for."""
    return await _RUN.fetchrow(connection, run_id=run_id)


async def claim(connection: Connection, now: datetime) -> Record | None:
    """Take the oldest check that waits, or that a dead process has left."""
    return await connection.fetchrow(_CLAIM, now, now - ABANDONED)


async def end(connection: Connection, run_id: UUID, at: datetime, error: str | None) -> None:
    """Note that a check is done."""
    await _END.execute(connection, run_id=run_id, at=at, error=error)


async def set_out(connection: Connection, now: datetime, back_in: timedelta) -> Round | None:
    """Begin a round of the patrol, if one is due and nobody else has; return what the last one left, else None.

    If this process dies on the way, somebody sets out again after `back_in`.
    """
    row = await connection.fetchrow(_SET_OUT, now, back_in)
    return Round(*row) if row else None


async def last_round(connection: Connection) -> Round:
    """Return what the patrol's last round left."""
    return Round(*await connection.fetchrow(_LAST_ROUND))


async def came_back(
    connection: Connection, next_at: datetime, at: datetime | None, first_day: date | None, swept_to: date | None
) -> None:
    """End a round: when the next one is due, and how far older days are swept; `at` if all books were open."""
    await connection.execute(_CAME_BACK, next_at, at, first_day, swept_to)


def finding(row: Record) -> Finding:
    """Return the finding of a row."""
    return Finding(
        id=row["id"],
        leg=row["leg"],
        flaw=Flaw(row["flaw"]),
        service=row["service"],
        subject=row["subject"],
        case_id=row["case_id"],
        day=row["day"],
        told=Told(row["event_type"], row["event_topic"]),
        key=row["event_key"],
        sequence=row["event_sequence"],
        standing=Standing(row["standing"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        passes=row["passes"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        resolved_at=row["resolved_at"],
    )
