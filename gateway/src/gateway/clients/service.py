"""Use cases of the registry of clients: propose, approve, change, suspend, end; a history of all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gateway.clients import repository
from gateway.clients.certificates import require_subject
from gateway.clients.domain import Client, ClientNotFound, ClientState
from gateway.clients.fapi import require_profile
from gateway.clients.keys import public_keys
from gateway.clients.metadata import require_sound
from gateway.clients.repository import Change, add_client, client_by_id
from gateway.clients.schemas import ChangedClient, NewClient, told_changes
from gateway.people.domain import require_assurance
from gateway.permissions import PERMISSIONS
from gateway.tokens.opaque import new_secret
from gateway.tokens.principal import name_of_client
from gateway.tokens.revoked import bar, unbar
from onestop_messages.gateway import ClientResumed, ClientSuspended
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotSignedIn, StaleVersion
from onestop_runtime.transaction import Reader, Transaction

_REGISTERING_NEEDS: Final = 2
"""Who opens the door to a program has to be known by his real name."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the registry is here.

    Attributes:
        local: everything runs on one machine.
        four_eyes: what one administrator proposes takes another to approve.
    """

    local: bool
    four_eyes: bool


async def page(tx: Reader, after: str, limit: int, *, state: str | None, agency: str | None) -> list[Client]:
    """Return the clients that the caller may see behind `after` in the order of client ids; raises `NotPermitted`."""
    if not PERMISSIONS.conditions(tx.caller, "client.read"):
        PERMISSIONS.require(tx.caller, "client.read")
    return await repository.clients_after(tx.connection, tx.caller, after, limit, state=state, agency=agency)


async def read(tx: Reader, client_id: str) -> Client:
    """Return a client; raises `ClientNotFound` when the caller may not see it."""
    return await _visible(tx, client_id)


async def history(tx: Reader, client_id: str, before: int, limit: int) -> list[Change]:
    """Return what was changed of a client before it had the version `before`; raises `ClientNotFound`."""
    found = await _visible(tx, client_id)
    return await repository.changes_before(tx.connection, found.client_id, before, limit)


async def register_by_hand(tx: Transaction, rules: Rules, wanted: NewClient) -> Client:
    """Register a client for who may do so; where four eyes are due, or he may only propose, it waits for another.

    Raises:
        NotPermitted: when the caller may not.
        NotKnownSurelyEnough: when he may, but is not known by his real name.
        InvalidClientMetadata: when the client cannot be registered like this.
        ClientExists: when the name is taken.
    """
    PERMISSIONS.require(tx.caller, "client.register", {"agency": wanted.agency})
    require_assurance(tx.caller.acr, _REGISTERING_NEEDS)
    state = ClientState.PROPOSED if _waits(tx, rules, wanted.agency) else ClientState.ACTIVE
    new = wanted.as_client(uuid7(), state, tx.caller.sub)
    _require_own_limits(tx, new)
    await register(tx, new, local=rules.local)
    return new


async def register(tx: Transaction, new: Client, *, local: bool = False) -> None:
    """Register a client as it is; raises `InvalidClientMetadata`, `ClientExists`."""
    _require_sound(new, local=local)
    await add_client(tx.connection, new, tx.now)
    detail = await _note(tx, new, {})
    if new.active:
        tx.audit("client.registered", key=new.id, detail=detail)
    else:
        tx.audit("client.proposed", key=new.id, detail=detail)


async def change(tx: Transaction, rules: Rules, client_id: str, version: int, wanted: ChangedClient) -> Client:
    """Register a client with other metadata, or propose that.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, StaleVersion, WrongClientState, InvalidClientMetadata.
    """
    found = await _locked(tx, client_id, version, "client.change")
    changes = wanted.changes_of(found)
    if not changes:
        return found
    outcome = found.changed(changes, by=tx.caller.sub, waits=False)
    PERMISSIONS.require(tx.caller, "client.change", outcome)
    _require_own_limits(tx, outcome)
    _require_sound(outcome, local=rules.local)
    if found.state is ClientState.PROPOSED or not _waits(tx, rules, found.agency):
        tx.audit("client.changed", key=found.id, detail=await _save(tx, found, outcome))
        return outcome
    drafted = found.changed(changes, by=tx.caller.sub, waits=True)
    tx.audit("client.change-proposed", key=found.id, detail=await _save(tx, found, drafted))
    return drafted


async def approve(tx: Transaction, rules: Rules, client_id: str, version: int) -> Client:
    """Agree to the registration of a client, or to its draft.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, StaleVersion, WrongClientState, ProposedByYourself.
        InvalidClientMetadata: when it cannot be registered like this any more.
    """
    found = await _locked(tx, client_id, version, "client.approve")
    approved = found.approved(tx.caller.sub)
    _require_sound(approved, local=rules.local)
    tx.audit("client.approved", key=found.id, detail=await _save(tx, found, approved))
    return approved


async def refuse(tx: Transaction, client_id: str, version: int, reason: str) -> Client:
    """Turn down the registration of a client, or its draft.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, StaleVersion, WrongClientState.
    """
    found = await _locked(tx, client_id, version, "client.approve")
    refused = found.refused()
    tx.audit("client.refused", key=found.id, detail=await _save(tx, found, refused, reason))
    return refused


async def suspend(tx: Transaction, client_id: str, reason: str) -> Client:
    """Let a client in no more for the time being: its tokens are void at once, and so is what people granted it.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, WrongClientState.
    """
    found = await _locked(tx, client_id, None, "client.suspend")
    suspended = found.suspended(tx.now)
    tx.audit("client.suspended", key=found.id, detail=await _save(tx, found, suspended, reason))
    await _shut_out(tx, suspended)
    return suspended


async def resume(tx: Transaction, client_id: str, version: int, reason: str) -> Client:
    """Let a suspended client in again; what it had before stays void.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, StaleVersion, WrongClientState.
    """
    found = await _locked(tx, client_id, version, "client.resume")
    resumed = found.resumed()
    tx.audit("client.resumed", key=found.id, detail=await _save(tx, found, resumed, reason))
    await unbar(tx.connection, name_of_client(resumed.client_id), tx.now)
    event = ClientResumed(id=resumed.id, client_id=resumed.client_id, agency=resumed.agency, resumed_at=tx.now)
    tx.emit(event, key=resumed.id, version=resumed.version)
    return resumed


async def end(tx: Transaction, client_id: str, version: int, reason: str) -> Client:
    """Let a client in never again; its name stays taken.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, StaleVersion, WrongClientState.
    """
    found = await _locked(tx, client_id, version, "client.end")
    ended = found.ended()
    tx.audit("client.ended", key=found.id, detail=await _save(tx, found, ended, reason))
    await _shut_out(tx, ended)
    return ended


async def follow(tx: Transaction, wanted: NewClient) -> bool:
    """Have a registered client follow what a file says of it, unless somebody has changed it by hand.

    Its secret stays. Returns whether anything was changed; raises `InvalidClientMetadata`.
    """
    found = await client_by_id(tx.connection, wanted.client_id, lock=True)
    if found is None or not found.active or await repository.was_changed_by_hand(tx.connection, found.client_id):
        return False
    changes = {name: value for name, value in wanted.attributes().items() if value != getattr(found, name)}
    if not changes:
        return False
    changed = found.changed(changes, by=None, waits=False)
    _require_sound(changed, local=False)
    tx.audit("client.changed", key=found.id, detail=await _save(tx, found, changed))
    return True


async def replace_keys(tx: Transaction, client_id: str, jwks: Mapping[str, Any]) -> None:
    """Register a client with other keys; what it got by those before is void.

    Raises:
        ClientNotFound, WrongClientState, InvalidClientMetadata.
    """
    found = await client_by_id(tx.connection, client_id, lock=True)
    if found is None:
        raise ClientNotFound
    replaced = found.with_keys(jwks, tx.now)
    _require_sound(replaced, local=False)
    tx.audit("client.changed", key=found.id, detail=await _save(tx, found, replaced))
    await void_tokens(tx, replaced)


async def void_tokens(tx: Transaction, client: Client) -> None:
    """Have a client that is let in fetch its tokens anew: those that it has are void at once."""
    if client.active:
        await bar(tx.connection, name_of_client(client.client_id))
        await unbar(tx.connection, name_of_client(client.client_id), tx.now)


async def renew_secret(tx: Transaction, client_id: str, overlap: timedelta) -> tuple[Client, str]:
    """Give a client a new secret and return it; the one so far is good for `overlap` beside it.

    Raises:
        ClientNotFound, NotPermitted, NotKnownSurelyEnough, WrongClientState.
    """
    found = await _locked(tx, client_id, None, "client.renew-secret")
    secret = new_secret()
    renewed = found.with_secret(secret, tx.now + overlap, tx.now)
    tx.confidential = True
    tx.audit("client.secret-renewed", key=found.id, detail=await _save(tx, found, renewed))
    return renewed, secret


async def _visible(tx: Reader, client_id: str, *, lock: bool = False) -> Client:
    if tx.caller.kind == "anonymous":
        raise NotSignedIn
    found = await client_by_id(tx.connection, client_id, lock=lock)
    if found is None or not PERMISSIONS.permits(tx.caller, "client.read", found):
        raise ClientNotFound
    return found


async def _locked(tx: Transaction, client_id: str, version: int | None, action: str) -> Client:
    found = await _visible(tx, client_id, lock=True)
    PERMISSIONS.require(tx.caller, action, found)
    require_assurance(tx.caller.acr, _REGISTERING_NEEDS)
    if version is not None and version != found.version:
        raise StaleVersion
    return found


def _waits(tx: Transaction, rules: Rules, agency: str | None) -> bool:
    return rules.four_eyes or not PERMISSIONS.permits(tx.caller, "client.approve", {"agency": agency})


def _require_own_limits(tx: Transaction, wanted: Client) -> None:
    """Only who may approve says that nobody has to consent: a department does not wave its own system through."""
    if wanted.first_party:
        PERMISSIONS.require(tx.caller, "client.approve", wanted)


def _require_sound(client: Client, *, local: bool) -> None:
    require_sound(client, local=local)
    require_profile(client)
    if client.jwks is not None:
        public_keys(client.jwks)
    if client.tls_client_auth_subject_dn is not None:
        require_subject(client.tls_client_auth_subject_dn)


async def _save(tx: Transaction, before: Client, after: Client, reason: str | None = None) -> dict[str, Any]:
    """Keep a changed client; return what the audit trail is told."""
    await repository.save_client(tx.connection, after)
    return await _note(tx, after, told_changes(before, after), reason)


async def _note(
    tx: Transaction, client: Client, changes: dict[str, tuple[Any, Any]], reason: str | None = None
) -> dict[str, Any]:
    await repository.add_change(
        tx.connection, client.client_id, Change(client.version, tx.now, tx.caller.sub, reason, changes)
    )
    return {"client": client.client_id, "changes": changes}


async def _shut_out(tx: Transaction, client: Client) -> None:
    await bar(tx.connection, name_of_client(client.client_id))
    event = ClientSuspended(
        id=client.id,
        client_id=client.client_id,
        agency=client.agency,
        suspended_at=tx.now,
        ended=client.state is ClientState.ENDED,
    )
    tx.emit(event, key=client.id, version=client.version)
