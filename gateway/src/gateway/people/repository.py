"""Reads and writes people."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.people.domain import LegalPerson, Mandate, Person, StaffMember
from gateway.people.tables import legal_person, mandate, person, staff_member
from onestop_runtime.sql import Connection, Record, compiled

_PERSON = (person.c.id, person.c.username, person.c.masked_name, person.c.assurance)
_BY_ID = compiled(sa.select(*_PERSON).where(person.c.id == sa.bindparam("person_id")))
_CREDENTIALS = compiled(
    sa.select(*_PERSON, person.c.password_hash).where(person.c.username == sa.bindparam("username"))
)
_MANDATES = compiled(
    sa.select(mandate, legal_person.c.credit_code, legal_person.c.name)
    .join(legal_person, legal_person.c.id == mandate.c.legal_person_id)
    .where(mandate.c.agent_id == sa.bindparam("person_id"))
    .order_by(mandate.c.given_at, legal_person.c.credit_code)
)
_APPOINTMENTS = compiled(
    sa.select(staff_member).where(staff_member.c.person_id == sa.bindparam("person_id")).order_by(staff_member.c.id)
)
_SET_PASSWORD_HASH = compiled(
    sa.update(person)
    .where(person.c.id == sa.bindparam("person_id"), person.c.password_hash == sa.bindparam("old"))
    .values(password_hash=sa.bindparam("new"))
)
_HAS_PASSWORD = compiled(sa.select(person.c.password_hash.is_not(None)).where(person.c.id == sa.bindparam("person_id")))
_SEALED = compiled(sa.select(person.c.name, person.c.phone).where(person.c.id == sa.bindparam("person_id")))
_ID_BY_USERNAME = compiled(sa.select(person.c.id).where(person.c.username == sa.bindparam("username")))
_LEGAL_PERSON = compiled(
    sa.select(legal_person.c.id, legal_person.c.credit_code, legal_person.c.name).where(
        legal_person.c.credit_code == sa.bindparam("credit_code")
    )
)
_ADD_PERSON = compiled(sa.insert(person))
_ADD_LEGAL_PERSON = compiled(sa.insert(legal_person))
_ADD_MANDATE = compiled(sa.insert(mandate))
_ADD_STAFF_MEMBER = compiled(sa.insert(staff_member))


async def person_by_id(connection: Connection, person_id: UUID) -> Person | None:
    """Return a person with his mandates and appointments."""
    row = await _BY_ID.fetchrow(connection, person_id=person_id)
    return await _whole(connection, row) if row else None


async def credentials(connection: Connection, username: str) -> tuple[Person, str | None] | None:
    """Return whom `username` names, without mandates, and the hash of the password, if he has one."""
    row = await _CREDENTIALS.fetchrow(connection, username=username)
    return (_person(row), row["password_hash"]) if row else None


async def replace_password_hash(connection: Connection, person_id: UUID, *, old: str, new: str) -> None:
    """Keep a better hash of the same password, unless the password was changed meanwhile."""
    await _SET_PASSWORD_HASH.execute(connection, person_id=person_id, old=old, new=new)


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


async def legal_person_by_code(connection: Connection, credit_code: str) -> LegalPerson | None:
    """Return the legal person with a credit code."""
    row = await _LEGAL_PERSON.fetchrow(connection, credit_code=credit_code)
    return LegalPerson(**row) if row else None


async def add_person(connection: Connection, values: dict[str, Any]) -> None:
    """Keep a new person; `values` are the columns of `person` but its version."""
    await _ADD_PERSON.execute(connection, **values, version=1)


async def add_legal_person(connection: Connection, new: LegalPerson, registered_at: datetime) -> None:
    """Keep a new legal person."""
    await _ADD_LEGAL_PERSON.execute(
        connection,
        id=new.id,
        credit_code=new.credit_code,
        name=new.name,
        registered_at=registered_at,
        version=1,
    )


async def add_mandate(connection: Connection, new: Mandate, given_at: datetime) -> None:
    """Keep a new mandate."""
    await _ADD_MANDATE.execute(
        connection,
        id=new.id,
        legal_person_id=new.legal_person.id,
        agent_id=new.agent_id,
        items=None if new.items is None else list(new.items),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        given_at=given_at,
        withdrawn_at=new.withdrawn_at,
        version=1,
    )


async def add_staff_member(connection: Connection, new: StaffMember) -> None:
    """Keep a new appointment."""
    await _ADD_STAFF_MEMBER.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        agency=new.agency,
        agency_name=new.agency_name,
        region=new.region,
        hall=new.hall,
        roles=sorted(new.roles),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        version=1,
    )


async def _whole(connection: Connection, row: Record) -> Person:
    mandates = await _MANDATES.fetch(connection, person_id=row["id"])
    appointments = await _APPOINTMENTS.fetch(connection, person_id=row["id"])
    return _person(row, tuple(map(_mandate, mandates)), tuple(map(_staff_member, appointments)))


def _person(row: Record, mandates: tuple[Mandate, ...] = (), appointments: tuple[StaffMember, ...] = ()) -> Person:
    return Person(row["id"], row["username"], row["masked_name"], row["assurance"], mandates, appointments)


def _mandate(row: Record) -> Mandate:
    return Mandate(
        id=row["id"],
        legal_person=LegalPerson(row["legal_person_id"], row["credit_code"], row["name"]),
        agent_id=row["agent_id"],
        items=None if row["items"] is None else tuple(row["items"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        withdrawn_at=row["withdrawn_at"],
    )


def _staff_member(row: Record) -> StaffMember:
    return StaffMember(
        id=row["id"],
        person_id=row["person_id"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        region=row["region"],
        hall=row["hall"],
        roles=frozenset(row["roles"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
