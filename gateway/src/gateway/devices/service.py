"""Use cases of devices: ask to be let in, be looked at by a person, be let in or not, get tokens."""

from dataclasses import dataclass, replace
from secrets import choice
from typing import Final
from uuid import UUID

from gateway.clients.domain import Client
from gateway.clients.repository import add_consent, client_by_id
from gateway.devices import repository
from gateway.devices.domain import (
    ALPHABET,
    LETTERS,
    LIFETIME,
    PATIENCE,
    PENDING,
    SLOW_DOWN,
    Approval,
    DeviceRequest,
    typed,
)
from gateway.late_requests.domain import HAND_IN_LATER
from gateway.network import network_at
from gateway.oidc.grants import Issued, Refusal, Wanted, issue, replayed
from gateway.oidc.repository import Grant, add_grant
from gateway.people.domain import Person
from gateway.provider import Provider
from gateway.signin.domain import ADDRESS_PATIENCE, Session
from gateway.signin.origins import device_of, network_index, network_of
from gateway.signin.repository import add_session, living_session
from gateway.signin.throttle import take_turn
from gateway.terminals.domain import CHANNEL as TERMINAL
from gateway.terminals.repository import terminal_of_client
from gateway.tokens.opaque import digest, new_secret
from onestop_legal.working_days import legal_day
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction

_DESCRIPTIONS: Final = {
    PENDING: "nobody has decided yet",
    SLOW_DOWN: "the device asks too often",
}
_LONGEST_DEVICE: Final = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a device asks, or a person decides.

    Attributes:
        address: network address; kept roughly, and whole only as a keyed hash.
        device: what it says it is.
    """

    address: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A device that waits, as the person sees it who decides.

    Attributes:
        same_network: whether it asks from where the person is.
    """

    request: DeviceRequest
    client: Client
    same_network: bool


async def ask(
    tx: Transaction,
    provider: Provider,
    client: Client,
    origin: Origin,
    scopes: frozenset[str],
    *,
    resource: str | None,
    key: str | None,
) -> tuple[str, str]:
    """Let a device of the client wait for somebody; return its device code and the user code to show."""
    secret = new_secret()
    terminal = await terminal_of_client(tx.connection, client.client_id) if client.channel == TERMINAL else None
    new = DeviceRequest(
        id=uuid7(),
        client_id=client.client_id,
        scopes=scopes,
        resource=resource,
        key=key,
        device=terminal.label if terminal else device_of(origin.device),
        network=network_of(origin.address),
        network_index=network_index(provider.cipher, origin.address),
        asked_at=tx.now,
        expires_at=tx.now + LIFETIME,
    )
    while True:
        code = "".join(choice(ALPHABET) for _ in range(LETTERS))
        index = _code_index(provider, code)
        if await repository.add_request(tx.connection, new, hashed=digest(secret), index=index):
            break
    tx.audit("device-request.made", key=new.id, detail={"client": client.client_id, "scopes": sorted(scopes)})
    return secret, code


async def look_up(tx: Transaction, provider: Provider, person: Person, origin: Origin, text: str) -> Asking | None:
    """Return the device that waits under the user code that a person typed, with its row locked; None when none does.

    Each try counts: after a few of them the next one has to wait.

    Raises:
        TooManyAttempts: when a pause is due first.
    """
    by_person = provider.cipher.blind_index("user-code-person", str(person.id))
    by_address = provider.cipher.blind_index("user-code-address", network_at(origin.address))
    await take_turn(tx, {by_person: PATIENCE, by_address: ADDRESS_PATIENCE})
    request = await repository.request_by_user_code(tx.connection, _code_index(provider, typed(text)))
    client = await client_by_id(tx.connection, request.client_id) if request else None
    if request is None or not request.waits(tx.now) or client is None or not client.active:
        tx.audit("user-code.refused", key=person.id)
        return None
    return Asking(request, client, request.network_index == network_index(provider.cipher, origin.address))


