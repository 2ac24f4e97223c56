"""Rebuilds and their tables in SQL. A schema's name comes from the rebuild's id, tables and columns from the code."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from onestop_runtime.rebuilds.errors import RebuildDoesNotFit
from onestop_runtime.rebuilds.projection import Projection, columns_of, key_of, schema_of
from onestop_runtime.sql import Connection

SILENT_SECONDS = 10
"""A runner that was not seen for so long is dead; another one goes on."""
OF_THE_INBOX = ("inbox", "parked", "dead_letter")
_COLUMNS = "id, projection, since, state, version, read, error, asked_at, ended_at"
_ASK = f"""
INSERT INTO rebuild (id, projection, since, state, version, asked_at) VALUES ($1, $2, $3, 'reading', 1, $4)
ON CONFLICT (projection) WHERE ended_at IS NULL DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608 - names of the code
_ONE = f"SELECT {_COLUMNS} FROM rebuild WHERE id = $1"  # noqa: S608 - as above
_PAGE = f"SELECT {_COLUMNS} FROM rebuild WHERE id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - as above
_CLAIM = f"""
UPDATE rebuild SET runner = $1, seen_at = clock_timestamp()
WHERE id = (
    SELECT id FROM rebuild
    WHERE ended_at IS NULL
      AND (runner IS NULL OR runner = $1 OR seen_at < clock_timestamp() - interval '{SILENT_SECONDS} seconds')
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING {_COLUMNS}
"""  # noqa: S608 - as above
_SEEN = """
UPDATE rebuild SET seen_at = clock_timestamp(), read = read + $3,
                   version = version + CASE WHEN $4 AND state = 'reading' THEN 1 ELSE 0 END,
                   state = CASE WHEN $4 THEN 'ready' ELSE state END, error = NULL
WHERE id = $1 AND runner = $2 AND ended_at IS NULL
RETURNING id
"""
_END = "UPDATE rebuild SET state = $2, ended_at = $3, version = version + 1, error = NULL WHERE id = $1"
_TELL = "UPDATE rebuild SET error = $2 WHERE id = $1 AND ended_at IS NULL"
_DISCARDED = """
SELECT d.topic, d.key, array_agg(d.sequence ORDER BY d.sequence) AS sequences
FROM discarded_event d JOIN unnest($1::text[], $2::uuid[]) AS p (topic, key) ON p.topic = d.topic AND p.key = d.key
WHERE d.side = 'in' GROUP BY d.topic, d.key
"""
_LEFT_OVER = """
SELECT nspname FROM pg_namespace
WHERE nspname LIKE 'rebuild\\_%' AND NOT EXISTS (
    SELECT FROM rebuild WHERE ended_at IS NULL AND nspname = 'rebuild_' || replace(id::text, '-', '')
)
"""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild of a projection.

    Attributes:
        since: events from then on are applied to a copy of the present tables; None: all of them to empty ones.
        state: `reading`, `ready` (it has all that there was when it began, and follows), `swapped`, `abandoned`.
        read: events that were read.
    """

    id: UUID
    projection: str
    since: datetime | None
    state: str
    version: int
    read: int
    error: str | None
    asked_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """In how many rows a rebuilt table differs from the one in use: not there, there too much, with other values."""

    table: str
    missing: int
    surplus: int
    changed: int


async def ask(
    connection: Connection, rebuild_id: UUID, projection: str, since: datetime | None, now: datetime
) -> Rebuild | None:
    """Note that a projection is to be rebuilt; None when that is under way already."""
    return _rebuild(await connection.fetchrow(_ASK, rebuild_id, projection, since, now))


async def rebuild_by_id(connection: Connection, rebuild_id: UUID, *, lock: bool = False) -> Rebuild | None:
    """Return a rebuild, or None."""
    return _rebuild(await connection.fetchrow(_ONE + (" FOR UPDATE" if lock else ""), rebuild_id))


async def rebuilds_before(connection: Connection, before: UUID, limit: int) -> list[Rebuild]:
    """Return rebuilds, the newest first."""
    return [Rebuild(**row) for row in await connection.fetch(_PAGE, before, limit)]


async def claim(connection: Connection, runner: UUID) -> Rebuild | None:
    """Return a rebuild that nobody else works at; it is the runner's as long as he is seen."""
    return _rebuild(await connection.fetchrow(_CLAIM, runner))


async def seen(connection: Connection, rebuild_id: UUID, runner: UUID, read: int, *, ready: bool) -> bool:
    """Note that the runner is at it; return whether he should go on."""
    return bool(await connection.fetchval(_SEEN, rebuild_id, runner, read, ready))


async def end(connection: Connection, rebuild_id: UUID, state: str, now: datetime) -> None:
    """Note how a rebuild ended."""
    await connection.execute(_END, rebuild_id, state, now)


async def tell(connection: Connection, rebuild_id: UUID, error: str) -> None:
    """Note what keeps a rebuild from going on."""
    await connection.execute(_TELL, rebuild_id, error)


async def prepare(connection: Connection, rebuild: Rebuild, projection: Projection) -> None:
    """Make the tables of a rebuild, unless they are there; within one transaction."""
    schema = schema_of(rebuild.id)
    if await connection.fetchval("SELECT to_regnamespace($1)", schema):
        return
    await connection.execute(f"CREATE SCHEMA {schema}")
    for table in (*(one.name for one in projection.tables), *OF_THE_INBOX):
        await connection.execute(f'CREATE TABLE {schema}."{table}" (LIKE "{table}" INCLUDING ALL)')
    await connection.execute(f"CREATE TABLE {schema}.inbox_before (LIKE inbox INCLUDING ALL)")
    topics = list(projection.topics)
    await connection.execute(
        f"INSERT INTO {schema}.inbox_before SELECT * FROM inbox WHERE topic = ANY($1::text[])",  # noqa: S608
        topics,
    )
    if rebuild.since is not None:
        for one in projection.tables:
            named = ", ".join(columns_of(one))
            await connection.execute(f'INSERT INTO {schema}."{one.name}" ({named}) SELECT {named} FROM "{one.name}"')  # noqa: S608


