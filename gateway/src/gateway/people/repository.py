"""Reads and writes people."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.legal_persons.repository import represented_by
from gateway.legal_persons.tables import legal_person
from gateway.mandates.domain import State
from gateway.mandates.repository import in_force
from gateway.mandates.tables import mandate
from gateway.people.domain import Person
from gateway.people.tables import person
from gateway.staff.repository import appointments_of
from gateway.staff.tables import staff_member
from onestop_runtime.sql import Connection, Record, compiled

PERSON = (person.c.id, person.c.username, person.c.masked_name, person.c.assurance)
_BY_ID = compiled(
    sa.select(
        *PERSON,
        sa.exists().where(mandate.c.agent_id == person.c.id, mandate.c.state == State.GIVEN.value).label("acts"),
        sa.exists()
        .where(staff_member.c.person_id == person.c.id, staff_member.c.dismissed_at.is_(None))
        .label("serves"),
        sa.exists().where(legal_person.c.representative_id == person.c.id).label("represents"),
    ).where(person.c.id == sa.bindparam("person_id"), person.c.erased_at.is_(None))
)
_CREDENTIALS = compiled(sa.select(*PERSON, person.c.password_hash).where(person.c.username == sa.bindparam("username")))
_CREDENTIALS_OF = compiled(
    sa.select(*PERSON, person.c.password_hash).where(
        person.c.id == sa.bindparam("person_id"), person.c.erased_at.is_(None)
    )
)
_SET_PASSWORD_HASH = compiled(
    sa.update(person)
    .where(person.c.id == sa.bindparam("person_id"), person.c.password_hash.is_not_distinct_from(sa.bindparam("old")))
    .values(password_hash=sa.bindparam("new"))
    .returning(sa.true())
)
_HAS_PASSWORD = compiled(sa.select(person.c.password_hash.is_not(None)).where(person.c.id == sa.bindparam("person_id")))
_SEALED = compiled(sa.select(person.c.name, person.c.phone).where(person.c.id == sa.bindparam("person_id")))
_ID_BY_USERNAME = compiled(sa.select(person.c.id).where(person.c.username == sa.bindparam("username")))
_ADD_PERSON = compiled(sa.insert(person))


async def person_by_id(connection: Connection, person_id: UUID) -> Person | None:
    """Return a person with everything he may act as; one statement for those, the most, who act for nobody."""
    row = await _BY_ID.fetchrow(connection, person_id=person_id)
    if row is None:
        return None
    return replace(
        person_of(row),
        mandates=await in_force(connection, person_id) if row["acts"] else (),
        appointments=await appointments_of(connection, person_id) if row["serves"] else (),
        represents=await represented_by(connection, person_id) if row["represents"] else (),
    )


async def credentials(connection: Connection, username: str) -> tuple[Person, str | None] | None:
    """Return whom `username` names, without mandates, and the hash of the password, if he has one."""
    row = await _CREDENTIALS.fetchrow(connection, username=username)
    return (person_of(row), row["password_hash"]) if row else None


async def credentials_of(connection: Connection, person_id: UUID) -> tuple[Person, str | None] | None:
    """Return a person, without mandates, and the hash of the password."""
    row = await _CREDENTIALS_OF.fetchrow(connection, person_id=person_id)
    return (person_of(row), row["password_hash"]) if row else None


async def replace_password_hash(connection: Connection, person_id: UUID, *, old: str | None, new: str) -> bool:
    """Keep another hash in the place of `old`; False when the password was changed meanwhile."""
    return await _SET_PASSWORD_HASH.fetchval(connection, person_id=person_id, old=old, new=new) is True


async def has_password(connection: Connection, person_id: UUID) -> bool:
    """Tell whether a person can sign in with a password."""
    return await _HAS_PASSWORD.fetchval(connection, person_id=person_id) is True


async def sealed_fields(connection: Connection, person_id: UUID) -> tuple[bytes, bytes | None]:
    """Return the encrypted name and phone number of a person that exists."""
    row = await _SEALED.fetchrow(connection, person_id=person_id)
    if row is None:
        raise LookupError
    return row["name"], row["phone"]


async def id_of_username(connection: Connection, username: str) -> UUID | None:
    """Return the id of the person who signs in as `username`."""
    person_id: UUID | None = await _ID_BY_USERNAME.fetchval(connection, username=username)
    return person_id


async def add_person(connection: Connection, values: dict[str, Any]) -> None:
    """Keep a new person; `values` are the columns of `person` but its version and end."""
    await _ADD_PERSON.execute(connection, **values, erased_at=None, version=1)


def person_of(row: Record) -> Person:
    """Return the person in a row of `PERSON`, as he acts for himself and nobody else."""
    return Person(row["id"], row["username"], row["masked_name"], row["assurance"])
