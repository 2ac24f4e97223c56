"""Files of materials and evidence by sharing."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, Record, compiled
from svc_intake.domain.evidence import Evidence
from svc_intake.domain.material import StoredFile
from svc_intake.tables import evidence, material

_COLUMNS = tuple(column.name for column in material.columns)
_ADD = compiled(sa.insert(material).values({name: sa.bindparam(name) for name in _COLUMNS}))
_FIND = compiled(
    sa.select(material).where(
        material.c.id == sa.bindparam("material_id", type_=sa.Uuid),
        material.c.case_id == sa.bindparam("case_id", type_=sa.Uuid),
    )
)
_REMOVE = compiled(sa.delete(material).where(material.c.id == sa.bindparam("material_id", type_=sa.Uuid)))
_NAMED = compiled(
    sa.select(material.c.path).where(material.c.path == sa.any_(sa.bindparam("paths", type_=pg.ARRAY(sa.Text))))
)
_ADD_EVIDENCE = compiled(
    sa.insert(evidence).values({column.name: sa.bindparam(column.name) for column in evidence.columns})
)
_EVIDENCE = compiled(
    sa.select(evidence).where(
        evidence.c.case_id == sa.bindparam("case_id", type_=sa.Uuid),
        evidence.c.resource == sa.bindparam("resource", type_=sa.Text),
    )
)
_EVIDENCE_OF_CASE = compiled(
    sa.select(evidence)
    .where(evidence.c.case_id == sa.bindparam("case_id", type_=sa.Uuid))
    .order_by(evidence.c.answered_at)
)


async def add(connection: Connection, file: StoredFile) -> None:
    """Name a file that was written; from now on the sweeper leaves it."""
    await _ADD.execute(connection, **{name: getattr(file, name) for name in _COLUMNS})


async def find(connection: Connection, case_id: UUID, material_id: UUID) -> Record | None:
    """Return the row of a file, or None."""
    return await _FIND.fetchrow(connection, case_id=case_id, material_id=material_id)


async def remove(connection: Connection, material_id: UUID) -> None:
    """Forget a file; the sweeper removes its bytes."""
    await _REMOVE.execute(connection, material_id=material_id)


async def named(connection: Connection, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` that a row names."""
    return {row["path"] for row in await _NAMED.fetch(connection, paths=list(paths))}


async def add_evidence(connection: Connection, case_id: UUID, one: Evidence, asked_by: UUID | None) -> None:
    """Keep the answer of the exchange."""
    await _ADD_EVIDENCE.execute(
        connection, id=one.id, case_id=case_id, resource=one.resource, material_codes=list(one.material_codes),
        fields=one.fields, access_id=one.access_id, asked_by=asked_by, answered_at=one.answered_at,
    )  # fmt: skip


async def evidence_of(connection: Connection, case_id: UUID, resource: str) -> Evidence | None:
    """Return the stored answer of a resource, or None."""
    row = await _EVIDENCE.fetchrow(connection, case_id=case_id, resource=resource)
    return _evidence(row) if row else None


async def all_evidence(connection: Connection, case_id: UUID) -> list[Evidence]:
    """Return every stored answer of a case, oldest first."""
    return [_evidence(row) for row in await _EVIDENCE_OF_CASE.fetch(connection, case_id=case_id)]


def _evidence(row: Any) -> Evidence:
    return Evidence(
        row["id"], row["resource"], tuple(row["material_codes"]), row["fields"], row["access_id"], row["answered_at"]
    )
