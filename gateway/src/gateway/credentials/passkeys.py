"""Use cases of passkeys: make one, sign in with one, rename and remove one."""

import os
from datetime import timedelta
from typing import Final
from uuid import UUID

from gateway.credentials import ceremonies, repository
from gateway.credentials.domain import MOST_PASSKEYS, FactorNotFound, Passkey, PasskeyRefused, TooManyPasskeys
from gateway.credentials.service import forget_useless_codes, proved_in, tell
from gateway.people.domain import Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider
from gateway.signin.domain import Session
from gateway.tokens.opaque import digest
from onestop_runtime.caller import ANONYMOUS
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction

_MAKE: Final = "make"
_USE: Final = "use"
_LIFETIME: Final = timedelta(minutes=10)
_CHALLENGE_BYTES: Final = 32
_LONGEST_NAME: Final = 50


async def options_to_make(tx: Transaction, provider: Provider, visit: str, person: Person) -> str:
    """Return, as JSON, what the browser asks a device to make; raises `TooManyPasskeys`."""
    known = (await repository.factors_of(tx.connection, person.id)).passkeys
    if len(known) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    return ceremonies.creation_options(provider.issuer, person, known, await _challenge(tx, visit, _MAKE))


async def make(
    tx: Transaction, provider: Provider, visit: str, session: Session, credential: str, name: str
) -> list[str]:
    """Keep the passkey that a device has made; return recovery codes when there were none.

    Raises:
        PasskeyRefused: when it was not made for us, in this browser, just now.
    """
    challenge = await repository.take_challenge(tx.connection, digest(visit), _MAKE, tx.now)
    if challenge is None:
        raise PasskeyRefused
    made = ceremonies.created(provider.issuer, challenge, credential)
    passkey = Passkey(
        id=uuid7(),
        person_id=session.person_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        backed_up=made.backed_up,
        name=_name(name),
        made_at=tx.now,
        used_at=None,
    )
    await repository.add_passkey(tx.connection, passkey)
    tx.audit("passkey.added", key=session.person_id)
    await tell(tx, provider.cipher, session.person_id, "factor-added", "通行密钥")
    return await proved_in(tx, provider.cipher, session, _method(passkey))


async def options_to_use(provider: Provider, visit: str) -> str:
    """Return, as JSON, what the browser asks a device to sign."""
    async with provider.transaction(ANONYMOUS) as tx:
        challenge = await _challenge(tx, visit, _USE)
    return ceremonies.request_options(provider.issuer, challenge)


async def use(provider: Provider, visit: str, credential: str) -> tuple[Person, tuple[str, ...]]:
    """Return who has signed with his passkey, and how he is proved by that (RFC 8176).

    A passkey counts for two factors: the device has it, and asks its owner for a finger, a face or a PIN.

    Raises:
        PasskeyRefused: when the signature was not made for us, in this browser, just now, or the key is not known.
    """
    shown = ceremonies.shown_by(credential)
    async with provider.transaction(ANONYMOUS) as tx:
        challenge = await repository.take_challenge(tx.connection, digest(visit), _USE, tx.now)
        passkey = await repository.passkey_by_credential(tx.connection, shown.credential_id)
        person = None
        if challenge is not None and passkey is not None and shown.user == passkey.person_id.bytes:
            try:
                used = ceremonies.signed(provider.issuer, challenge, credential, passkey)
            except PasskeyRefused:
                tx.audit("passkey.refused", key=passkey.person_id)
            else:
                taken = await repository.use_passkey(
                    tx.connection, passkey, used.sign_count, tx.now, backed_up=used.backed_up
                )
                person = await person_by_id(tx.connection, passkey.person_id) if taken else None
    if person is None or passkey is None:
        raise PasskeyRefused
    return person, (_method(passkey), "user", "mfa")


async def rename(tx: Transaction, person_id: UUID, passkey_id: UUID, name: str) -> None:
    """Give a passkey the name by which its owner knows it; raises `FactorNotFound`."""
    if not await repository.rename_passkey(tx.connection, passkey_id, person_id, _name(name)):
        raise FactorNotFound
    tx.audit("passkey.renamed", key=person_id)


async def remove(tx: Transaction, cipher: FieldCipher, person_id: UUID, passkey_id: UUID) -> None:
    """Believe a passkey no longer; raises `FactorNotFound`."""
    if not await repository.remove_passkey(tx.connection, passkey_id, person_id):
        raise FactorNotFound
    tx.audit("passkey.removed", key=person_id)
    await tell(tx, cipher, person_id, "factor-removed", "通行密钥")
    await forget_useless_codes(tx, person_id)


async def _challenge(tx: Transaction, visit: str, purpose: str) -> bytes:
    challenge = os.urandom(_CHALLENGE_BYTES)
    await repository.keep_challenge(tx.connection, digest(visit), purpose, challenge, tx.now + _LIFETIME)
    return challenge


def _name(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_NAME] or "通行密钥"


def _method(passkey: Passkey) -> str:
    """Return what a signature proves: a key in hardware, or one in software that is copied between devices."""
    return "swk" if passkey.backed_up else "hwk"
