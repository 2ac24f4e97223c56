"""Guardianship 监护: who acts by law for somebody in his care, as a clerk at a window has seen it proved."""

from datetime import date

from gateway.identity.domain import Facts, Level
from gateway.identity.named import Named, birthday_of, named_person
from gateway.identity.repository import people_with_number
from gateway.mandates.domain import (
    Confirmation,
    Evidence,
    Mandate,
    NotYoursToConfirm,
    Principal,
    require_adult,
    terms_of_guardian,
)
from gateway.mandates.service import clear_way, place
from gateway.people.domain import Person, require_assurance
from gateway.people.service import NewPerson, register_person
from gateway.permissions import PERMISSIONS
from onestop_legal.working_days import legal_day
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction


async def record(
    tx: Transaction, cipher: FieldCipher, guardian: Named, ward: Facts, evidence: Evidence, valid_to: date | None
) -> Mandate:
    """Let a guardian act for a person in his care; a child becomes known by this, without an account of his own.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        FieldErrors: when one of the two is not known by name and number, or the last day has passed.
        NotYoursToConfirm: when the clerk vouches for himself.
        EvidenceDoesNotShow: when the document proves no such guardianship.
        MandateToOneself, GuardianNeeded, MandateExists: when these two cannot have one.
    """
    PERMISSIONS.require(tx.caller, "guardianship.record")
    require_assurance(tx.caller.acr, Level.REAL_NAME)
    today = legal_day(tx.now)
    terms = terms_of_guardian(ward.identity_number.birthday, evidence, today, valid_to)
    person = await named_person(tx.connection, cipher, guardian, "/guardian")
    if person.id == tx.caller.sub:
        raise NotYoursToConfirm
    birthday = await birthday_of(tx.connection, cipher, person.id)
    if birthday is not None:
        require_adult(birthday, today)
    principal = await _ward(tx, cipher, ward)
    await clear_way(tx, principal, person.id)
    agent = (person.id, person.masked_name)
    mandate = Mandate.agreed(uuid7(), principal, agent, terms, Confirmation.WINDOW, tx.now)
    await place(tx, mandate, evidence)
    return mandate


async def _ward(tx: Transaction, cipher: FieldCipher, ward: Facts) -> Principal:
    """Return the person in care; who is not known yet becomes known as the document at the window says."""
    found = await people_with_number(tx.connection, cipher, ward.identity_number)
    if any(it.level >= Level.REAL_NAME for it in found):
        known: Person = await named_person(tx.connection, cipher, Named(ward.name, ward.identity_number), "/ward")
        return Principal(known.id, "natural", known.masked_name)
    person_id = uuid7()
    new = NewPerson(
        id=person_id,
        username=f"person-{person_id.hex[-12:]}",
        password_hash=None,
        name=ward.name,
        identity_number=ward.identity_number,
        phone=None,
        assurance=Level.IN_PERSON,
    )
    await register_person(tx, cipher, new)
    return Principal(person_id, "natural", mask_name(ward.name))
