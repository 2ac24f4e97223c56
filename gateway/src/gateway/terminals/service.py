"""Use cases of terminals: register, change, give a code, bring a key, suspend, let in again."""

from collections.abc import Mapping
from secrets import choice
from typing import Any, Final
from uuid import UUID

from gateway.clients import service as clients
from gateway.clients.domain import CODE, CREDENTIALS, DEVICE, REFRESH, Client, ClientState
from gateway.clients.repository import client_by_id
from gateway.devices.domain import ALPHABET, typed
from gateway.network import network_at
from gateway.people.domain import require_assurance
from gateway.permissions import PERMISSIONS
from gateway.provider import Provider
from gateway.signin.domain import ADDRESS_PATIENCE
from gateway.signin.service import end
from gateway.signin.throttle import take_turn
from gateway.terminals import repository
from gateway.terminals.domain import (
    CHANNEL,
    LETTERS,
    Terminal,
    TerminalNotEnrolled,
    TerminalNotFound,
    UnknownEnrolmentCode,
)
from gateway.tokens.dpop import Proof
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction

_SCOPES: Final = ("openid", "profile", "phone", "offline_access")
_REDIRECTS: Final = ("http://127.0.0.1/callback", "http://[::1]/callback")
_NEEDS: Final = 2
"""Who opens the door to a terminal has to be known by his real name."""


async def page(tx: Reader, after: UUID, limit: int) -> list[Terminal]:
    """Return the terminals that were registered after another one; raises `NotPermitted`."""
    PERMISSIONS.require(tx.caller, "terminal.read")
    return await repository.terminals_after(tx.connection, after, limit)


async def read(tx: Reader, terminal_id: UUID) -> Terminal:
    """Return a terminal; raises `NotPermitted`, `TerminalNotFound`."""
    PERMISSIONS.require(tx.caller, "terminal.read")
    found = await repository.terminal_by_id(tx.connection, terminal_id)
    if found is None:
        raise TerminalNotFound
    return found


async def register(tx: Transaction, new: Terminal) -> None:
    """Register a terminal, which will bring its key later; raises `NotPermitted`, `NotKnownSurelyEnough`."""
    _require(tx, "terminal.register")
    await repository.add_terminal(tx.connection, new, tx.now)
    tx.audit("terminal.registered", key=new.id)


async def change(tx: Transaction, terminal_id: UUID, version: int, fields: Mapping[str, Any]) -> Terminal:
    """Change where a terminal stands or when it is open; tokens that it has are void, it fetches others.

    Raises:
        NotPermitted, NotKnownSurelyEnough, TerminalNotFound, StaleVersion.
    """
    _require(tx, "terminal.change")
    found = await _locked(tx, terminal_id)
    if version != found.version:
        raise StaleVersion
    changed = found.changed(dict(fields))
    await repository.save_terminal(tx.connection, changed)
    client = await client_by_id(tx.connection, changed.client_id)
    if client is not None:
        await clients.void_tokens(tx, client)
    tx.audit("terminal.changed", key=changed.id, detail={"fields": sorted(fields)})
    return changed


async def make_code(tx: Transaction, provider: Provider, terminal_id: UUID) -> tuple[Terminal, str]:
    """Return a new code by which a terminal may bring its key, once and within a day.

    Raises:
        NotPermitted, NotKnownSurelyEnough, TerminalNotFound.
    """
    _require(tx, "terminal.enrol")
    found = await _locked(tx, terminal_id)
    code = "".join(choice(ALPHABET) for _ in range(LETTERS))
    waiting = found.awaiting_key(_index(provider, code), tx.now)
    await repository.save_terminal(tx.connection, waiting)
    tx.confidential = True
    tx.audit("terminal.enrolment-code-made", key=found.id)
    return waiting, code


async def enrol(tx: Transaction, provider: Provider, code: str, proof: Proof, address: str) -> Terminal | None:
    """Give a terminal the key that it proves to hold; None when nothing waits under the code.

    A terminal that had another key before loses with it everything it was given.

    Raises:
        TooManyAttempts: when a pause is due first.
        KeyInUse: when the key is another terminal's.
    """
    await take_turn(tx, {provider.cipher.blind_index("enrolment-address", network_at(address)): ADDRESS_PATIENCE})
    found = await repository.terminal_by_code(tx.connection, _index(provider, typed(code)))
    if found is None:
        return None
    try:
        enrolled = found.enrolled(proof.key, tx.now)
    except UnknownEnrolmentCode:
        return None
    await repository.save_terminal(tx.connection, enrolled)
    jwks = {"keys": [dict(proof.public_jwk)]}
    if await client_by_id(tx.connection, enrolled.client_id) is None:
        await clients.register(tx, _client(enrolled, jwks))
    else:
        await clients.replace_keys(tx, enrolled.client_id, jwks)
    tx.audit("terminal.enrolled", key=enrolled.id)
    return enrolled


async def suspend(tx: Transaction, terminal_id: UUID, reason: str) -> tuple[str, ...]:
    """Let a terminal in no more for the time being, and sign out who stays at it; return what to refuse from now on.

    Raises:
        NotPermitted, NotKnownSurelyEnough, TerminalNotFound, TerminalNotEnrolled, WrongClientState.
    """
    client = await _client_of(tx, terminal_id, "terminal.suspend")
    await clients.suspend(tx, client.client_id, reason)
    refused: tuple[str, ...] = ()
    for session_id in await repository.staying_at(tx.connection, terminal_id):
        refused += await end(tx, session_id)
    return refused


async def resume(tx: Transaction, terminal_id: UUID, reason: str) -> None:
    """Let a suspended terminal in again.

    Raises:
        NotPermitted, NotKnownSurelyEnough, TerminalNotFound, TerminalNotEnrolled, WrongClientState.
    """
    client = await _client_of(tx, terminal_id, "terminal.resume")
    await clients.resume(tx, client.client_id, client.version, reason)


def _client(terminal: Terminal, jwks: Mapping[str, Any]) -> Client:
    return Client(
        client_id=terminal.client_id,
        id=terminal.id,
        name=terminal.name,
        state=ClientState.ACTIVE,
        application_type="native",
        channel=CHANNEL,
        authentication="private_key_jwt",
        secret_hash=None,
        jwks=jwks,
        redirect_uris=_REDIRECTS,
        post_logout_redirect_uris=(),
        grant_types=(CODE, REFRESH, CREDENTIALS, DEVICE),
        scopes=_SCOPES,
        first_party=True,
        require_par=False,
        resources=(),
        pkce_optional=False,
        agency=terminal.agency,
    )


def _require(tx: Transaction, action: str) -> None:
    PERMISSIONS.require(tx.caller, action)
    require_assurance(tx.caller.acr, _NEEDS)


async def _locked(tx: Transaction, terminal_id: UUID) -> Terminal:
    found = await repository.terminal_by_id(tx.connection, terminal_id, lock=True)
    if found is None:
        raise TerminalNotFound
    return found


async def _client_of(tx: Transaction, terminal_id: UUID, action: str) -> Client:
    _require(tx, action)
    found = await _locked(tx, terminal_id)
    client = await client_by_id(tx.connection, found.client_id)
    if client is None:
        raise TerminalNotEnrolled
    return client


def _index(provider: Provider, code: str) -> bytes:
    return provider.cipher.blind_index("enrolment-code", code)
