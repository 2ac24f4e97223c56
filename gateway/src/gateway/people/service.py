"""Use cases of people: become known, be given a mandate, be appointed."""

from dataclasses import dataclass
from uuid import UUID

from gateway.people import repository
from gateway.people.domain import LegalPerson, Mandate, StaffMember
from onestop_legal.credit_code import CreditCode
from onestop_legal.identity_number import IdentityNumber
from onestop_messages.base import AgencyRef, Party
from onestop_messages.gateway import MandateGiven, PersonRegistered, StaffAppointed
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.transaction import Transaction

FIRST_VERSION = 1


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


async def register_legal_person(tx: Transaction, new: LegalPerson) -> LegalPerson:
    """Make a legal person known; return the one that is known under its credit code.

    Raises:
        InvalidCreditCode: when the credit code cannot be one.
    """
    code = CreditCode.parse(new.credit_code)
    known = await repository.legal_person_by_code(tx.connection, code)
    if known is not None:
        return known
    await repository.add_legal_person(tx.connection, new, tx.now)
    event = PersonRegistered(person_id=new.id, kind="legal", credit_code=code, name=new.name, registered_at=tx.now)
    tx.emit(event, key=new.id, version=FIRST_VERSION)
    tx.audit("person.registered", key=new.id)
    return new


async def give_mandate(tx: Transaction, new: Mandate) -> None:
    """Let a natural person act for a legal person."""
    await repository.add_mandate(tx.connection, new, tx.now)
    principal = Party(
        id=str(new.legal_person.id),
        kind="legal",
        credit_code=new.legal_person.credit_code,
        name=new.legal_person.name,
    )
    event = MandateGiven(
        mandate_id=new.id,
        principal=principal,
        agent_id=new.agent_id,
        items=new.items,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    tx.emit(event, key=new.id, version=FIRST_VERSION)
    tx.audit("mandate.given", key=new.id)


async def appoint(tx: Transaction, new: StaffMember, *, display_name: str) -> None:
    """Let a person serve an agency.

    Args:
        tx: the transaction.
        new: the appointment.
        display_name: masked name, as colleagues see it.
    """
    await repository.add_staff_member(tx.connection, new)
    event = StaffAppointed(
        staff_id=new.id,
        person_id=new.person_id,
        agency=AgencyRef(code=new.agency, name=new.agency_name),
        region=new.region,
        hall=new.hall,
        roles=tuple(sorted(new.roles)),
        display_name=display_name,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    tx.emit(event, key=new.id, version=FIRST_VERSION)
    tx.audit("staff.appointed", key=new.id)
