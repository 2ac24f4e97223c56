"""Use cases of legal persons: become known, be represented."""

from datetime import date

from gateway.identity.named import Named, named_person
from gateway.legal_persons import repository
from gateway.legal_persons.domain import LegalPerson, LegalPersonExists, LegalPersonNotFound, Representative, Source
from gateway.oidc.taking_back import take_back_capacity
from gateway.people.domain import Person, require_assurance
from gateway.permissions import PERMISSIONS
from onestop_legal.credit_code import CreditCode
from onestop_legal.working_days import legal_day
from onestop_messages.gateway import PersonRegistered
from onestop_runtime.fields import FieldCipher
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction

_REGISTERING_NEEDS = 2
"""Who says that somebody speaks for a company has to be known by his real name."""


async def register(tx: Transaction, new: LegalPerson) -> LegalPerson:
    """Make a legal person known; return the one that is known under its credit code.

    Raises:
        InvalidCreditCode: when the credit code cannot be one.
    """
    code = CreditCode.parse(new.credit_code)
    known = await repository.by_credit_code(tx.connection, code)
    if known is not None:
        return known
    await repository.add(tx.connection, new, tx.now)
    event = PersonRegistered(person_id=new.id, kind="legal", credit_code=code, name=new.name, registered_at=tx.now)
    tx.emit(event, key=new.id, version=new.version)
    tx.audit("legal-person.registered", key=new.id)
    return new


async def register_by_hand(tx: Transaction, new: LegalPerson) -> LegalPerson:
    """Make a legal person known, by who may.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        InvalidCreditCode: when the credit code cannot be one.
        LegalPersonExists: when it is taken.
    """
    PERMISSIONS.require(tx.caller, "legal-person.register")
    require_assurance(tx.caller.acr, _REGISTERING_NEEDS)
    if await register(tx, new) is not new:
        raise LegalPersonExists
    return new


async def read(reader: Reader, credit_code: str) -> LegalPerson:
    """Return a legal person for who registers representatives, or represents it; raises `LegalPersonNotFound`."""
    found = await repository.by_credit_code(reader.connection, credit_code)
    if found is None or not PERMISSIONS.permits(reader.caller, "legal-person.read", found):
        raise LegalPersonNotFound
    return found


async def register_representative(
    tx: Transaction, cipher: FieldCipher, credit_code: str, named: Named, since: date, version: int
) -> tuple[LegalPerson, tuple[str, ...]]:
    """Register who represents a legal person, as an administrator or a clerk at a window has seen it.

    Returns:
        The legal person, and the identifiers of grants to refuse from now on: whom it had before acts for it no more.

    Raises:
        NotPermitted, NotKnownSurelyEnough, RepresentsItself: when the caller may not.
        LegalPersonNotFound, StaleVersion, FieldErrors: nothing is changed.
    """
    PERMISSIONS.require(tx.caller, "representative.register")
    require_assurance(tx.caller.acr, _REGISTERING_NEEDS)
    found = await repository.by_credit_code(tx.connection, credit_code, lock=True)
    if found is None:
        raise LegalPersonNotFound
    if found.version != version:
        raise StaleVersion
    person = await named_person(tx.connection, cipher, named, "/representative")
    source = Source.ADMINISTRATOR if "admin" in tx.caller.roles else Source.WINDOW
    changed = await represent(tx, found, person, since, source)
    before = found.representative_id
    if before is None or before == person.id:
        return changed, ()
    return changed, await take_back_capacity(tx, before, [found.credit_code])


async def represent(tx: Transaction, found: LegalPerson, person: Person, since: date, source: Source) -> LegalPerson:
    """Let a person represent a legal person by law; raises `RepresentsItself`, `FieldErrors`."""
    new = Representative(person.id, person.masked_name, since, source)
    changed = found.represented_by(new, tx.caller.sub, legal_day(tx.now))
    await repository.save_representative(tx.connection, changed)
    detail = {"person": str(person.id), "since": since.isoformat(), "source": source.value}
    tx.audit("representative.registered", key=found.id, detail=detail)
    return changed
