"""Use cases of changing a phone number: prove the new one, wait while the old one may say no, take it up.

A number is a way into the account, by sign-in with a code and by recovery; so who has got hold of a session must not
have another one count before its owner could hear of it.
"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
from prometheus_client import Counter

from gateway.codes.domain import Purpose, WrongCode
from gateway.codes.service import NOBODY, Asked, Holder, ask, prove, proved
from gateway.identity.repository import change_phone, phone_of
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.phones import repository
from gateway.phones.domain import PhoneChange, PhoneChangeGone, PhoneUnchanged, masked_phone, wait_before
from gateway.provider import Provider
from gateway.tokens.opaque import digest, new_secret
from onestop_legal.working_days import SHANGHAI
from onestop_runtime.caller import ANONYMOUS, Caller, system
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction, acquired, transaction

CANCEL: Final = "/phone/cancel"
_LOOK_SECONDS: Final = 5.0
_AT_ONCE: Final = 20

CHANGES = Counter("onestop_phone_changes_total", "Changes of people's phone numbers", ["outcome"])
log = logger(__name__)


async def ask_to_change(provider: Provider, holder: Holder, caller: Caller, phone: str) -> None:
    """Send a code to the number at which somebody wants to be reached.

    Raises:
        PhoneUnchanged: when he is reached there already.
        TooManyAttempts: when too many codes were asked for.
    """
    async with acquired(provider.context.pool) as connection:
        known = await phone_of(connection, provider.cipher, caller.sub or NOBODY)
    if phone == known:
        raise PhoneUnchanged
    await ask(provider, holder, Asked(Purpose.CHANGE_PHONE, phone, caller.sub, by=caller))


async def prove_new(provider: Provider, holder: Holder, caller: Caller, code: str, *, strong: bool) -> PhoneChange:
    """Take the code that the new number got; the number counts after the wait, or at once.

    Args:
        provider: the running parts.
        holder: who has asked for the code.
        caller: whose number it is to be; signed in recently.
        code: what was typed.
        strong: whether he has shown two factors.

    Raises:
        WrongCode: when it is not the code, or it was asked for somebody else.
    """
    await prove(provider, holder, Purpose.CHANGE_PHONE, code)
    async with provider.transaction(caller) as tx:
        proof = await proved(provider, tx, holder, Purpose.CHANGE_PHONE)
        if proof.person_id is None or proof.person_id != caller.sub:
            raise WrongCode(pointer="/code")
        old = await phone_of(tx.connection, provider.cipher, proof.person_id)
        return await begin(tx, provider, proof.person_id, proof.phone, wait=wait_before(old, strong=strong))


async def begin(
    tx: Transaction, provider: Provider, person_id: UUID, phone: str, *, wait: timedelta, told: bool = False
) -> PhoneChange:
    """Have a number count once the old one had time to say no; one that was to count before is forgotten.

    Args:
        tx: the transaction.
        provider: the running parts.
        person_id: whose number it is.
        phone: the new one.
        wait: how long that is.
        told: whether the old number hears of it by another notice, with which it can say no.
    """
    new = PhoneChange(uuid7(), person_id, phone, tx.now, tx.now + wait)
    await repository.end_change_of(tx.connection, person_id, tx.now)
    if new.ripe_at <= tx.now:
        await _take_up(tx, provider.cipher, new)
        return new
    word = new_secret()
    await repository.add_change(tx.connection, provider.cipher, new, digest(word))
    tx.audit("phone-change.asked", key=person_id)
    if not told and (old := await phone_of(tx.connection, provider.cipher, person_id)):
        parameters = {
            "phone": masked_phone(phone),
            "at": f"{new.ripe_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            "address": f"{provider.issuer}{CANCEL}?notice={word}",
        }
        await send(tx, provider.cipher, old, Message("phone-change-asked", parameters))
    CHANGES.labels("asked").inc()
    return new


async def require_told_of(provider: Provider, word: str) -> None:
    """Do nothing when a notice with this word tells of a change under way; raises `PhoneChangeGone`."""
    async with acquired(provider.context.pool) as connection:
        if not await repository.is_open(connection, digest(word)):
            raise PhoneChangeGone


async def cancel_by_notice(provider: Provider, word: str) -> None:
    """Take the no of the old number, which got the notice; raises `PhoneChangeGone`."""
    async with provider.transaction(replace(ANONYMOUS, channel="web")) as tx:
        person_id = await repository.end_by_word(tx.connection, digest(word), tx.now)
        if person_id is None:
            raise PhoneChangeGone
        await _note_cancelled(tx, provider.cipher, person_id)


async def cancel_own(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    """Take the no of the owner, who is signed in; raises `PhoneChangeGone`."""
    if not await cancel_of(tx, cipher, person_id):
        raise PhoneChangeGone


async def cancel_of(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> bool:
    """End the change that is under way for a person, if any; tell whether there was one."""
    ended = await repository.end_change_of(tx.connection, person_id, tx.now)
    if ended:
        await _note_cancelled(tx, cipher, person_id)
    return ended


async def complete_due(context: Context, cipher: FieldCipher) -> int:
    """Have numbers count whose time has come; return how many."""
    async with transaction(context.pool, system("gateway"), context.clock()) as tx:
        ripe = await repository.take_ripe(tx.connection, cipher, tx.now, _AT_ONCE)
        for change in ripe:
            await _take_up(tx, cipher, change)
    return len(ripe)


async def keep_completing(context: Context, cipher: FieldCipher) -> None:
    """Have numbers count when their time comes, until the process stops; goes on when the database was away."""
    while not context.stopping.is_set():
        done = 0
        try:
            done = await complete_due(context, cipher)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("changes of phone numbers could not be read", error=type(error).__name__)
        if done < _AT_ONCE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(context.stopping.wait(), _LOOK_SECONDS)


async def _take_up(tx: Transaction, cipher: FieldCipher, change: PhoneChange) -> None:
    old = await phone_of(tx.connection, cipher, change.person_id)
    await change_phone(tx.connection, cipher, change.person_id, change.phone)
    tx.audit("phone.changed", key=change.person_id)
    if old:
        await send(tx, cipher, old, Message("phone-changed", {"phone": masked_phone(change.phone)}))
    await send(tx, cipher, change.phone, Message("phone-taken-up"))
    CHANGES.labels("taken-up").inc()


async def _note_cancelled(tx: Transaction, cipher: FieldCipher, person_id: UUID) -> None:
    tx.audit("phone-change.cancelled", key=person_id)
    phone = await phone_of(tx.connection, cipher, person_id)
    if phone:
        await send(tx, cipher, phone, Message("phone-change-cancelled"))
    CHANGES.labels("cancelled").inc()
