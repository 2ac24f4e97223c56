"""Lists with optional filters: one compiled statement per combination in use, permissions always in it."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_datashare.permissions import PERMISSIONS


class Listing:
    """A list of one table, sorted by one unique column.

    Attributes:
        filters: clauses by the name of the value they need; `None` values leave theirs out.
    """

    def __init__(
        self,
        action: str,
        table: sa.Table,
        order_by: sa.ColumnElement[Any],
        filters: Mapping[str, sa.ColumnElement[bool]] | None = None,
        *,
        columns: Sequence[Any] = (),
        descending: bool = True,
    ) -> None:
        self._action = action
        self._table = table
        self._order_by = order_by
        self._filters = dict(filters or {})
        self._columns = columns
        self._descending = descending
        self._statement = functools.cache(self._compile)

    async def fetch(
        self, connection: Connection, caller: Caller, *, after: Any, limit: int, **filters: Any
    ) -> list[Record]:
        """Return up to `limit` rows that `caller` may see, from behind the sort key `after` on."""
        conditions = PERMISSIONS.conditions(caller, self._action)
        if not conditions:
            return []
        values = {name: value for name, value in filters.items() if value is not None}
        used = frozenset(values)
        values |= PERMISSIONS.parameters(conditions, caller) | {"page_limit": limit}
        if after is not None:
            values["after"] = after
        statement = self._statement(conditions, used, after is not None)
        return await statement.fetch(connection, **values)

    def _compile(self, conditions: tuple[Condition, ...], used: frozenset[str], behind: bool) -> Statement:  # noqa: FBT001 - part of the cache key
        order = self._order_by
        statement = sa.select(self._table, *self._columns).where(PERMISSIONS.clause(conditions, self._table))
        for name in sorted(used):
            statement = statement.where(self._filters[name])
        if behind:
            after = sa.bindparam("after", type_=order.type)
            statement = statement.where(order < after if self._descending else order > after)
        statement = statement.order_by(order.desc() if self._descending else order)
        return compiled(statement.limit(sa.bindparam("page_limit", type_=sa.Integer)))
