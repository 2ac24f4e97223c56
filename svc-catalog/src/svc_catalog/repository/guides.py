"""Items and the versions of their guides."""

import functools
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_catalog import tables
from svc_catalog.domain.guide_version import GuideState, GuideVersion
from svc_catalog.domain.search import bigrams

_i, _v = tables.item, tables.guide_version
_ADD_ITEM = compiled(sa.insert(_i).values({column: sa.bindparam(column.name) for column in _i.c}))
_LOCK_ITEM = compiled(sa.select(_i).where(_i.c.code == sa.bindparam("code")).with_for_update())
_ITEM_CHANGES = (
    "agency_name",
    "name",
    "name_length",
    "item_type",
    "state",
    "terms",
    "promised_days",
    "trips",
    "numbers",
    "valid_to",
    "current_id",
    "version",
)
_CHANGE_ITEM = compiled(
    sa.update(_i).where(_i.c.id == sa.bindparam("item_id")).values({n: sa.bindparam(n) for n in _ITEM_CHANGES})
)
_ADD = compiled(sa.insert(_v).values({column: sa.bindparam(column.name) for column in _v.c}))
_CHANGES = ("guide", "writers", "state", "number", "content_hash", "approver", "published_at", "ended_at", "reason",
            "version")  # fmt: skip
_CHANGE = compiled(
    sa.update(_v).where(_v.c.id == sa.bindparam("version_id")).values({n: sa.bindparam(n) for n in _CHANGES})
)
_GET = compiled(sa.select(_v).where(_v.c.id == sa.bindparam("version_id")))
_LOCK = compiled(sa.select(_v).where(_v.c.id == sa.bindparam("version_id")).with_for_update())
_OF_ITEM = compiled(
    sa.select(_v.c.id, _v.c.number, _v.c.state, _v.c.content_hash, _v.c.published_at, _v.c.ended_at)
    .join(_i, _i.c.id == _v.c.item_id)
    .where(_i.c.code == sa.bindparam("code"), _v.c.number > 0)
    .order_by(_v.c.number.desc())
)  # fmt: skip
_CURRENT = compiled(
    sa.select(_i.c.state.label("item_state"), _v)
    .outerjoin(_v, _v.c.id == _i.c.current_id)
    .where(_i.c.code == sa.bindparam("code"))
)
_STATE = compiled(sa.select(_i.c.state, _i.c.current_id, _i.c.version).where(_i.c.code == sa.bindparam("code")))
_HASHES = compiled(sa.select(_v.c.code, _v.c.content_hash).where(_v.c.number > 0))


async def lock_item(connection: Connection, code: str) -> Record | None:
    """Return an item's row locked for change, or None."""
    return await _LOCK_ITEM.fetchrow(connection, code=code)


async def add_item(connection: Connection, item_id: UUID, guide: dict[str, Any]) -> None:
    """Store a new item, not yet visible: it has no published guide."""
    await _ADD_ITEM.execute(
        connection,
        id=item_id,
        code=guide["code"],
        agency_code=guide["agency"]["code"],
        numbers=0,
        current_id=None,
        state="draft",
        version=1,
        **_shown(guide),
    )


async def show(connection: Connection, item: Record, version: GuideVersion) -> None:
    """Let an item show the state of its version in force; a new number counts on."""
    await _CHANGE_ITEM.execute(
        connection,
        item_id=item["id"],
        state=version.state.value,
        numbers=max(item["numbers"], version.number),
        current_id=version.id,
        version=item["version"] + 1,
        **_shown(version.guide),
    )


async def add(connection: Connection, version: GuideVersion, at: datetime) -> None:
    """Store a new version."""
    columns = {column.name: getattr(version, column.name) for column in _v.c if column.name != "created_at"}
    await _ADD.execute(connection, **columns | {"state": version.state.value, "created_at": at})


