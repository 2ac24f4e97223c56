"""The ledger: what a service holds of a kind, by day, shown to the one service that compares.

A book is a query over a service's own rows, never over a copy. Its answer is small as long as nothing is asked for in
detail: of each day how many there are in each state, and a digest. Where two services differ in a day, the day is
looked at in up to 256 shards, by the last byte of the id, and only shards that differ are read entry by entry.

A digest is the sum of the first 60 bits of SHA-256 over id and mark, modulo 2^64: it does not depend on the order, sees
what is there twice, and is the same in every version of PostgreSQL.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_legal.errors import NamedError
from onestop_runtime.sql import Connection, Record, compiled
from onestop_runtime.transaction import bucket_of

PAGE = 1000
"""Entries in one page."""
MOST_KEYS = 100
"""Aggregates that are asked for at once."""
NOTHING: sa.ColumnClause[str] = sa.literal_column("''", sa.Text)
"""The mark of entries of which both sides need not say the same."""
NOBODY = sa.null().cast(sa.Uuid)
"""The key of an aggregate, or the case, where a book has none."""
_MODULUS = 1 << 64


class UnknownBook(NamedError):
    """The service keeps no such book."""

    slug = "unknown-ledger-book"
    title = "没有这本账"
    status = 404
    pointer = "{book}"


@dataclass(frozen=True, slots=True)
class Sum:
    """What a day, or a shard of it, comes to.

    Attributes:
        counts: how many entries there are in each state.
        digest: see the module.
    """

    counts: dict[str, int] = field(default_factory=dict)
    digest: int = 0

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(self.counts.values())

    def agrees(self, other: "Sum") -> bool:
        """Tell whether two services hold the same."""
        return (self.count, self.digest) == (other.count, other.digest)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a service holds.

    Attributes:
        id: by which both sides know it.
        mark: what both sides must say of it alike.
        state: what it is counted as; only its own service's word.
        key: the aggregate whose events tell of it, where the service knows.
        belongs_to: the larger thing it is a part of, where that is not the id itself.
    """

    id: UUID
    mark: str
    state: str
    key: UUID | None
    belongs_to: UUID | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the events of an aggregate are, as one service sees it.

    Attributes:
        emitted: how many events it has told of the aggregate in this topic.
        pending: how many of them wait in its outbox.
        quarantined: whether they wait because one cannot be published.
        applied: sequence of the last event of the aggregate that it has applied.
        parked: how many it has received and not applied.
        dead: sequence of the event that failed for good, None when none did.
        discarded: sequence of the last event that somebody discarded here, None when nobody did.
    """

    key: UUID
    emitted: int
    pending: int
    quarantined: bool
    applied: int
    parked: int
    dead: int | None
    discarded: int | None


class Book:
    """A named query over a service's own rows.

    Args:
        name: what is held.
        rows: a query with the columns `day`, `id`, `mark`, `state`, `key` and
            `belongs_to`; an index should lead by the day.
    """

    def __init__(self, name: str, rows: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self.name = name
        entry = rows.subquery("entry")
        column = entry.c
        since, until = sa.bindparam("since", type_=sa.Date), sa.bindparam("until", type_=sa.Date)
        of_day = column.day == sa.bindparam("day", type_=sa.Date)
        shard = sa.func.right(sa.cast(column.id, sa.Text), 2)
        figures = (sa.func.count().label("count"), sa.func.sum(_hash(column.id, column.mark)).label("digest"))
        position = sa.tuple_(column.id, column.mark) > sa.tuple_(
            sa.bindparam("after_id", type_=sa.Uuid), sa.bindparam("after_mark", type_=sa.Text)
        )
        self._first = compiled(sa.select(sa.func.min(column.day)))
        self._days = compiled(
            sa.select(column.day, column.state, *figures)
            .where(column.day >= since, column.day <= until)
            .group_by(column.day, column.state)
        )
        self._shards = compiled(sa.select(shard.label("shard"), *figures).where(of_day).group_by(shard))
        self._entries = compiled(
            sa.select(column.id, column.mark, column.state, column.key, column.belongs_to)
            .where(of_day, shard == sa.any_(sa.bindparam("shards", type_=pg.ARRAY(sa.Text))), position)
            .order_by(column.id, column.mark)
            .limit(sa.bindparam("most", type_=sa.Integer))
        )

    async def first_day(self, connection: Connection) -> date | None:
        """Return the first day with an entry."""
        found: date | None = await self._first.fetchval(connection)
        return found

    async def days(self, connection: Connection, since: date, until: date) -> dict[date, Sum]:
        """Return what each day comes to; days without entries are left out."""
        rows = await self._days.fetch(connection, since=since, until=until)
        return {day: _sum(row for row in rows if row["day"] == day) for day in sorted({row["day"] for row in rows})}

    async def shards(self, connection: Connection, day: date) -> dict[str, Sum]:
        """Return what each shard of a day comes to; empty ones are left out."""
        rows = await self._shards.fetch(connection, day=day)
        return {row["shard"]: _sum([{**row, "state": ""}]) for row in rows}

    async def entries(
        self,
        connection: Connection,
        day: date,
        shards: Sequence[str],
        after: tuple[UUID, str] | None,
        limit: int | None,
    ) -> list[Entry]:
        """Return the entries of some shards of a day, by id and mark, after a position; all of them without `limit`."""
        after_id, after_mark = after or (UUID(int=0), "")
        rows = await self._entries.fetch(
            connection, day=day, shards=list(shards), after_id=after_id, after_mark=after_mark, most=limit
        )
        return [Entry(row["id"], row["mark"], row["state"], row["key"], row["belongs_to"]) for row in rows]


def book(books: Iterable[Book], name: str) -> Book:
    """Return the book of that name; raises `UnknownBook`."""
    for one in books:
        if one.name == name:
            return one
    raise UnknownBook


def _hash(identity: sa.ColumnElement[Any], mark: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    text = sa.func.convert_to(sa.cast(identity, sa.Text) + mark, "UTF8")
    digits = sa.func.substr(sa.func.encode(sa.func.sha256(text), "hex"), 1, 15)
    return sa.cast(sa.cast(sa.literal_column("'x'", sa.Text) + digits, pg.BIT(60)), sa.BigInteger)


def _sum(rows: Iterable[Any]) -> Sum:
    listed = list(rows)
    return Sum({row["state"]: row["count"] for row in listed}, int(sum(row["digest"] for row in listed)) % _MODULUS)


_WHEREABOUTS = """
SELECT k.key,
    coalesce((SELECT last FROM outbox_sequence s WHERE s.topic = $1 AND s.key = k.key), 0) AS emitted,
    (SELECT count(*) FROM outbox o WHERE o.bucket = k.bucket AND o.topic = $1 AND o.key = k.key) AS pending,
    EXISTS (SELECT 1 FROM outbox_quarantine q WHERE q.topic = $1 AND q.key = k.key) AS quarantined,
    coalesce((SELECT last FROM inbox i WHERE i.topic = $1 AND i.key = k.key), 0) AS applied,
    (SELECT count(*) FROM parked p WHERE p.topic = $1 AND p.key = k.key) AS parked,
    (SELECT sequence FROM dead_letter d WHERE d.topic = $1 AND d.key = k.key) AS dead,
    (SELECT max(sequence) FROM discarded_event x WHERE x.topic = $1 AND x.key = k.key) AS discarded
FROM unnest($2::uuid[], $3::smallint[]) AS k (key, bucket)
"""


async def whereabouts(connection: Connection, topic: str, keys: Sequence[UUID]) -> list[Whereabouts]:
    """Return where the events of some aggregates are, as this service sees it, in the order of `keys`."""
    rows: list[Record] = await connection.fetch(_WHEREABOUTS, topic, keys, [bucket_of(key) for key in keys])
    found = {row["key"]: Whereabouts(**dict(row)) for row in rows}
    return [found[key] for key in keys]
