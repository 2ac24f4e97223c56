"""Whom somebody names: by name and number, which have to fit each other, so that nobody is found by guessing."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from gateway.identity.domain import Level, read_name, read_number
from gateway.identity.repository import identity_of, people_with_number
from gateway.people.domain import Person
from gateway.people.repository import person_by_id
from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.identity_number import IdentityNumber
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection


@dataclass(frozen=True, slots=True)
class Named:
    """A person as another one names him; as typed."""

    name: str
    identity_number: str


async def named_person(connection: Connection, cipher: FieldCipher, named: Named, pointer: str) -> Person:
    """Return who is known by this name and identity number (level 2 or more).

    Raises:
        FieldErrors: when there is no such person; which of the two is wrong is not said. `pointer` leads to where the
            person is named.
    """
    wrong: list[FieldError] = []
    name, number = read_name(named.name, wrong), read_number(named.identity_number, wrong)
    if wrong:
        raise FieldErrors([FieldError(pointer + it.pointer, it.code, it.detail) for it in wrong])
    person_id = await owner_of(connection, cipher, number)
    identity = await identity_of(connection, cipher, person_id) if person_id else None
    person = await person_by_id(connection, person_id) if person_id and identity and identity.name == name else None
    if person is None:
        raise FieldErrors([FieldError(pointer, "person-not-found", "没有姓名和公民身份号码都相符的实名用户，请核对")])
    return person


async def owner_of(connection: Connection, cipher: FieldCipher, number: IdentityNumber) -> UUID | None:
    """Return for whom an identity number was verified."""
    found = await people_with_number(connection, cipher, number)
    return next((it.id for it in found if it.level >= Level.REAL_NAME), None)


async def birthday_of(connection: Connection, cipher: FieldCipher, person_id: UUID) -> date | None:
    """Return the date of birth that the person's identity number says; None while none is known."""
    identity = await identity_of(connection, cipher, person_id)
    return identity.identity_number.birthday if identity and identity.identity_number else None
