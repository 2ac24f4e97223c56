"""Use cases of people: become known."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.people import repository
from onestop_legal.identity_number import IdentityNumber
from onestop_messages.gateway import PersonRegistered
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.transaction import Transaction

FIRST_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A natural person to make known; the password comes as its hash.

    Attributes:
        password_hash: None for somebody who signs in otherwise.
        assurance: how surely known: 0 self-declared, 1 phone, 2 real name, 3 in person.
    """

    id: UUID
    username: str
    password_hash: str | None
    name: str
    identity_number: str
    phone: str | None
    assurance: int


async def register_person(tx: Transaction, cipher: FieldCipher, new: NewPerson) -> bool:
    """Make a natural person known; False when the name is known already, and nothing changes.

    Raises:
        InvalidIdentityNumber: when the identity number cannot be one.
    """
    username = new.username.lower()
    if await repository.id_of_username(tx.connection, username) is not None:
        return False
    number = IdentityNumber.parse(new.identity_number)

    async def sealed(column: str, plain: str) -> bytes:
        return await cipher.encrypt(tx.connection, new.id, "person", column, new.id, plain.encode())

    await repository.add_person(
        tx.connection,
        {
            "id": new.id,
            "username": username,
            "password_hash": new.password_hash,
            "name": await sealed("name", new.name),
            "masked_name": mask_name(new.name),
            "identity_number": await sealed("identity_number", number),
            "identity_number_index": cipher.blind_index("identity-number", number),
            "phone": await sealed("phone", new.phone) if new.phone else None,
            "phone_index": cipher.blind_index("phone", new.phone) if new.phone else None,
            "assurance": new.assurance,
            "registered_at": tx.now,
        },
    )
    event = PersonRegistered(person_id=new.id, kind="natural", registered_at=tx.now)
    tx.emit(event, key=new.id, version=FIRST_VERSION)
    tx.audit("person.registered", key=new.id)
    return True