async def change(connection: Connection, version: GuideVersion) -> None:
    """Store what changed of a version."""
    columns = {name: getattr(version, name) for name in _CHANGES} | {"state": version.state.value}
    await _CHANGE.execute(connection, version_id=version.id, **columns)


async def get(connection: Connection, version_id: UUID) -> GuideVersion | None:
    """Return a version, or None."""
    row = await _GET.fetchrow(connection, version_id=version_id)
    return version_of(row) if row else None


async def lock(connection: Connection, version_id: UUID) -> GuideVersion | None:
    """Return a version locked for change, or None."""
    row = await _LOCK.fetchrow(connection, version_id=version_id)
    return version_of(row) if row else None


async def current(connection: Connection, code: str) -> tuple[str, GuideVersion | None] | None:
    """Return an item's state and its version in force, or None for an unknown code."""
    row = await _CURRENT.fetchrow(connection, code=code)
    if row is None:
        return None
    return row["item_state"], version_of(row) if row["id"] else None


async def stamp(connection: Connection, code: str) -> tuple[str, UUID | None, int] | None:
    """Return what a kept copy of the item's guide must still agree with, or None for an unknown code."""
    row = await _STATE.fetchrow(connection, code=code)
    return (row["state"], row["current_id"], row["version"]) if row else None


async def of_item(connection: Connection, code: str) -> list[Record]:
    """Return the published versions of an item, newest first."""
    return await _OF_ITEM.fetch(connection, code=code)


async def published_hashes(connection: Connection) -> set[tuple[str, str]]:
    """Return code and content hash of everything that was ever published."""
    return {(row["code"], row["content_hash"]) for row in await _HASHES.fetch(connection)}


@functools.cache
def _search(filters: frozenset[str], *, terms: bool, after: bool) -> Statement:
    in_force = sa.or_(_i.c.valid_to.is_(None), _i.c.valid_to >= sa.bindparam("day", type_=sa.Date))
    statement = sa.select(_i).where(_i.c.state == "published", in_force)
    if terms:
        statement = statement.where(_i.c.terms.contains(sa.bindparam("terms", type_=_i.c.terms.type)))
    for name in sorted(filters):
        statement = statement.where(_i.c[name] == sa.bindparam(name))
    if after:
        position = sa.tuple_(_i.c.name_length, _i.c.code)
        statement = statement.where(
            position > sa.tuple_(sa.bindparam("length", type_=sa.Integer), sa.bindparam("code", type_=sa.Text))
        )
    return compiled(statement.order_by(_i.c.name_length, _i.c.code).limit(sa.bindparam("limit")))


async def search(
    connection: Connection,
    terms: list[str],
    filters: dict[str, str],
    after: tuple[int, str] | None,
    limit: int,
    *,
    day: date,
) -> list[Record]:
    """Return items in force on the legal day `day` that have all `terms`, right after the position `after`."""
    statement = _search(frozenset(filters), terms=bool(terms), after=after is not None)
    position = {"length": after[0], "code": after[1]} if after else {}
    wanted = {"terms": terms} if terms else {}
    return await statement.fetch(connection, **filters, **position, **wanted, limit=limit, day=day)


def version_of(row: Any) -> GuideVersion:
    """Return the version that a row stands for."""
    columns = {column.name: row[column.name] for column in _v.c if column.name not in {"created_at", "state"}}
    return GuideVersion(**columns, state=GuideState(row["state"]))


def _shown(guide: Any) -> dict[str, Any]:
    name = guide["name"]
    words = " ".join([name, guide["agency"]["name"], *guide.get("synonyms", ())])
    return {
        "agency_name": guide["agency"]["name"],
        "name": name,
        "name_length": len(name),
        "item_type": guide["item_type"],
        "terms": bigrams(words),
        "promised_days": guide["limits"]["promised_days"],
        "trips": guide["trips"],
        "valid_to": date.fromisoformat(guide["valid_to"]) if guide.get("valid_to") else None,
    }
