"""Use cases of signing in and out."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Final
from uuid import UUID

from gateway.oidc.grants import take_back_session
from gateway.people.domain import Person
from gateway.people.repository import credentials, replace_password_hash
from gateway.provider import Provider
from gateway.signin import repository
from gateway.signin.domain import (
    ACCOUNT_PATIENCE,
    ADDRESS_PATIENCE,
    DEVICE_PATIENCE,
    FORGIVEN_AFTER,
    SESSION_LIFETIME,
    Patience,
    Session,
    TooManyAttempts,
    WrongCredentials,
)
from gateway.signin.passwords import MAX_LENGTH
from gateway.tokens.opaque import digest, new_secret
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Transaction, acquired

NOBODY: Final = UUID(int=0)
"""Stands in the audit trail for a name that nobody has."""
_LONGEST_USERNAME: Final = 128
_LONGEST_DEVICE: Final = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries to sign in.

    Attributes:
        address: network address; kept only as a keyed hash.
        device: the browser's name for itself.
        device_token: value of the known-browser cookie, if any.
        client_id: the client that sent the person here, if any.
    """

    username: str
    password: str
    address: str
    device: str
    device_token: str | None
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the values that its browser has to keep."""

    session: Session
    session_token: str
    device_token: str


@dataclass(frozen=True, slots=True)
class _Keys:
    """Under which keys an attempt's failures are counted, each with its patience.

    The owner's own browser counts by itself: strangers who guess at the account, or share its address, cannot
    make the owner wait.
    """

    account: bytes
    patience: dict[bytes, Patience]

    @classmethod
    def of(cls, cipher: FieldCipher, attempt: Attempt, username: str, *, known_device: bool) -> "_Keys":
        if known_device:
            device = cipher.blind_index("sign-in-device", f"{attempt.device_token}\0{username}")
            return cls(device, {device: DEVICE_PATIENCE})
        account = cipher.blind_index("sign-in-account", username)
        address = cipher.blind_index("sign-in-address", attempt.address)
        return cls(account, {account: ACCOUNT_PATIENCE, address: ADDRESS_PATIENCE})


async def sign_in(provider: Provider, attempt: Attempt, current: Session | None) -> SignedIn:
    """Check name and password and start a session, or renew the browser's own one for the same person.

    The token is new each time, so that nobody can have planted it (session fixation). The work is the same
    whether the name exists or not.

    Raises:
        WrongCredentials: when they do not belong together.
        TooManyAttempts: when a pause is due first.
        Overloaded: when too many sign in at once.
    """
    username = attempt.username.strip().lower()
    if not username or len(username) > _LONGEST_USERNAME or not 0 < len(attempt.password) <= MAX_LENGTH:
        raise WrongCredentials
    async with provider.passwords.turn():
        now = provider.context.clock()
        async with acquired(provider.context.pool) as connection:
            found = await credentials(connection, username)
            known_device = await _device_known(connection, attempt, found, now)
            keys = _Keys.of(provider.cipher, attempt, username, known_device=known_device)
            await _require_patience(connection, keys, now)
        person, known_hash = found or (None, None)
        if not await provider.passwords.verify(known_hash, attempt.password):
            await _note_failure(provider, attempt, keys, person)
            raise WrongCredentials
        better = await provider.passwords.better_hash(known_hash, attempt.password) if known_hash else None
    if person is None or known_hash is None:
        raise WrongCredentials
    caller = Caller(sub=person.id, kind="natural", acr=str(person.assurance), client=attempt.client_id, channel="web")
    async with provider.transaction(caller) as tx:
        if better:
            await replace_password_hash(tx.connection, person.id, old=known_hash, new=better)
        await repository.forgive(tx.connection, keys.account)
        device_token = await _device(tx, attempt, person, known_device=known_device)
        session, token, ended = await _start(tx, attempt, person, current)
    provider.revoked.add(ended)
    return SignedIn(session, token, device_token)


async def current_session(provider: Provider, token: str | None) -> Session | None:
    """Return the living session of a browser that holds `token`."""
    if token is None:
        return None
    async with acquired(provider.context.pool) as connection:
        return await repository.session_by_token(connection, digest(token), provider.context.clock())


async def sign_out(provider: Provider, session_id: UUID, *, client_id: str = "") -> None:
    """End a session and everything that was granted in it."""
    async with provider.transaction(replace(ANONYMOUS, client=client_id, channel="web")) as tx:
        revoked = await end(tx, session_id)
    provider.revoked.add(revoked)


async def end(tx: Transaction, session_id: UUID) -> tuple[str, ...]:
    """End a session in a transaction; return the identifiers to refuse from now on."""
    person_id = await repository.end_session(tx.connection, session_id, tx.now)
    if person_id is None:
        return ()
    if tx.caller.sub is None:
        tx.caller = replace(tx.caller, sub=person_id, kind="natural")
    tx.audit("session.ended", key=session_id)
    return await take_back_session(tx, session_id)


async def _start(
    tx: Transaction, attempt: Attempt, person: Person, current: Session | None
) -> tuple[Session, str, tuple[str, ...]]:
    """Return a session with its new token, and what was taken back with the one it replaces."""
    token = new_secret()
    expires_at = tx.now + SESSION_LIFETIME
    ended: tuple[str, ...] = ()
    if current is not None and current.person_id == person.id:
        again = await repository.sign_in_again(tx.connection, current, digest(token), tx.now, expires_at)
        if again is not None:
            tx.audit("session.renewed", key=again.id)
            return again, token, ended
    elif current is not None:
        ended = await end(tx, current.id)
    session = Session(
        id=uuid7(),
        person_id=person.id,
        signed_in_at=tx.now,
        methods=("pwd",),
        device=attempt.device[:_LONGEST_DEVICE],
        started_at=tx.now,
        expires_at=expires_at,
    )
    await repository.add_session(tx.connection, session, digest(token))
    tx.audit("session.started", key=session.id)
    return session, token, ended


async def _device(tx: Transaction, attempt: Attempt, person: Person, *, known_device: bool) -> str:
    """Return what marks this browser as the person's own; a mark that we did not give is not taken over."""
    if known_device and attempt.device_token:
        return attempt.device_token
    token = new_secret()
    await repository.add_device(tx.connection, digest(token), person.id, tx.now)
    return token


async def _device_known(
    connection: Connection, attempt: Attempt, found: tuple[Person, str] | None, now: datetime
) -> bool:
    """Tell whether this browser was used for the account; asks the database for unknown names, too."""
    device = digest(attempt.device_token or "")
    return await repository.device_is_known(connection, device, found[0].id if found else NOBODY, now)


async def _require_patience(connection: Connection, keys: _Keys, now: datetime) -> None:
    until = await repository.not_before(connection, list(keys.patience))
    if until is not None and until > now:
        seconds = ceil((until - now).total_seconds())
        raise TooManyAttempts(f"尝试次数过多，请在 {seconds} 秒后再试。", retry_after=seconds)


async def _note_failure(provider: Provider, attempt: Attempt, keys: _Keys, person: Person | None) -> None:
    caller = replace(ANONYMOUS, client=attempt.client_id, channel="web")
    async with provider.transaction(caller) as tx:
        for key, patience in keys.patience.items():
            failures = await repository.count_failure(tx.connection, key, tx.now, FORGIVEN_AFTER)
            await repository.set_pause(tx.connection, key, tx.now + patience.pause(failures))
        tx.audit("sign-in.refused", key=person.id if person else NOBODY)
