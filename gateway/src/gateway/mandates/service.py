"""Use cases of mandates: offer, confirm, decline, withdraw."""

from typing import Final
from uuid import UUID

from gateway.codes.service import NOBODY
from gateway.identity.named import Named, birthday_of, named_person, owner_of
from gateway.identity.repository import phone_of
from gateway.legal_persons.repository import by_credit_code
from gateway.mandates import repository
from gateway.mandates.domain import (
    Agency,
    Basis,
    Confirmation,
    Evidence,
    Mandate,
    MandateExists,
    MandateNotFound,
    MandateToOneself,
    NotARepresentative,
    NotYoursToConfirm,
    Principal,
    Side,
    State,
    Terms,
    require_adult,
)
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.oidc.taking_back import take_back_capacity
from gateway.people.domain import Person, require_assurance
from gateway.people.repository import person_by_id
from gateway.permissions import PERMISSIONS
from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.identity_number import IdentityNumber
from onestop_legal.working_days import legal_day
from onestop_messages.base import Party
from onestop_messages.gateway import MandateGiven, MandateWithdrawn
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotSignedIn, StaleVersion
from onestop_runtime.transaction import Reader, Transaction

_AGREEING_NEEDS: Final = 2
"""Both sides of a mandate are known by their real names."""


async def held(reader: Reader) -> list[Mandate]:
    """Return the mandates that the caller holds, in every state, the newest first."""
    PERMISSIONS.require(reader.caller, "mandate.list")
    return await repository.held(reader.connection, _who(reader))


async def given(reader: Reader) -> list[Mandate]:
    """Return the mandates that the caller gave for himself or for whom he represents, the newest first."""
    PERMISSIONS.require(reader.caller, "mandate.list")
    return await repository.given(reader.connection, _who(reader))


async def read(reader: Reader, mandate_id: UUID) -> Mandate:
    """Return a mandate of which the caller is one side; raises `MandateNotFound`."""
    return _seen(reader, await repository.by_id(reader.connection, mandate_id), "mandate.read")


async def give(
    tx: Transaction, cipher: FieldCipher, terms: Terms, agent: Named, credit_code: str | None = None
) -> Mandate:
    """Offer to let somebody act for the caller, or for the legal person that he represents; the agent has to confirm.

    Raises:
        NotPermitted, NotKnownSurelyEnough, NotARepresentative: when the caller may not.
        FieldErrors: when the terms are not sound, or the agent is not known by this name and number.
        MandateToOneself, GuardianNeeded, MandateExists: when these two cannot agree on it.
    """
    PERMISSIONS.require(tx.caller, "mandate.give")
    require_assurance(tx.caller.acr, _AGREEING_NEEDS)
    terms.require_sound(legal_day(tx.now))
    me = await _caller(tx)
    found = await named_person(tx.connection, cipher, agent, "/agent")
    if credit_code is None:
        await _require_adults(tx, cipher, me, found)
        principal = _natural(me)
    else:
        principal = await _represented(tx, credit_code)
    return await _offer(tx, principal, found, terms, Side.AGENT)


async def ask(tx: Transaction, cipher: FieldCipher, terms: Terms, principal: Named) -> Mandate:
    """Ask somebody to let the caller act for him; the principal has to confirm.

    An agent of a township asks in its name, and holds what he gets as long as he serves it.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        FieldErrors: when the terms are not sound, or the principal is not known by this name and number.
        MandateToOneself, GuardianNeeded, MandateExists: when these two cannot agree on it.
    """
    resident = terms.basis is Basis.RESIDENT
    PERMISSIONS.require(tx.caller, "mandate.ask-residents" if resident else "mandate.ask")
    require_assurance(tx.caller.acr, _AGREEING_NEEDS)
    terms.require_sound(legal_day(tx.now))
    me = await _caller(tx)
    found = await named_person(tx.connection, cipher, principal, "/principal")
    await _require_adults(tx, cipher, me, found)
    agency = _township(me, tx.caller.agency) if resident else None
    return await _offer(tx, _natural(found), me, terms, Side.PRINCIPAL, agency)


async def confirm(tx: Transaction, cipher: FieldCipher, mandate_id: UUID, version: int) -> Mandate:
    """Agree to a mandate that waits for the caller.

    Raises:
        MandateNotFound, StaleVersion, MandateNotWaiting, MandateEnded: nothing is changed.
        NotYoursToConfirm: when it waits for the other side.
        NotKnownSurelyEnough: when the caller is not known by his real name.
    """
    mandate = await _waiting_for_caller(tx, mandate_id, version)
    require_assurance(tx.caller.acr, _AGREEING_NEEDS)
    return await put_in_force(tx, cipher, mandate, Confirmation.SESSION)


