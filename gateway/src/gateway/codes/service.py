"""Use cases of one-time codes: ask for one, prove with it, use what was proved.

Who asks is a holder: the browser, by the secret of its visit cookie, or an application, by the secret it was given.
A code is good in the hands of that holder alone. What is wrong is counted in a transaction of its own, so that
refusing it does not undo the counting.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from gateway.codes import repository
from gateway.codes.domain import CODE_LIFETIME, PROOF_LIFETIME, Proof, Purpose, WrongCode, code_of
from gateway.messages.domain import Message
from gateway.messages.service import send
from gateway.network import network_at
from gateway.provider import Provider
from gateway.signin.domain import Patience, TooManyAttempts
from gateway.signin.throttle import count, require_patience, take_turn
from gateway.tokens.opaque import digest
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction

NOBODY: Final = UUID(int=0)
"""Stands in the audit trail for a phone that nobody has."""
PHONE_PATIENCE: Final = Patience(
    free=1, first=timedelta(seconds=60), longest=timedelta(hours=1), rest=timedelta(hours=12)
)
"""For messages to one phone: each costs money and wakes somebody up."""
ADDRESS_PATIENCE: Final = Patience(
    free=20, first=timedelta(seconds=10), longest=timedelta(minutes=10), rest=timedelta(hours=1)
)
"""For messages that one network address asks for, behind which a whole hall may sit."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks for a code and has to come back with it.

    Attributes:
        secret: known to that browser or application alone.
        address: network address; kept only as a keyed hash.
    """

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a code for a purpose, to a phone.

    Attributes:
        person_id: whose phone it is, where that is known.
        instead: what the phone gets in place of the code: then no code can be right, and who asks cannot tell.
        silent: whether the phone gets nothing at all.
        named_by: what was typed, when it is not the phone; then it is nobody's business how often the phone was asked
            for, and one that was asked for too often gets nothing.
        own_device: mark of the browser, when it is the owner's; strangers cannot make it wait.
        by: who asks, where he is signed in.
        wording: what the phone is told beside the code and its minutes; the usual warning by default.
    """

    purpose: Purpose
    phone: str
    person_id: UUID | None = None
    instead: Message | None = None
    silent: bool = False
    named_by: str | None = None
    own_device: str | None = None
    wording: Message | None = None
    by: Caller | None = None

    @property
    def sent(self) -> bool:
        """Whether the phone gets a code."""
        return self.instead is None and not self.silent


async def ask(provider: Provider, holder: Holder, asked: Asked) -> None:
    """Send a code; one that the holder had for the same purpose is void. Who asks learns nothing about the phone.

    Raises:
        TooManyAttempts: when too many were asked for under what was typed, or from this address.
    """
    cipher = provider.cipher
    number = code_of(secrets.randbelow(10**6))
    async with provider.transaction(asked.by or replace(ANONYMOUS, channel="web")) as tx:
        await take_turn(tx, _keys(cipher, asked, holder))
        if asked.named_by is not None and not await _phone_rested(tx, cipher, asked):
            asked = replace(asked, silent=True)
        await repository.keep_code(
            tx.connection,
            cipher,
            Proof(asked.phone, asked.person_id),
            holder=digest(holder.secret),
            purpose=asked.purpose,
            code_id=uuid7(),
            code_hash=_hash(cipher, holder, asked.purpose, number) if asked.sent else os.urandom(32),
            expires_at=tx.now + CODE_LIFETIME,
        )
        await _send(tx, cipher, asked, number)
        tx.audit("code.asked", key=asked.person_id or NOBODY, detail={"purpose": asked.purpose})


async def _send(tx: Transaction, cipher: FieldCipher, asked: Asked, number: str) -> None:
    """Send a code, or what comes instead; where nothing is to be sent do the same for nothing.

    So the time that it takes tells nobody whether there is an account.
    """
    wording = asked.wording or Message("code", {"purpose": asked.purpose.text})
    minutes = str(CODE_LIFETIME // timedelta(minutes=1))
    message = Message(wording.template, {**wording.parameters, "code": number, "minutes": minutes})
    await repository.before_sending(tx.connection)
    if asked.instead:
        await send(tx, cipher, asked.phone, asked.instead)
    else:
        await send(tx, cipher, asked.phone, message, CODE_LIFETIME)
    await repository.after_sending(tx.connection, kept=not asked.silent)


async def prove(provider: Provider, holder: Holder, purpose: Purpose, code: str) -> None:
    """Take a code from its holder; what it proves can be used for half an hour, once.

    Raises:
        WrongCode: when it is not the one that was sent to him last for this purpose.
    """
    typed = _hash(provider.cipher, holder, purpose, code.strip())
    async with provider.transaction(replace(ANONYMOUS, channel="web")) as tx:
        right = await repository.try_code(
            tx.connection, holder=digest(holder.secret), purpose=purpose, typed=typed, now=tx.now
        )
        if not right:
            tx.audit("code.refused", key=NOBODY, detail={"purpose": purpose})
    if not right:
        raise WrongCode(pointer="/code")


async def proved(provider: Provider, tx: Transaction, holder: Holder, purpose: Purpose, *, spend: bool = True) -> Proof:
    """Return what the holder has proved; once, unless it is not spent.

    Raises:
        WrongCode: when he has not, or too long ago.
    """
    found = await repository.proof_of(
        tx.connection,
        provider.cipher,
        holder=digest(holder.secret),
        purpose=purpose,
        since=tx.now - PROOF_LIFETIME,
        spend=spend,
    )
    if found is None:
        raise WrongCode("手机号码的验证已过期，请重新获取验证码。", pointer="/transaction")
    return found


def _keys(cipher: FieldCipher, asked: Asked, holder: Holder) -> Mapping[bytes, Patience]:
    address = {cipher.blind_index("code-address", network_at(holder.address)): ADDRESS_PATIENCE}
    if asked.named_by is None:
        return {cipher.blind_index("code-phone", asked.phone): PHONE_PATIENCE, **address}
    named = f"{asked.own_device or ''}\0{asked.named_by}"
    return {cipher.blind_index("code-name", named): PHONE_PATIENCE, **address}


async def _phone_rested(tx: Transaction, cipher: FieldCipher, asked: Asked) -> bool:
    """Tell whether the phone may be woken up, and count that it is."""
    keys = {cipher.blind_index("code-phone", f"{asked.own_device or ''}\0{asked.phone}"): PHONE_PATIENCE}
    try:
        await require_patience(tx.connection, keys, tx.now)
    except TooManyAttempts:
        return False
    await count(tx, keys)
    return True


def _hash(cipher: FieldCipher, holder: Holder, purpose: Purpose, code: str) -> bytes:
    """Return what is kept of a code: a keyed hash, since six digits are soon tried through."""
    return cipher.blind_index("one-time-code", f"{holder.secret}\0{purpose}\0{code}")
