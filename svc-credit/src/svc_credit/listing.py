"""Lists with optional filters: one compiled statement per combination in use, permissions always in it."""

import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_credit.permissions import PERMISSIONS


class Listing:
    """A list of one table, the last by `keys` first; the keys together are unique.

    Attributes:
        filters: clauses by the name of the value they need; `None` values leave theirs out.
    """

    def __init__(
        self,
        action: str,
        table: sa.Table,
        keys: tuple[sa.Column[Any], ...],
        filters: Mapping[str, sa.ColumnElement[bool]],
    ) -> None:
        self._action = action
        self._table = table
        self._keys = keys
        self._filters = dict(filters)
        self._statement = functools.cache(self._compile)

    async def fetch(
        self, connection: Connection, caller: Caller, *, after: tuple[Any, ...] | None, limit: int, **filters: Any
    ) -> list[Record]:
        """Return up to `limit` rows that `caller` may see, from behind the sort key `after` on."""
        conditions = PERMISSIONS.conditions(caller, self._action)
        if not conditions:
            return []
        values = {name: value for name, value in filters.items() if value is not None}
        used = frozenset(values)
        values |= PERMISSIONS.parameters(conditions, caller) | {"page_limit": limit}
        if after:
            values |= {f"after_{key.name}": value for key, value in zip(self._keys, after, strict=True)}
        return await self._statement(conditions, used, bool(after)).fetch(connection, **values)

    def _compile(self, conditions: tuple[Condition, ...], used: frozenset[str], behind: bool) -> Statement:  # noqa: FBT001 - part of the cache key
        statement = sa.select(self._table).where(PERMISSIONS.clause(conditions, self._table))
        for name in sorted(used):
            statement = statement.where(self._filters[name])
        if behind:
            after = [sa.bindparam(f"after_{key.name}", type_=key.type) for key in self._keys]
            statement = statement.where(sa.tuple_(*self._keys) < sa.tuple_(*after))
        statement = statement.order_by(*(key.desc() for key in self._keys))
        return compiled(statement.limit(sa.bindparam("page_limit", type_=sa.Integer)))
