"""Definitions: immutable once imported, so a process keeps those it has read."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection, compiled
from svc_workflow import tables
from svc_workflow.domain.definition import Definition, DefinitionNotFound, from_data, to_data

_d = tables.definition
_ADD = compiled(sa.insert(_d).values({column: sa.bindparam(column.name) for column in _d.c}))
_LATEST = compiled(
    sa.select(_d.c.id, _d.c.number, _d.c.sha256, _d.c.graph)
    .where(_d.c.key == sa.bindparam("key"))
    .order_by(_d.c.number.desc())
    .limit(1)
)
_GET = compiled(sa.select(_d.c.graph).where(_d.c.id == sa.bindparam("definition_id")))
_ALL = compiled(
    sa.select(_d.c.id, _d.c.key, _d.c.number, _d.c.name, _d.c.graph, _d.c.imported_at).order_by(_d.c.key, _d.c.number)
)
_known: dict[UUID, Definition] = {}


async def add(connection: Connection, definition: Definition, source: bytes, at: datetime) -> tuple[UUID, int, bool]:
    """Store a definition as the next version of its key; the same document again is the version it was.

    Returns:
        its id, its number, and whether it is new.
    """
    digest = hashlib.sha256(source).digest()
    latest = await _LATEST.fetchrow(connection, key=definition.key)
    if latest and latest["sha256"] == digest:
        return latest["id"], latest["number"], False
    definition_id, number = uuid7(), (latest["number"] if latest else 0) + 1
    await _ADD.execute(
        connection,
        id=definition_id,
        key=definition.key,
        number=number,
        name=definition.name,
        graph=to_data(definition),
        source=source,
        sha256=digest,
        imported_at=at,
    )
    return definition_id, number, True


async def latest(connection: Connection, key: str) -> tuple[UUID, int, Definition]:
    """Return the newest version of a definition: id, number, graph; raises `DefinitionNotFound`."""
    row = await _LATEST.fetchrow(connection, key=key)
    if row is None:
        raise DefinitionNotFound(f"没有名为 {key} 的流程定义。")
    return row["id"], row["number"], _known.get(row["id"]) or _keep(row["id"], row["graph"])


async def get(connection: Connection, definition_id: UUID) -> Definition:
    """Return a definition by id; raises `DefinitionNotFound`."""
    if known := _known.get(definition_id):
        return known
    graph = await _GET.fetchval(connection, definition_id=definition_id)
    if graph is None:
        raise DefinitionNotFound
    return _keep(definition_id, graph)


async def everything(connection: Connection) -> list[Any]:
    """Return all definitions' rows, by key and number."""
    return await _ALL.fetch(connection)


def _keep(definition_id: UUID, graph: dict[str, Any]) -> Definition:
    definition = from_data(graph)
    _known[definition_id] = definition
    return definition
