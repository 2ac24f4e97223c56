"""Use cases of identity: register, be known more surely, be looked up at a window."""

from typing import Final
from uuid import UUID

from gateway.codes.domain import InvalidPhone, Proof, Purpose, WrongCode, phone_number
from gateway.codes.service import NOBODY, Asked, Holder, ask, prove, proved
from gateway.identity import repository
from gateway.identity.domain import (
    Facts,
    IdentityKnown,
    Level,
    LookUpPurpose,
    PersonNotFound,
    Registration,
    UsernameTaken,
)
from gateway.identity.repository import Found
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.people.domain import Person, require_assurance
from gateway.people.repository import id_of_username, person_by_id
from gateway.people.service import FIRST_VERSION, NewPerson, register_person
from gateway.permissions import PERMISSIONS
from gateway.provider import Provider
from gateway.signin.domain import Arrival
from gateway.signin.password_rules import words_about
from gateway.signin.service import device_known
from onestop_legal.identity_number import IdentityNumber
from onestop_messages.gateway import PersonVerified
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.fields import FieldCipher, mask_name
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotPermitted
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Transaction, acquired

_LONGEST_ACCOUNT: Final = 128
_VERIFYING_NEEDS = Level.REAL_NAME
"""Who vouches for others has to be known by his real name himself."""


async def ask_to_register(provider: Provider, holder: Holder, phone: str) -> None:
    """Send a code to the phone that somebody registers with.

    A phone that has an account gets word of that in place of a code: its owner is told, who asks learns nothing.

    Raises:
        TooManyAttempts: when too many were asked for.
    """
    async with acquired(provider.context.pool) as connection:
        known = await repository.people_with_phone(connection, provider.cipher, phone)
    instead = Message("phone-has-account", {"username": _hinted(known[0].username)}) if known else None
    await ask(provider, holder, Asked(Purpose.REGISTER, phone, known[0].id if known else None, instead))


async def ask_to_sign_in(provider: Provider, holder: Holder, account: str, arrival: Arrival) -> None:
    """Send a code to the phone of the account that somebody names by user name or phone.

    Who asks cannot tell whether there is one. A phone that several people share names none of them.

    Raises:
        TooManyAttempts: when too many were asked for under this name or from this address.
    """
    named = account.strip().lower()[:_LONGEST_ACCOUNT]
    async with acquired(provider.context.pool) as connection:
        person_id = await _named(connection, provider.cipher, named)
        phone = await repository.phone_of(connection, provider.cipher, person_id or NOBODY)
        own = await device_known(connection, arrival, person_id or NOBODY, provider.context.clock())
    device = arrival.device_token if own else None
    known = phone is not None and person_id is not None
    asked = Asked(Purpose.SIGN_IN, phone or named, person_id, named_by=named, own_device=device, silent=not known)
    await ask(provider, holder, asked)


async def sign_in_by_code(provider: Provider, holder: Holder, code: str) -> Person:
    """Return who holds the phone that a code was sent to; raises `WrongCode`."""
    await prove(provider, holder, Purpose.SIGN_IN, code)
    async with provider.transaction(ANONYMOUS) as tx:
        proof = await proved(provider, tx, holder, Purpose.SIGN_IN)
        person = await person_by_id(tx.connection, proof.person_id) if proof.person_id else None
    if person is None:
        raise WrongCode
    return person


async def register(provider: Provider, holder: Holder, entered: Registration, password: str) -> Person:
    """Make somebody known who has proved that he holds a phone.

    His name and identity number are what he says (level 1): nobody is told whether the number is known already, and
    nobody can keep its owner from it by being the first to say it. Its owner is told.

    Raises:
        WrongCode: when the phone was not proved, or too long ago.
        UnfitPassword: when the password is easily guessed.
        UsernameTaken: when the name is somebody else's.
        Overloaded: when too many hashes are being computed.
    """
    facts, cipher = entered.facts, provider.cipher
    person_id = uuid7()
    caller = Caller(sub=person_id, kind="natural", acr=str(Level.PHONE.value), channel="web")
    async with provider.transaction(caller) as tx:
        phone = (await proved(provider, tx, holder, Purpose.REGISTER, spend=False)).phone
    about = words_about(entered.username, facts.name, facts.identity_number, phone)
    password_hash = await provider.passwords.new_hash(password, about)
    async with provider.transaction(caller) as tx:
        proof: Proof = await proved(provider, tx, holder, Purpose.REGISTER)
        new = NewPerson(
            id=person_id,
            username=entered.username,
            password_hash=password_hash,
            name=facts.name,
            identity_number=facts.identity_number,
            phone=proof.phone,
            assurance=Level.PHONE,
        )
        if not await register_person(tx, cipher, new):
            raise UsernameTaken
        verified = PersonVerified(person_id=person_id, assurance=Level.PHONE, verified_at=tx.now)
        tx.emit(verified, key=person_id, version=FIRST_VERSION)
        await send(tx, cipher, proof.phone, Message("registered", {"username": entered.username}))
        await _tell_owner(tx, cipher, facts.identity_number)
    return Person(person_id, entered.username, mask_name(facts.name), Level.PHONE)


