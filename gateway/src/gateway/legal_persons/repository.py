"""Reads and writes legal persons."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.legal_persons.domain import LegalPerson, Representative, Source
from gateway.legal_persons.tables import legal_person
from gateway.people.tables import person
from onestop_runtime.sql import Connection, Record, compiled

_SELECT = sa.select(
    *(column for column in legal_person.c if column.name != "registered_at"),
    person.c.masked_name.label("representative_name"),
).outerjoin(person, person.c.id == legal_person.c.representative_id)
_BY_CODE = compiled(_SELECT.where(legal_person.c.credit_code == sa.bindparam("credit_code")))
_LOCK = compiled(
    _SELECT.where(legal_person.c.credit_code == sa.bindparam("credit_code")).with_for_update(of=legal_person)
)
_REPRESENTED = compiled(
    _SELECT.where(legal_person.c.representative_id == sa.bindparam("person_id")).order_by(legal_person.c.credit_code)
)
_ADD = compiled(sa.insert(legal_person))
_SAVE = compiled(
    sa.update(legal_person)
    .where(legal_person.c.id == sa.bindparam("legal_person_id"))
    .values(
        representative_id=sa.bindparam("person_id"),
        representative_since=sa.bindparam("since"),
        representative_source=sa.bindparam("source"),
        version=sa.bindparam("new_version"),
    )
)


async def by_credit_code(connection: Connection, credit_code: str, *, lock: bool = False) -> LegalPerson | None:
    """Return the legal person with a credit code; locked until the transaction ends where it is to be changed."""
    row = await (_LOCK if lock else _BY_CODE).fetchrow(connection, credit_code=credit_code)
    return _legal_person(row) if row else None


async def represented_by(connection: Connection, person_id: UUID) -> tuple[LegalPerson, ...]:
    """Return the legal persons that somebody represents."""
    return tuple(map(_legal_person, await _REPRESENTED.fetch(connection, person_id=person_id)))


async def add(connection: Connection, new: LegalPerson, registered_at: datetime) -> None:
    """Keep a new legal person, that nobody represents yet."""
    await _ADD.execute(
        connection,
        id=new.id,
        credit_code=new.credit_code,
        name=new.name,
        registered_at=registered_at,
        representative_id=None,
        representative_since=None,
        representative_source=None,
        version=new.version,
    )


async def save_representative(connection: Connection, changed: LegalPerson) -> None:
    """Keep who represents a legal person."""
    now = changed.representative
    await _SAVE.execute(
        connection,
        legal_person_id=changed.id,
        person_id=now.person_id if now else None,
        since=now.since if now else None,
        source=now.source if now else None,
        new_version=changed.version,
    )


def _legal_person(row: Record) -> LegalPerson:
    return LegalPerson(row["id"], row["credit_code"], row["name"], _representative(row), row["version"])


def _representative(row: Record) -> Representative | None:
    if row["representative_id"] is None:
        return None
    source = Source(row["representative_source"])
    return Representative(row["representative_id"], row["representative_name"], row["representative_since"], source)
