"""Imports of item lists and what they brought."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_runtime.sql import Connection, Record, compiled
from svc_catalog import tables
from svc_catalog.domain.imported import ImportedItem

_m, _r = tables.imported_item, tables.item_import
_ADD_RUN = compiled(sa.insert(_r).values({column: sa.bindparam(column.name) for column in _r.c}))
_GET = compiled(sa.select(_r).where(_r.c.id == sa.bindparam("import_id")))
_TRIED = compiled(
    sa.select(_r.c.id).where(_r.c.sha256 == sa.bindparam("sha256"), _r.c.dry_run, _r.c.id == sa.bindparam("dry_run_id"))
)
_KNOWN = compiled(sa.select(_m.c.code, _m.c.name))
_ADD = compiled(insert(_m).values({column: sa.bindparam(column.name) for column in _m.c}).on_conflict_do_nothing())


async def known(connection: Connection) -> set[tuple[str, str]]:
    """Return code and name of everything imported before."""
    return {(row["code"], row["name"]) for row in await _KNOWN.fetch(connection)}


async def add(connection: Connection, items: Sequence[ImportedItem], import_id: UUID) -> None:
    """Store items; those that are there stay."""
    rows = [
        {
            "code": item.code,
            "name": item.name,
            "department": item.department,
            "main_item": item.main_item,
            "item_type": item.item_type,
            "profile": item.profile,
            "import_id": import_id,
        }
        for item in items
    ]
    await _ADD.executemany(connection, rows)


async def add_run(connection: Connection, **columns: Any) -> None:
    """Store an import and its report."""
    await _ADD_RUN.execute(connection, **columns)


async def run(connection: Connection, import_id: UUID) -> Record | None:
    """Return an import, or None."""
    return await _GET.fetchrow(connection, import_id=import_id)


async def was_tried(connection: Connection, sha256: bytes, dry_run_id: UUID | None) -> bool:
    """Tell whether `dry_run_id` tried exactly this file."""
    return await _TRIED.fetchval(connection, sha256=sha256, dry_run_id=dry_run_id) is not None