async def verify(tx: Transaction, cipher: FieldCipher, person_id: UUID, shown: Facts, level: Level) -> None:
    """Know a person as surely as `shown` was proved; never less surely than before.

    Raises:
        PersonNotFound: when there is no such person.
        IdentityDiffers: when something else was verified before.
        IdentityKnown: when the number was verified for another account.
    """
    known = await repository.identity_of(tx.connection, cipher, person_id, lock=True)
    if known is None:
        raise PersonNotFound
    known.require_fits(shown)
    if level <= known.level:
        return
    same = await repository.people_with_number(tx.connection, cipher, shown.identity_number)
    if any(it.level >= Level.REAL_NAME and it.id != person_id for it in same):
        raise IdentityKnown
    version = await repository.raise_level(tx.connection, cipher, person_id, shown, level)
    tx.emit(PersonVerified(person_id=person_id, assurance=level, verified_at=tx.now), key=person_id, version=version)
    tx.audit("person.verified", key=person_id, detail={"assurance": int(level)})


async def look_up(tx: Transaction, cipher: FieldCipher, number: IdentityNumber, purpose: LookUpPurpose) -> list[Found]:
    """Return whose account names an identity number, for a clerk before whom its owner stands; each look is recorded.

    Raises:
        NotPermitted: when the caller may not.
        NotKnownSurelyEnough: when he is not known by his real name himself.
    """
    PERMISSIONS.require(tx.caller, "person.look-up")
    require_assurance(tx.caller.acr, _VERIFYING_NEEDS)
    found = await repository.people_with_number(tx.connection, cipher, number)
    for key in [it.id for it in found] or [NOBODY]:
        tx.audit("person.looked-up", key=key, detail={"purpose": purpose})
    return found


async def verify_in_person(
    tx: Transaction, cipher: FieldCipher, person_id: UUID, shown: Facts, purpose: LookUpPurpose
) -> None:
    """Know a person by the document that he has shown at a window (level 3).

    Raises:
        NotPermitted: when the caller may not, or vouches for himself.
        NotKnownSurelyEnough: when he is not known by his real name himself.
        PersonNotFound: when there is no such person.
        IdentityDiffers: when something else was verified before.
        IdentityKnown: when the number was verified for another account.
    """
    PERMISSIONS.require(tx.caller, "person.verify")
    require_assurance(tx.caller.acr, _VERIFYING_NEEDS)
    if person_id == tx.caller.sub:
        raise NotPermitted("不能为自己核验身份。")
    await verify(tx, cipher, person_id, shown, Level.IN_PERSON)
    tx.audit("person.seen", key=person_id, detail={"purpose": purpose})
    phone = await repository.phone_of(tx.connection, cipher, person_id)
    if phone:
        await send(tx, cipher, phone, Message("verified-in-person"))


async def _named(connection: Connection, cipher: FieldCipher, account: str) -> UUID | None:
    try:
        found = await repository.people_with_phone(connection, cipher, phone_number(account))
    except InvalidPhone:
        return await id_of_username(connection, account)
    return found[0].id if len(found) == 1 else None


async def _tell_owner(tx: Transaction, cipher: FieldCipher, number: IdentityNumber) -> None:
    """Tell for whom the number was verified that somebody has registered with it."""
    for owner in await repository.people_with_number(tx.connection, cipher, number):
        if owner.level >= Level.REAL_NAME and (phone := await repository.phone_of(tx.connection, cipher, owner.id)):
            await send(tx, cipher, phone, Message("number-registered-again"))


def _hinted(username: str) -> str:
    """Return enough of a name for its owner to recognise it."""
    return username[:2] + "***"
