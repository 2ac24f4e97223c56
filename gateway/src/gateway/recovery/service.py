"""Use cases of recoveries: ask, wait or show a second factor, set a new password; and the owner's no.

Phone and identity together begin one; they do not end it. Its owner is told and has a day to say no; a second factor
makes the wait short, and is asked for at the next sign-in all the same.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from gateway.codes.domain import Purpose, WrongCode
from gateway.codes.service import NOBODY, Asked, Holder, ask, proved
from gateway.credentials.domain import Factors, WrongSecondFactor
from gateway.credentials.password import note_new_password, what_is_known_of
from gateway.credentials.repository import factors_of
from gateway.credentials.service import drop_factors, spend, tally_for
from gateway.identity.domain import Facts, LookUpPurpose
from gateway.identity.repository import identity_of, people_with_phone, phone_of
from gateway.identity.service import verify_in_person
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.people.domain import Person
from gateway.people.repository import credentials_of, person_by_id, replace_password_hash
from gateway.permissions import PERMISSIONS
from gateway.phones import service as phones
from gateway.provider import Provider
from gateway.recovery import repository
from gateway.recovery.domain import COOLING_OFF, Recovery, RecoveryGone
from gateway.signin.domain import Arrival
from gateway.signin.repository import forgive
from gateway.signin.throttle import take_turn
from gateway.tokens.opaque import digest, new_secret
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction, acquired

CANCEL: str = "/recover/cancel"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far somebody is.

    Attributes:
        factors: what he could show in place of waiting.
    """

    recovery: Recovery
    person: Person
    factors: Factors


async def ask_to_recover(provider: Provider, holder: Holder, phone: str, facts: Facts) -> None:
    """Send a code to a phone when an account has it together with this name and number; who asks cannot tell.

    Raises:
        TooManyAttempts: when too many were asked for.
    """
    async with acquired(provider.context.pool) as connection:
        person_id = None
        for found in await people_with_phone(connection, provider.cipher, phone):
            known = await identity_of(connection, provider.cipher, found.id)
            if known and (known.name, known.identity_number) == (facts.name, facts.identity_number):
                person_id = found.id
    await ask(provider, holder, Asked(Purpose.RECOVER, phone, person_id, silent=person_id is None))


async def standing(provider: Provider, holder: Holder) -> Standing:
    """Begin the recovery of who has proved phone and identity, or find the one that he began before.

    Raises:
        WrongCode: when nothing was proved, or too long ago.
    """
    async with provider.transaction(replace(ANONYMOUS, channel="web")) as tx:
        person = await _proved(provider, tx, holder, spend=False)
        tx.caller = _as(person)
        found = await repository.open_recovery(tx.connection, person.id, tx.now)
        if found is None:
            found = await _begin(tx, provider, person.id, ripe_after=COOLING_OFF)
        return Standing(found, person, await factors_of(tx.connection, person.id))


async def hasten(provider: Provider, holder: Holder, typed: str, arrival: Arrival) -> None:
    """Let who shows his second factor set the new password without waiting.

    Raises:
        WrongCode: when phone and identity were not proved, or too long ago.
        WrongSecondFactor: when it is wrong, or was used before.
        TooManyAttempts: when a pause is due first.
        RecoveryGone: when the recovery has ended.
    """
    found = await standing(provider, holder)
    tally = await tally_for(provider, found.person, arrival)
    async with provider.transaction(_as(found.person)) as tx:
        await take_turn(tx, tally.keys)
        right = await spend(tx, provider.cipher, found.person.id, typed) is not None
        if right:
            await forgive(tx.connection, tally.account)
            if not await repository.ripen(tx.connection, found.recovery.id, tx.now):
                raise RecoveryGone
            tx.audit("recovery.hastened", key=found.person.id)
        else:
            tx.audit("second-factor.refused", key=found.person.id)
    if not right:
        raise WrongSecondFactor


