"""A projection: tables that hold nothing but a copy of what others have told in their events."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Projection:
    """What can be built anew from events alone.

    Attributes:
        name: how operators call it.
        topics: all that its tables are made from; their handlers touch no other table.
        tables: what a row refers to stands before it.
    """

    name: str
    topics: tuple[str, ...]
    tables: tuple[sa.Table, ...]


def schema_of(rebuild_id: UUID) -> str:
    """Return the schema in which a rebuild makes its tables."""
    return f"rebuild_{rebuild_id.hex}"


def columns_of(table: sa.Table) -> list[str]:
    """Return the columns that are written, quoted."""
    return [f'"{column.name}"' for column in table.columns if column.computed is None]


def key_of(table: sa.Table) -> list[str]:
    """Return the columns of the primary key, quoted."""
    return [f'"{column.name}"' for column in table.primary_key]