async def discarded(connection: Connection, places: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], list[int]]:
    """Return which events of these aggregates operators have discarded."""
    if not places:
        return {}
    rows = await connection.fetch(_DISCARDED, *map(list, zip(*places, strict=True)))
    return {(row["topic"], row["key"]): row["sequences"] for row in rows}


async def held_up_in(connection: Connection, rebuild: Rebuild) -> int:
    """Return how many aggregates are held up in a rebuild's own inbox."""
    schema = schema_of(rebuild.id)
    if not await connection.fetchval("SELECT to_regnamespace($1)", schema):
        return 0
    found: int = await connection.fetchval(
        f"SELECT count(DISTINCT (p.topic, p.key)) FROM {schema}.parked p "  # noqa: S608
        f"LEFT JOIN {schema}.inbox i ON i.topic = p.topic AND i.key = p.key WHERE p.sequence > coalesce(i.last, 0)"
    )
    return found


async def hold_still(connection: Connection, rebuild: Rebuild) -> None:
    """Let nobody apply events until the transaction ends, here or to the rebuilt tables."""
    await connection.execute(f"LOCK TABLE {schema_of(rebuild.id)}.inbox IN SHARE MODE")
    await connection.execute("LOCK TABLE inbox IN SHARE ROW EXCLUSIVE MODE")


async def behind(connection: Connection, rebuild: Rebuild, topics: Sequence[str]) -> int:
    """Return of how many aggregates more was applied here than to the rebuilt tables."""
    schema = schema_of(rebuild.id)
    found: int = await connection.fetchval(
        f"SELECT count(*) FROM inbox i "  # noqa: S608
        f"LEFT JOIN {schema}.inbox n ON n.topic = i.topic AND n.key = i.key "
        f"LEFT JOIN {schema}.inbox_before b ON b.topic = i.topic AND b.key = i.key AND $2 "
        "WHERE i.topic = ANY($1::text[]) AND i.last > coalesce(n.last, b.last, 0)",
        list(topics), rebuild.since is not None,
    )  # fmt: skip
    return found


async def differences(connection: Connection, rebuild: Rebuild, projection: Projection) -> list[Difference]:
    """Return in what the rebuilt tables differ from those in use."""
    found = []
    for table in projection.tables:
        new, key = f'{schema_of(rebuild.id)}."{table.name}"', ", ".join(key_of(table))
        first = key_of(table)[0]
        values = [", ".join(f"{side}.{name}" for name in columns_of(table)) for side in ("n", "o")]
        row = await connection.fetchrow(
            f"SELECT count(*) FILTER (WHERE o.{first} IS NULL) AS missing, "  # noqa: S608
            f"count(*) FILTER (WHERE n.{first} IS NULL) AS surplus, "
            f"count(*) FILTER (WHERE o.{first} IS NOT NULL AND n.{first} IS NOT NULL "
            f"AND ({values[0]}) IS DISTINCT FROM ({values[1]})) AS changed "
            f'FROM {new} n FULL JOIN "{table.name}" o USING ({key})'
        )
        found.append(Difference(str(table.name), **row))
    return found


async def swap(connection: Connection, rebuild: Rebuild, projection: Projection) -> None:
    """Make the tables in use what the rebuilt ones are, and their inbox with them.

    Rows are put in place of rows, so that what refers to them goes on to do so.

    Raises:
        RebuildDoesNotFit: when something refers to a row that would be gone.
    """
    schema = schema_of(rebuild.id)
    try:
        for table in reversed(projection.tables):
            same = " AND ".join(f"n.{name} = o.{name}" for name in key_of(table))
            await connection.execute(
                f'DELETE FROM "{table.name}" o WHERE NOT EXISTS (SELECT FROM {schema}."{table.name}" n WHERE {same})'  # noqa: S608
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise RebuildDoesNotFit(f"仍被引用：{error.table_name}。") from error
    for table in projection.tables:
        columns, key = columns_of(table), key_of(table)
        named, new = ", ".join(columns), ", ".join(f"excluded.{name}" for name in columns)
        old = ", ".join(f"o.{name}" for name in columns)
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        await connection.execute(
            f'INSERT INTO "{table.name}" AS o ({named}) SELECT {named} FROM {schema}."{table.name}" '  # noqa: S608
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes} WHERE ({old}) IS DISTINCT FROM ({new})"
        )
    await connection.execute(
        f"INSERT INTO inbox AS i SELECT * FROM {schema}.inbox "  # noqa: S608
        "ON CONFLICT (topic, key) DO UPDATE SET last = excluded.last, applied_at = excluded.applied_at "
        "WHERE i.last < excluded.last"
    )


async def drop_left_over(connection: Connection) -> None:
    """Drop the tables of rebuilds that have ended."""
    for row in await connection.fetch(_LEFT_OVER):
        await connection.execute(f'DROP SCHEMA IF EXISTS "{row["nspname"]}" CASCADE')


def _rebuild(row: asyncpg.Record | None) -> Rebuild | None:
    return Rebuild(**row) if row else None