async def confirm_at_window(
    tx: Transaction, cipher: FieldCipher, mandate_id: UUID, number: str, evidence: Evidence, version: int
) -> Mandate:
    """Let a clerk confirm for the principal who stands at his window, with the document that he has seen.

    Raises:
        MandateNotFound, StaleVersion, MandateNotWaiting, MandateEnded: nothing is changed.
        NotYoursToConfirm: when the clerk is the agent himself.
        InvalidIdentityNumber, FieldErrors: when the number of the document is not the principal's.
    """
    mandate = await locked(tx, mandate_id, "mandate.confirm-at-window", version)
    if tx.caller.sub == mandate.agent_id:
        raise NotYoursToConfirm
    if await owner_of(tx.connection, cipher, IdentityNumber.parse(number)) != mandate.principal.id:
        wrong = FieldError("/identity_number", "not-the-principal", "证件号码与被代理人不符，请核对证件")
        raise FieldErrors([wrong])
    return await put_in_force(tx, cipher, mandate, Confirmation.WINDOW, evidence)


async def look_up(tx: Transaction, cipher: FieldCipher, number: IdentityNumber) -> list[Mandate]:
    """Return who acts or wants to act for the person who stands at a clerk's window; each look is recorded.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
    """
    PERMISSIONS.require(tx.caller, "mandate.look-up")
    require_assurance(tx.caller.acr, _AGREEING_NEEDS)
    person_id = await owner_of(tx.connection, cipher, number)
    tx.audit("mandate.looked-up", key=person_id or NOBODY)
    return await repository.living_of(tx.connection, person_id) if person_id else []


async def decline(tx: Transaction, mandate_id: UUID, version: int) -> Mandate:
    """Refuse a mandate that waits for the caller; raises as `confirm` does."""
    mandate = (await _waiting_for_caller(tx, mandate_id, version)).declined(tx.now)
    await repository.save(tx.connection, mandate)
    tx.audit("mandate.declined", key=mandate.id)
    return mandate


async def withdraw(tx: Transaction, mandate_id: UUID, version: int) -> tuple[Mandate, tuple[str, ...]]:
    """End a mandate at once, by either side; tokens that were given under it are refused from now on.

    Returns:
        The mandate, and the identifiers of grants to refuse.

    Raises:
        MandateNotFound, StaleVersion, MandateEnded: nothing is changed.
    """
    return await _end(tx, await locked(tx, mandate_id, "mandate.withdraw", version))


async def end_with_person(tx: Transaction, person_id: UUID) -> tuple[str, ...]:
    """End every mandate of a person who is erased; whoever keeps a copy of one, past ones too, drops it.

    Returns:
        The identifiers of grants to refuse from now on.
    """
    ended: list[str] = []
    for before in await repository.all_of(tx.connection, person_id):
        mandate = before
        if before.state in {State.WAITING, State.GIVEN}:
            mandate, refused = await _end(tx, before)
            ended += refused
        if before.given_at is not None:
            tx.bury(MandateGiven.TOPIC, key=mandate.id, version=mandate.version)
    return tuple(ended)


async def _end(tx: Transaction, before: Mandate) -> tuple[Mandate, tuple[str, ...]]:
    mandate = before.withdrawn(tx.now)
    await repository.save(tx.connection, mandate)
    tx.audit("mandate.withdrawn", key=mandate.id)
    if before.state is not State.GIVEN:
        return mandate, ()
    event = MandateWithdrawn(mandate_id=mandate.id, withdrawn_at=tx.now)
    tx.emit(event, key=mandate.id, version=mandate.version)
    return mandate, await take_back_capacity(tx, mandate.agent_id, [mandate.choice])


async def place(tx: Transaction, mandate: Mandate, evidence: Evidence | None = None) -> None:
    """Keep a mandate that both sides have agreed on, and tell that it is in force."""
    await repository.add(tx.connection, mandate)
    _tell_given(tx, mandate, evidence)


async def _offer(
    tx: Transaction, principal: Principal, agent: Person, terms: Terms, awaits: Side, agency: Agency | None = None
) -> Mandate:
    await clear_way(tx, principal, agent.id)
    mandate = Mandate(
        id=uuid7(),
        principal=principal,
        agent_id=agent.id,
        agent_name=agent.masked_name,
        terms=terms,
        agency=agency,
        state=State.WAITING,
        awaits=awaits,
        offered_at=tx.now,
    )
    await repository.add(tx.connection, mandate)
    tx.audit("mandate.offered", key=mandate.id, detail={"basis": terms.basis.value})
    return mandate


