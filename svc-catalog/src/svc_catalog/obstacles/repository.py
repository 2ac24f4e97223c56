"""Obstacles and their steps."""

import functools
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_catalog.obstacles.domain import Field, Obstacle, ObstacleState, Step
from svc_catalog.tables import obstacle, obstacle_step

_ADD = compiled(sa.insert(obstacle).values({column: sa.bindparam(column.name) for column in obstacle.c}))
_CHANGES = ("state", "agency_code", "assigned_on", "due", "solver", "solved_on", "version")
_CHANGE = compiled(
    sa.update(obstacle)
    .where(obstacle.c.id == sa.bindparam("obstacle_id"))
    .values({name: sa.bindparam(name) for name in _CHANGES})
)
_ADD_STEP = compiled(sa.insert(obstacle_step).values({c: sa.bindparam(c.name) for c in obstacle_step.c}))
_GET = compiled(sa.select(obstacle).where(obstacle.c.id == sa.bindparam("obstacle_id")))
_LOCK = compiled(sa.select(obstacle).where(obstacle.c.id == sa.bindparam("obstacle_id")).with_for_update())
_STEPS = compiled(
    sa.select(obstacle_step)
    .where(obstacle_step.c.obstacle_id == sa.bindparam("obstacle_id"))
    .order_by(obstacle_step.c.number)
)
_late = obstacle.c.due < sa.func.coalesce(obstacle.c.solved_on, sa.bindparam("today", type_=sa.Date))
_TOTALS = compiled(
    sa.select(
        obstacle.c.field,
        *(
            sa.func.count().filter(obstacle.c.state == sa.literal_column(f"'{state.value}'")).label(state.value)
            for state in ObstacleState
        ),
        sa.func.count().filter(_late).label("overdue"),
    ).group_by(obstacle.c.field)
)


async def add(connection: Connection, found: Obstacle) -> None:
    """Store a new obstacle."""
    await _ADD.execute(connection, **_columns(found))


async def change(connection: Connection, changed: Obstacle) -> None:
    """Store what changed of an obstacle."""
    columns = _columns(changed)
    await _CHANGE.execute(connection, obstacle_id=changed.id, **{name: columns[name] for name in _CHANGES})


async def add_step(connection: Connection, of: Obstacle, step: Step, by: UUID, at: datetime) -> None:
    """Store what was done, under the version it led to."""
    columns = asdict(step) | {"evidence": [asdict(one) for one in step.evidence]}
    await _ADD_STEP.execute(connection, obstacle_id=of.id, number=of.version, by=by, at=at, **columns)


async def get(connection: Connection, obstacle_id: UUID, *, lock: bool = False) -> Obstacle | None:
    """Return an obstacle; with `lock` nobody else changes it until the transaction ends."""
    row = await (_LOCK if lock else _GET).fetchrow(connection, obstacle_id=obstacle_id)
    return _entity(row) if row else None


async def steps(connection: Connection, obstacle_id: UUID) -> list[Record]:
    """Return what was done to an obstacle, in order."""
    return await _STEPS.fetch(connection, obstacle_id=obstacle_id)


async def page(connection: Connection, filters: dict[str, str], after: UUID | None, limit: int) -> list[Obstacle]:
    """Return up to `limit` obstacles with these values, the latest found first, from behind `after` on."""
    behind = {"after": after} if after else {}
    rows = await _page(frozenset(filters), behind=bool(behind)).fetch(connection, limit=limit, **filters, **behind)
    return [_entity(row) for row in rows]


async def totals(connection: Connection, today: date) -> dict[Field, Record]:
    """Return by field how many obstacles are in each state, and how many are or were late."""
    return {Field(row["field"]): row for row in await _TOTALS.fetch(connection, today=today)}


@functools.cache
def _page(filters: frozenset[str], *, behind: bool) -> Statement:
    statement = sa.select(obstacle)
    for name in sorted(filters):
        statement = statement.where(obstacle.c[name] == sa.bindparam(name))
    if behind:
        statement = statement.where(obstacle.c.id < sa.bindparam("after", type_=sa.Uuid))
    return compiled(statement.order_by(obstacle.c.id.desc()).limit(sa.bindparam("limit")))


def _columns(one: Obstacle) -> dict[str, Any]:
    return asdict(one) | {"field": one.field.value, "state": one.state.value}


def _entity(row: Record) -> Obstacle:
    return Obstacle(**{**row, "field": Field(row["field"]), "state": ObstacleState(row["state"])})