async def approve(tx: Transaction, asking: Asking, person: Person, session_id: UUID, act: str | None) -> None:
    """Let a device in.

    Args:
        tx: the transaction in which it was looked up.
        asking: the device.
        person: who decides.
        session_id: in which session.
        act: for whom the device will act; None for the usual choice.

    Raises:
        CapacityNotHeld: when the person may not act as that.
    """
    request, client = asking.request, asking.client
    choice_made = person.capacity(act, legal_day(tx.now)).choice
    await repository.save(tx.connection, request.approved(Approval(person.id, session_id, choice_made), tx.now))
    if not client.first_party or HAND_IN_LATER in request.scopes:
        await add_consent(tx.connection, person.id, client.client_id, request.scopes, tx.now)
        detail = {"client": client.client_id, "scopes": sorted(request.scopes)}
        tx.audit("consent.given", key=person.id, detail=detail)
    tx.audit("device-request.approved", key=request.id, detail={"client": client.client_id})


async def deny(tx: Transaction, asking: Asking) -> None:
    """Refuse a device, in the transaction in which it was looked up."""
    await repository.save(tx.connection, asking.request.denied(tx.now))
    tx.audit("device-request.denied", key=asking.request.id, detail={"client": asking.client.client_id})


async def redeem(tx: Transaction, provider: Provider, client: Client, wanted: Wanted, *, code: str) -> Issued | Refusal:
    """Exchange a device code for tokens as soon as somebody has let its device in, once (RFC 8628, 3.4 and 3.5).

    The device gets a session of its own: the person finds it among his sessions and can end it there, and it does not
    end with the browser in which he decided.
    """
    request = await repository.request_by_device_code(tx.connection, digest(code), client.client_id)
    if request is None:
        return Refusal("the device code is unknown")
    if request.grant_id is not None:
        return await replayed(tx, request.grant_id, "device-code-replayed", "the device code was used before")
    request, error = request.polled(tx.now)
    if request.approval is None or error is not None:
        await repository.save(tx.connection, request)
        return Refusal(_DESCRIPTIONS.get(error or "", "the device is not let in"), code=error or "invalid_grant")
    if request.key not in {None, wanted.key}:
        return Refusal("the device code is bound to another key")
    grant = await _grant(tx, client, request, request.approval)
    if grant is None:
        return Refusal("who let the device in is not signed in any more", code="access_denied")
    await repository.save(tx.connection, replace(request, grant_id=grant.id))
    return await issue(tx, provider, client, grant.id, wanted)


async def _grant(tx: Transaction, client: Client, request: DeviceRequest, approval: Approval) -> Grant | None:
    decided_in = await living_session(tx.connection, approval.session_id, tx.now)
    if decided_in is None:
        return None
    tx.caller = replace(tx.caller, sub=approval.person_id, kind="natural")
    session = Session(
        id=uuid7(),
        person_id=approval.person_id,
        signed_in_at=decided_in.signed_in_at,
        methods=decided_in.methods,
        device=f"{client.name} {request.device}".strip()[:_LONGEST_DEVICE],
        started_at=tx.now,
        expires_at=tx.now + client.lifetime,
    )
    if client.channel == TERMINAL:
        terminal = await terminal_of_client(tx.connection, client.client_id)
        if terminal is None:
            return None
        session = terminal.hosting(session)
    grant = Grant(
        id=uuid7(),
        client_id=client.client_id,
        person_id=approval.person_id,
        session_id=session.id,
        act=approval.act,
        scopes=request.scopes,
        nonce=None,
        resource=request.resource,
        signed_in_at=session.signed_in_at,
        methods=session.methods,
        given_at=tx.now,
        expires_at=session.expires_at,
        revoked_at=None,
    )
    await add_session(tx.connection, session, digest(new_secret()))  # no browser ever holds its token
    await add_grant(tx.connection, grant)
    tx.audit("session.started", key=session.id)
    tx.audit("grant.given", key=grant.id, detail={"client": client.client_id, "scopes": sorted(grant.scopes)})
    return grant


def _code_index(provider: Provider, code: str) -> bytes:
    return provider.cipher.blind_index("user-code", code)
