"""Changing one's own password."""

from uuid import UUID

from gateway.credentials.service import tell
from gateway.identity.repository import identity_of, phone_of
from gateway.people.domain import Person
from gateway.people.repository import credentials_of, replace_password_hash
from gateway.provider import Provider
from gateway.signin.domain import DEVICE_PATIENCE, WrongCredentials
from gateway.signin.password_rules import words_about
from gateway.signin.repository import forgive
from gateway.signin.service import end_all
from gateway.signin.throttle import count, require_patience
from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Transaction, acquired


async def change_password(provider: Provider, caller: Caller, session_id: UUID, old: str, new: str) -> None:
    """Take a new password from who knows the old one, or has none yet; every other session of his ends.

    Args:
        provider: the running parts.
        caller: who is signed in, recently.
        session_id: the session that goes on.
        old: the present password.
        new: the password from now on.

    Raises:
        WrongCredentials: when the old one is wrong.
        TooManyAttempts: when a pause is due first.
        UnfitPassword: when the new one is easily guessed.
        Overloaded: when too many hashes are being computed.
    """
    if caller.sub is None:
        raise WrongCredentials
    keys = {provider.cipher.blind_index("password-change", str(caller.sub)): DEVICE_PATIENCE}
    async with provider.passwords.turn():
        async with acquired(provider.context.pool) as connection:
            await require_patience(connection, keys, provider.context.clock())
            found = await credentials_of(connection, caller.sub)
            if found is None:
                raise WrongCredentials
            person, known = found
            about = await what_is_known_of(provider, connection, person)
        right = known is None or await provider.passwords.verify(known, old)
    if not right:
        async with provider.transaction(caller) as tx:
            await count(tx, keys)
            tx.audit("password.refused", key=caller.sub)
        raise WrongCredentials("原密码不正确")
    hashed = await provider.passwords.new_hash(new, about)
    async with provider.transaction(caller) as tx:
        if not await replace_password_hash(tx.connection, person.id, old=known, new=hashed):
            raise WrongCredentials("原密码不正确")
        for key in keys:
            await forgive(tx.connection, key)
        revoked = await note_new_password(tx, provider, person.id, but=session_id)
    provider.revoked.add(revoked)


async def note_new_password(
    tx: Transaction, provider: Provider, person_id: UUID, *, but: UUID | None = None
) -> tuple[str, ...]:
    """Record that a password is another one, tell its owner, end his sessions; return what to refuse from now on."""
    tx.audit("password.changed", key=person_id)
    await tell(tx, provider.cipher, person_id, "password-changed", "密码")
    return await end_all(tx, person_id, but=but)


async def what_is_known_of(provider: Provider, connection: Connection, person: Person) -> list[str]:
    """Return the words that a person's password must not be made of."""
    identity = await identity_of(connection, provider.cipher, person.id)
    phone = await phone_of(connection, provider.cipher, person.id)
    if identity is None:
        return []
    return words_about(person.username, identity.name, identity.identity_number, phone)