async def set_password(provider: Provider, holder: Holder, password: str) -> None:
    """Set the new password and end every session; the second factor stays, unless a clerk has let it go.

    Raises:
        WrongCode: when phone and identity were not proved, or too long ago.
        RecoveryNotRipe: when the owner may still say no.
        RecoveryGone: when the recovery has ended.
        UnfitPassword: when the new password is easily guessed.
        Overloaded: when too many hashes are being computed.
    """
    now = provider.context.clock()
    async with provider.transaction(replace(ANONYMOUS, channel="web")) as tx:
        person = await _proved(provider, tx, holder, spend=False)
        found = await repository.open_recovery(tx.connection, person.id, now)
        kept = await credentials_of(tx.connection, person.id)
        about = await what_is_known_of(provider, tx.connection, person)
    if found is None or kept is None:
        raise RecoveryGone
    found.require_ripe(now)
    hashed = await provider.passwords.new_hash(password, about)
    async with provider.transaction(_as(person)) as tx:
        await _proved(provider, tx, holder, spend=True)
        ended = await repository.end_recovery(tx.connection, found.id, tx.now)
        if not ended or not await replace_password_hash(tx.connection, person.id, old=kept[1], new=hashed):
            raise RecoveryGone
        if found.drops_factors:
            await drop_factors(tx, provider.cipher, person.id)
        await phones.cancel_of(tx, provider.cipher, person.id)
        tx.audit("recovery.completed", key=person.id)
        revoked = await note_new_password(tx, provider, person.id)
    provider.revoked.add(revoked)


async def told_of(provider: Provider, word: str) -> Recovery:
    """Return the recovery that a notice tells of; raises `RecoveryGone`."""
    async with acquired(provider.context.pool) as connection:
        found = await repository.recovery_by_word(connection, digest(word), provider.context.clock())
    if found is None:
        raise RecoveryGone
    return found


async def cancel_by_notice(provider: Provider, word: str) -> None:
    """Take the owner's no, who got the notice; raises `RecoveryGone`."""
    async with provider.transaction(replace(ANONYMOUS, channel="web")) as tx:
        ended = await repository.cancel_by_word(tx.connection, digest(word), tx.now)
        if ended is None:
            raise RecoveryGone
        await _note_cancelled(tx, provider.cipher, ended.person_id)


async def cancel_own(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    """Take the owner's no, who is signed in; raises `RecoveryGone`."""
    if not await repository.end_recoveries_of(tx.connection, person_id, tx.now):
        raise RecoveryGone
    await _note_cancelled(tx, cipher, person_id)


async def open_in_person(
    tx: Transaction, provider: Provider, person_id: UUID, shown: Facts, *, phone: str | None, drops_factors: bool
) -> Recovery:
    """Begin the recovery of who stands before a clerk with his document.

    With his own phone he need not wait: the code it gets is the other half. Who has lost the phone or the second factor
    waits like everybody, and the old phone is told; the new one counts from then on, also for signing in by a code.

    Raises:
        NotPermitted: when the caller may not, or vouches for himself.
        NotKnownSurelyEnough: when he is not known by his real name himself.
        PersonNotFound: when there is no such person.
        IdentityDiffers: when something else was verified before.
        IdentityKnown: when the number was verified for another account.
    """
    PERMISSIONS.require(tx.caller, "recovery.open")
    await verify_in_person(tx, provider.cipher, person_id, shown, LookUpPurpose.RECOVERY)
    for _ in await repository.end_recoveries_of(tx.connection, person_id, tx.now):
        tx.audit("recovery.cancelled", key=person_id)
    waits = phone is not None or drops_factors
    opened = await _begin(
        tx,
        provider,
        person_id,
        ripe_after=COOLING_OFF if waits else timedelta(0),
        drops_factors=drops_factors,
    )
    if phone is not None:
        await phones.begin(tx, provider, person_id, phone, wait=COOLING_OFF, told=True)
    return opened


async def _begin(
    tx: Transaction, provider: Provider, person_id: UUID, *, ripe_after: timedelta, drops_factors: bool = False
) -> Recovery:
    word = new_secret()
    new = Recovery(uuid7(), person_id, tx.now, tx.now + ripe_after, drops_factors)
    await repository.add_recovery(tx.connection, new, digest(word))
    tx.audit("recovery.begun", key=person_id)
    phone = await phone_of(tx.connection, provider.cipher, person_id)
    if phone:
        address = f"{provider.issuer}{CANCEL}?notice={word}"
        await send(tx, provider.cipher, phone, Message("recovery-begun", {"address": address}))
    return new


async def _note_cancelled(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    """Record the owner's no, and leave his phone as it is: a new one may have been part of what he says no to."""
    await phones.cancel_of(tx, cipher, person_id)
    tx.audit("recovery.cancelled", key=person_id)
    phone = await phone_of(tx.connection, cipher, person_id)
    if phone:
        await send(tx, cipher, phone, Message("recovery-cancelled"))


async def _proved(provider: Provider, tx: Transaction, holder: Holder, *, spend: bool) -> Person:
    proof = await proved(provider, tx, holder, Purpose.RECOVER, spend=spend)
    person = await person_by_id(tx.connection, proof.person_id or NOBODY)
    if person is None:
        raise WrongCode
    return person


def _as(person: Person) -> Caller:
    return Caller(sub=person.id, kind="natural", acr=str(person.assurance), channel="web")
