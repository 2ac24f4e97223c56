"""Use cases of signing in and out."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.federation.domain import FEDERATED
from gateway.federation.repository import claim_arrival
from gateway.logout.service import tell_clients
from gateway.oidc.taking_back import take_back_session
from gateway.people.domain import Person
from gateway.people.repository import credentials, replace_password_hash
from gateway.provider import Provider
from gateway.signin import repository
from gateway.signin.domain import SESSION_LIFETIME, Arrival, Session, WrongCredentials
from gateway.signin.password_rules import LONGEST
from gateway.signin.throttle import Tally, count, require_patience, tally_of
from gateway.terminals.repository import stay_on, terminal_of_client
from gateway.tokens.opaque import digest, new_secret
from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Transaction, acquired

NOBODY: Final = UUID(int=0)
"""Stands in the audit trail for a name that nobody has."""
_LONGEST_USERNAME: Final = 128
_LONGEST_DEVICE: Final = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the values that its browser has to keep.

    Attributes:
        device_token: None where no browser is to be known again.
        ended: identifiers to refuse from now on, of the session that this one replaces.
    """

    session: Session
    session_token: str
    device_token: str | None
    ended: tuple[str, ...] = ()


async def check_password(provider: Provider, username: str, password: str, arrival: Arrival) -> Person:
    """Return whose name and password these are. The work is the same whether the name exists or not.

    Raises:
        WrongCredentials: when they do not belong together.
        TooManyAttempts: when a pause is due first.
        Overloaded: when too many sign in at once.
    """
    username = username.strip().lower()
    if not username or len(username) > _LONGEST_USERNAME or not 0 < len(password) <= LONGEST:
        raise WrongCredentials
    async with provider.passwords.turn():
        now = provider.context.clock()
        async with acquired(provider.context.pool) as connection:
            found = await credentials(connection, username)
            known_device = await device_known(connection, arrival, found[0].id if found else NOBODY, now)
            tally = tally_of(provider.cipher, "sign-in", username, arrival, known_device=known_device)
            failed_before = await require_patience(connection, tally.keys, now)
        person, known_hash = found or (None, None)
        if not await provider.passwords.verify(known_hash, password):
            await _note_failure(provider, arrival, tally, person)
            raise WrongCredentials
        better = await provider.passwords.better_hash(known_hash, password) if known_hash else None
    if person is None or known_hash is None:
        raise WrongCredentials
    if better or failed_before:
        async with provider.transaction(arriving(person, arrival)) as tx:
            await repository.forgive(tx.connection, tally.account)
            if better:
                await replace_password_hash(tx.connection, person.id, old=known_hash, new=better)
    return person


async def let_in(
    provider: Provider,
    person: Person,
    arrival: Arrival,
    methods: tuple[str, ...],
    current: Session | None,
    signed_in_at: datetime | None = None,
) -> SignedIn:
    """Start a session for who has proved to be `person`; see `start_session`."""
    async with provider.transaction(arriving(person, arrival)) as tx:
        signed_in = await start_session(tx, person, arrival, methods, current, signed_in_at=signed_in_at)
    provider.revoked.add(signed_in.ended)
    return signed_in


async def start_session(
    tx: Transaction,
    person: Person,
    arrival: Arrival,
    methods: tuple[str, ...],
    current: Session | None,
    *,
    signed_in_at: datetime | None = None,
) -> SignedIn:
    """Start a session for who has proved to be `person`, or renew the browser's own one for the same person.

    The token is new each time, so that nobody can have planted it (session fixation). The caller has the gateway
    refuse what is `ended` once this is committed. At a self-service terminal everybody starts anew, nothing is
    remembered of him, and his session ends as soon as he does nothing for a while.

    Args:
        tx: the transaction.
        person: who signs in.
        arrival: from where.
        methods: how he proved it (RFC 8176).
        current: the session that the browser has, if any.
        signed_in_at: when he proved it; the present when None.
    """
    token = new_secret()
    proved_at = signed_in_at or tx.now
    expires_at = tx.now + SESSION_LIFETIME
    terminal = await terminal_of_client(tx.connection, arrival.client_id) if arrival.at_terminal else None
    device_token = None if terminal else await _device(tx, arrival, person)
    ended: tuple[str, ...] = ()
    if current is not None and current.person_id == person.id and not terminal and not current.terminal_id:
        again = await repository.sign_in_again(tx.connection, current.id, digest(token), methods, proved_at, expires_at)
        if again is not None:
            tx.audit("session.renewed", key=again.id)
            await _note_how(tx, again, arrival)
            return SignedIn(again, token, device_token)
    elif current is not None:
        ended = await end(tx, current.id)
    session = Session(
        id=uuid7(),
        person_id=person.id,
        signed_in_at=proved_at,
        methods=methods,
        device=arrival.device[:_LONGEST_DEVICE],
        started_at=tx.now,
        expires_at=expires_at,
    )
    session = terminal.hosting(session) if terminal else session
    await repository.add_session(tx.connection, session, digest(token))
    tx.audit("session.started", key=session.id)
    await _note_how(tx, session, arrival)
    return SignedIn(session, token, device_token, ended)


async def current_session(provider: Provider, token: str | None) -> Session | None:
    """Return the living session of a browser that holds `token`; who shows it at a terminal may stay on."""
    if token is None:
        return None
    now = provider.context.clock()
    async with acquired(provider.context.pool) as connection:
        session = await repository.session_by_token(connection, digest(token), now)
        if session is not None and session.terminal_id is not None:
            await stay_on(connection, session.id, now)
    return session


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
    await tell_clients(tx, session_id, person_id)
    return await take_back_session(tx, session_id)


async def end_all(tx: Transaction, person_id: UUID, *, but: UUID | None = None) -> tuple[str, ...]:
    """End the sessions of a person, but for one; return the identifiers to refuse from now on."""
    revoked: list[str] = []
    for session_id in await repository.living_sessions_but(tx.connection, person_id, but):
        revoked += await end(tx, session_id)
    return tuple(revoked)


def arriving(person: Person, arrival: Arrival) -> Caller:
    """Return who has proved to be `person` and is not let in yet."""
    client, channel = arrival.client_id, arrival.channel
    return Caller(sub=person.id, kind="natural", acr=str(person.assurance), client=client, channel=channel)


async def _note_how(tx: Transaction, session: Session, arrival: Arrival) -> None:
    """Note by which identity of another's provider a session was begun, if by one."""
    if FEDERATED in session.methods and arrival.visit is not None:
        await claim_arrival(tx.connection, session, digest(arrival.visit), tx.now)


async def _device(tx: Transaction, arrival: Arrival, person: Person) -> str:
    """Return what marks this browser as the person's own; a mark that we did not give is not taken over."""
    if arrival.device_token and await device_known(tx.connection, arrival, person.id, tx.now):
        return arrival.device_token
    token = new_secret()
    await repository.add_device(tx.connection, digest(token), person.id, tx.now)
    return token


async def device_known(connection: Connection, arrival: Arrival, person_id: UUID, now: datetime) -> bool:
    """Tell whether this browser was used for the account; asks the database for unknown names, too."""
    return await repository.device_is_known(connection, digest(arrival.device_token or ""), person_id, now)


async def _note_failure(provider: Provider, arrival: Arrival, tally: Tally, person: Person | None) -> None:
    caller = replace(ANONYMOUS, client=arrival.client_id, channel=arrival.channel)
    async with provider.transaction(caller) as tx:
        await count(tx, tally.keys)
        tx.audit("sign-in.refused", key=person.id if person else NOBODY)