async def clear_way(tx: Transaction, principal: Principal, agent_id: UUID) -> None:
    """Do nothing when these two may have a new mandate; one between them that has expired is put away.

    Raises:
        MandateToOneself: when they are the same.
        MandateExists: when they have one that waits or is in force.
    """
    if agent_id in {principal.id, principal.speaker_id}:
        raise MandateToOneself
    earlier = await repository.living_between(tx.connection, agent_id, principal.id)
    if earlier is None:
        return
    if not earlier.over_on(legal_day(tx.now)):
        raise MandateExists
    await repository.save(tx.connection, earlier.expired(tx.now))


async def put_in_force(
    tx: Transaction, cipher: FieldCipher, waiting: Mandate, how: Confirmation, evidence: Evidence | None = None
) -> Mandate:
    """Let a mandate be in force to which both sides have agreed; who did not agree in his own session is told.

    Raises:
        MandateNotWaiting: when nobody has to confirm it.
        MandateEnded: when its last day has passed.
    """
    mandate = waiting.confirmed(how, tx.now, legal_day(tx.now))
    await repository.save(tx.connection, mandate)
    _tell_given(tx, mandate, evidence)
    if how is not Confirmation.SESSION and (phone := await phone_of(tx.connection, cipher, mandate.principal.id)):
        await send(tx, cipher, phone, Message("mandate-given", mandate.told_principal))
    return mandate


def _tell_given(tx: Transaction, mandate: Mandate, evidence: Evidence | None) -> None:
    principal, terms = mandate.principal, mandate.terms
    event = MandateGiven(
        mandate_id=mandate.id,
        principal=Party(
            id=str(principal.id), kind=principal.kind, credit_code=principal.credit_code, name=principal.name
        ),
        agent_id=mandate.agent_id,
        items=terms.items,
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
    )
    tx.emit(event, key=mandate.id, version=mandate.version)
    how = mandate.confirmation.value if mandate.confirmation else None
    seen = {"evidence": evidence.value} if evidence else {}
    tx.audit("mandate.given", key=mandate.id, detail={"confirmation": how, **seen})


async def _waiting_for_caller(tx: Transaction, mandate_id: UUID, version: int) -> Mandate:
    mandate = await locked(tx, mandate_id, "mandate.read", version)
    if mandate.awaits is not None and mandate.side_of(tx.caller.sub) is not mandate.awaits:
        raise NotYoursToConfirm
    return mandate


async def locked(tx: Transaction, mandate_id: UUID, action: str, version: int) -> Mandate:
    """Return a mandate, locked, for `action`; raises `MandateNotFound`, `StaleVersion`."""
    mandate = _seen(tx, await repository.by_id(tx.connection, mandate_id, lock=True), action)
    if mandate.version != version:
        raise StaleVersion
    return mandate


def _seen(reader: Reader, mandate: Mandate | None, action: str) -> Mandate:
    if mandate is None or not PERMISSIONS.permits(reader.caller, action, mandate):
        raise MandateNotFound
    return mandate


async def _caller(tx: Transaction) -> Person:
    person = await person_by_id(tx.connection, _who(tx))
    if person is None:
        raise NotSignedIn
    return person


def _who(reader: Reader) -> UUID:
    if reader.caller.sub is None:
        raise NotSignedIn
    return reader.caller.sub


async def _represented(tx: Transaction, credit_code: str) -> Principal:
    found = await by_credit_code(tx.connection, credit_code)
    if found is None or found.representative_id != tx.caller.sub:
        raise NotARepresentative
    return Principal(found.id, "legal", found.name, found.credit_code, found.representative_id)


def _natural(person: Person) -> Principal:
    return Principal(person.id, "natural", person.masked_name, speaker_id=person.id)


def _township(agent: Person, code: str | None) -> Agency:
    """Return the agency in whose name the caller acts; permission has seen to it that he serves it."""
    return next(Agency(it.agency, it.agency_name) for it in agent.appointments if it.agency == code)


async def _require_adults(tx: Transaction, cipher: FieldCipher, *both: Person) -> None:
    for person in both:
        birthday = await birthday_of(tx.connection, cipher, person.id)
        if birthday is not None:
            require_adult(birthday, legal_day(tx.now))
