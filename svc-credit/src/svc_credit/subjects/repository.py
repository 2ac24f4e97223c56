"""Reads and writes subjects and how many records they have."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection, compiled
from svc_credit.records.domain.rules import RecordKind
from svc_credit.subjects.domain import KnownSubject
from svc_credit.tables import record_count, subject

_COLUMNS = (subject.c.id, subject.c.kind, subject.c.party, subject.c.credit_code, subject.c.name)
_BY_CODE = compiled(sa.select(*_COLUMNS).where(subject.c.credit_code == sa.bindparam("code")))
_BY_CODE_OR_PARTY = compiled(
    sa.select(*_COLUMNS)
    .where(sa.or_(subject.c.credit_code == sa.bindparam("code"), subject.c.party == sa.bindparam("person")))
    .order_by(subject.c.credit_code.is_(None))
    .limit(1)
)
_ADD = compiled(pg.insert(subject).on_conflict_do_nothing())
_IMPROVE = compiled(
    sa.update(subject)
    .where(subject.c.id == sa.bindparam("subject_id"))
    .values(
        name=sa.bindparam("name"),
        credit_code=sa.func.coalesce(sa.bindparam("credit_code", type_=sa.Text), subject.c.credit_code),
    )
)
_COUNTS = compiled(
    sa.select(record_count.c.kind, record_count.c.disclosed).where(record_count.c.subject_id == sa.bindparam("owner"))
)
_ADD_COUNT = pg.insert(record_count).values(subject_id=sa.bindparam("owner"), kind=sa.bindparam("kind"), disclosed=1)
_COUNT_UP = compiled(
    _ADD_COUNT.on_conflict_do_update(
        index_elements=[record_count.c.subject_id, record_count.c.kind],
        set_={"disclosed": record_count.c.disclosed + 1},
    )
)
_COUNT_DOWN = compiled(
    sa.update(record_count)
    .where(record_count.c.subject_id == sa.bindparam("owner"), record_count.c.kind == sa.bindparam("which"))
    .values(disclosed=record_count.c.disclosed - 1)
)


async def by_credit_code(connection: Connection, code: str) -> KnownSubject | None:
    """Return the subject with this credit code."""
    row = await _BY_CODE.fetchrow(connection, code=code)
    return KnownSubject(**row) if row else None


async def keep(
    connection: Connection, *, kind: str, party: UUID, credit_code: str | None, name: str, at: datetime
) -> UUID:
    """Return the id of a subject, entered now if it was unknown; a newer name replaces the older one.

    Two who enter the same subject at the same moment get the same id: the second waits for the first.
    """
    await _ADD.execute(
        connection, id=uuid7(), kind=kind, party=party, credit_code=credit_code, name=name, known_since=at
    )
    row = await _BY_CODE_OR_PARTY.fetchrow(connection, code=credit_code, person=party)
    assert row is not None  # noqa: S101 - it was there or has just been entered
    if row["name"] != name or (credit_code and row["credit_code"] is None):
        await _IMPROVE.execute(connection, subject_id=row["id"], name=name, credit_code=credit_code)
    found: UUID = row["id"]
    return found


async def count(connection: Connection, subject_id: UUID, kind: RecordKind, *, more: bool) -> None:
    """Count one disclosed record more, or one less."""
    if more:
        await _COUNT_UP.execute(connection, owner=subject_id, kind=kind.value)
    else:
        await _COUNT_DOWN.execute(connection, owner=subject_id, which=kind.value)


async def counts(connection: Connection, subject_id: UUID) -> dict[RecordKind, int]:
    """Return how many disclosed records of each kind a subject has."""
    rows = await _COUNTS.fetch(connection, owner=subject_id)
    return {RecordKind(row["kind"]): row["disclosed"] for row in rows}
