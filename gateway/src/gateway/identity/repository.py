"""Reads and writes as whom people are known; what is personal comes and goes encrypted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.identity.domain import Facts, Identity, Level
from gateway.people.tables import person
from onestop_legal.identity_number import IdentityNumber
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.sql import Connection, Record, compiled


@dataclass(frozen=True, slots=True)
class Found:
    """A person that somebody looks up.

    Attributes:
        masked_name: `李*`.
        level: how surely known.
    """

    id: UUID
    username: str
    masked_name: str
    level: Level
    registered_at: datetime


_FOUND = (person.c.id, person.c.username, person.c.masked_name, person.c.assurance, person.c.registered_at)
_BY_PHONE = compiled(sa.select(*_FOUND).where(person.c.phone_index == sa.bindparam("phone")).order_by(person.c.id))
_BY_NUMBER = compiled(
    sa.select(*_FOUND)
    .where(person.c.identity_number_index == sa.bindparam("number"))
    .order_by(person.c.assurance.desc(), person.c.id)
    .limit(20)
)
_SEALED = (person.c.id, person.c.assurance, person.c.name, person.c.identity_number, person.c.phone)
_KNOWN = sa.select(*_SEALED).where(person.c.id == sa.bindparam("person_id"), person.c.erased_at.is_(None))
_IDENTITY = compiled(_KNOWN)
_LOCKED = compiled(_KNOWN.with_for_update())
_RAISE = compiled(
    sa.update(person)
    .where(person.c.id == sa.bindparam("person_id"))
    .values(
        assurance=sa.bindparam("level"),
        name=sa.bindparam("sealed_name"),
        masked_name=sa.bindparam("masked"),
        identity_number=sa.bindparam("sealed_number"),
        identity_number_index=sa.bindparam("number"),
        version=person.c.version + 1,
    )
    .returning(person.c.version)
)


_CHANGE_PHONE = compiled(
    sa.update(person)
    .where(person.c.id == sa.bindparam("person_id"))
    .values(phone=sa.bindparam("sealed"), phone_index=sa.bindparam("number"), version=person.c.version + 1)
)


async def people_with_phone(connection: Connection, cipher: FieldCipher, phone: str) -> list[Found]:
    """Return who can be reached at a phone; on one phone there may be a whole family."""
    rows = await _BY_PHONE.fetch(connection, phone=cipher.blind_index("phone", phone))
    return [_found(row) for row in rows]


async def people_with_number(connection: Connection, cipher: FieldCipher, number: IdentityNumber) -> list[Found]:
    """Return whose account names an identity number, the one for whom it was verified first."""
    rows = await _BY_NUMBER.fetch(connection, number=cipher.blind_index("identity-number", number))
    return [_found(row) for row in rows]


async def identity_of(
    connection: Connection, cipher: FieldCipher, person_id: UUID, *, lock: bool = False
) -> Identity | None:
    """Return as whom a person is known; nobody else changes that before the transaction ends, when it is locked."""
    row = await (_LOCKED if lock else _IDENTITY).fetchrow(connection, person_id=person_id)
    if row is None:
        return None
    number = await _opened(connection, cipher, row, "identity_number")
    return Identity(
        Level(row["assurance"]),
        await _opened(connection, cipher, row, "name") or "",
        IdentityNumber(number) if number else None,
    )


async def phone_of(connection: Connection, cipher: FieldCipher, person_id: UUID) -> str | None:
    """Return where a person can be reached."""
    row = await _IDENTITY.fetchrow(connection, person_id=person_id)
    return await _opened(connection, cipher, row, "phone") if row else None


async def change_phone(connection: Connection, cipher: FieldCipher, person_id: UUID, phone: str) -> None:
    """Keep where a person can be reached from now on."""
    sealed = await cipher.encrypt(connection, person_id, "person", "phone", person_id, phone.encode())
    await _CHANGE_PHONE.execute(
        connection, person_id=person_id, sealed=sealed, number=cipher.blind_index("phone", phone)
    )


async def raise_level(connection: Connection, cipher: FieldCipher, person_id: UUID, facts: Facts, level: Level) -> int:
    """Keep what was verified; return the new version of the person."""

    async def sealed(column: str, plain: str) -> bytes:
        return await cipher.encrypt(connection, person_id, "person", column, person_id, plain.encode())

    version: int = await _RAISE.fetchval(
        connection,
        person_id=person_id,
        level=int(level),
        sealed_name=await sealed("name", facts.name),
        masked=mask_name(facts.name),
        sealed_number=await sealed("identity_number", facts.identity_number),
        number=cipher.blind_index("identity-number", facts.identity_number),
    )
    return version


async def _opened(connection: Connection, cipher: FieldCipher, row: Record, column: str) -> str | None:
    if row[column] is None:
        return None
    return (await cipher.decrypt(connection, row["id"], "person", column, row["id"], row[column])).decode()


def _found(row: Record) -> Found:
    return Found(row["id"], row["username"], row["masked_name"], Level(row["assurance"]), row["registered_at"])
