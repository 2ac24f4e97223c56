"""SQLAlchemy writes the SQL once, asyncpg runs it.

Compiling a statement costs more than most queries, so it happens when the module that names the statement is
imported. Statements take their values by name.
"""

from typing import Any, TypeAlias

from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.sql.expression import Executable

Connection: TypeAlias = Any
"""An asyncpg connection, or the pool's proxy of one."""
Record: TypeAlias = Any
"""A row: an `asyncpg.Record`, read by name."""

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]


class Statement:
    """A compiled statement: its text with `$1…` and the names that fill them.

    Attributes:
        text: the SQL.
        names: parameter names by position; a literal of the statement keeps its value as default.
    """

    __slots__ = ("_defaults", "names", "text")

    def __init__(self, text: str, names: tuple[str, ...], defaults: dict[str, Any]) -> None:
        self.text = text
        self.names = names
        self._defaults = defaults

    def _arguments(self, values: dict[str, Any]) -> list[Any]:
        defaults = self._defaults
        return [values[name] if name in values else defaults[name] for name in self.names]

    async def fetch(self, connection: Connection, **values: Any) -> list[Record]:
        """Return all rows."""
        rows: list[Record] = await connection.fetch(self.text, *self._arguments(values))
        return rows

    async def fetchrow(self, connection: Connection, **values: Any) -> Record | None:
        """Return the first row, or None."""
        return await connection.fetchrow(self.text, *self._arguments(values))

    async def fetchval(self, connection: Connection, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        return await connection.fetchval(self.text, *self._arguments(values))

    async def execute(self, connection: Connection, **values: Any) -> int:
        """Run the statement; return how many rows it touched."""
        status = await connection.execute(self.text, *self._arguments(values))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        """Run the statement once per row, pipelined."""
        await connection.executemany(self.text, [self._arguments(row) for row in rows])


def compiled(statement: Executable) -> Statement:
    """Return `statement` compiled for asyncpg.

    Every `bindparam` without a value must be given at each call (`KeyError` otherwise); values that stand in the
    expression keep their place. Use `= any(:list)` instead of `in`, whose text depends on the length.
    """
    text = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    required = {name for name, bind in text.binds.items() if bind.required}
    defaults = {name: value for name, value in text.params.items() if name not in required}
    return Statement(str(text), tuple(text.positiontup or ()), defaults)
