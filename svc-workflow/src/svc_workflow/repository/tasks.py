"""Tasks and the inbox."""

import functools
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Statement, compiled
from svc_workflow import tables
from svc_workflow.domain.definition import TaskKind
from svc_workflow.domain.task import Task, TaskState
from svc_workflow.permissions import PERMISSIONS

_t, _p = tables.task, tables.proceeding
_ADD = compiled(sa.insert(_t).values({column: sa.bindparam(column.name) for column in _t.c}))
_CHANGED = ("state", "assignee", "completed_at", "outcome", "opinion", "details", "version")
_CHANGE = compiled(
    sa.update(_t).where(_t.c.id == sa.bindparam("task_id")).values({name: sa.bindparam(name) for name in _CHANGED})
)
_GET = compiled(sa.select(_t).where(_t.c.id == sa.bindparam("task_id")))
_LOCK = compiled(sa.select(_t).where(_t.c.id == sa.bindparam("task_id")).with_for_update())
_OF_PROCEEDING = compiled(
    sa.select(_t).where(_t.c.proceeding_id == sa.bindparam("proceeding_id")).order_by(_t.c.created_at, _t.c.id)
)


async def add(connection: Connection, task: Task) -> None:
    """Store a new task."""
    columns = {column.name: getattr(task, column.name) for column in _t.c}
    await _ADD.execute(
        connection, **columns | {"kind": task.kind.value, "state": task.state.value, "outcomes": list(task.outcomes)}
    )


async def change(connection: Connection, task: Task) -> None:
    """Store what changed of a task."""
    columns = {name: getattr(task, name) for name in _CHANGED} | {"state": task.state.value}
    await _CHANGE.execute(connection, task_id=task.id, **columns)


async def get(connection: Connection, task_id: UUID) -> Task | None:
    """Return a task, or None."""
    row = await _GET.fetchrow(connection, task_id=task_id)
    return task_of(row) if row else None


async def lock(connection: Connection, task_id: UUID) -> Task | None:
    """Return a task locked for change, or None; lock its proceeding first."""
    row = await _LOCK.fetchrow(connection, task_id=task_id)
    return task_of(row) if row else None


async def of_proceeding(connection: Connection, proceeding_id: UUID) -> list[Task]:
    """Return a proceeding's tasks, oldest first."""
    return [task_of(row) for row in await _OF_PROCEEDING.fetch(connection, proceeding_id=proceeding_id)]


@functools.cache
def _inbox(conditions: tuple[Condition, ...], *, mine: bool, after: bool) -> Statement:
    columns = (_t, _p.c.matter, _p.c.accepted_on)
    statement = sa.select(*columns).join(_p, _p.c.id == _t.c.proceeding_id).where(PERMISSIONS.clause(conditions, _t))
    statement = statement.where(_t.c.state == sa.bindparam("state"))
    if mine:
        statement = statement.where(_t.c.assignee == sa.bindparam("me"))
    if after:
        statement = statement.where(_t.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(statement.order_by(_t.c.id).limit(sa.bindparam("limit")))


async def inbox(
    connection: Connection,
    conditions: tuple[Condition, ...],
    parameters: dict[str, Any],
    state: str,
    me: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[tuple[Task, dict[str, Any]]]:
    """Return tasks with the matter they belong to, oldest first, right after the task `after`."""
    statement = _inbox(conditions, mine=me is not None, after=after is not None)
    values = (
        parameters | {"state": state, "limit": limit} | ({"me": me} if me else {}) | ({"after": after} if after else {})
    )
    return [(task_of(row), row["matter"]) for row in await statement.fetch(connection, **values)]


def task_of(row: Any) -> Task:
    """Return the task that a row stands for."""
    return Task(
        **{column.name: row[column.name] for column in _t.c if column.name not in {"kind", "state", "outcomes"}},
        kind=TaskKind(row["kind"]),
        state=TaskState(row["state"]),
        outcomes=tuple((value, text) for value, text in row["outcomes"]),
    )
