"""Use cases of the hand-over: give a ticket, take it back for what it stands for."""

from datetime import timedelta
from typing import Any, Final

from gateway.cas import repository
from gateway.cas.addresses import covering, read_address
from gateway.cas.domain import PREFIX, Invalid, ServiceNotRegistered, Ticket, Validated, new_ticket
from gateway.clients.domain import Client
from gateway.clients.repository import cas_clients, client_by_id
from gateway.oidc.disclosure import claims_about
from gateway.people.callers import caller_as
from gateway.people.domain import Capacity, CapacityNotHeld, Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider
from gateway.signin.domain import Session
from gateway.signin.repository import living_session
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import Transaction, acquired

TOLD: Final = frozenset({"openid", "profile", "phone"})
"""Scopes that mean something to a service; nothing else is asked of the person."""


async def client_of(provider: Provider, service: str) -> Client:
    """Return the client that is registered for a service address.

    Raises:
        ServiceNotRegistered: when there is none, or it is suspended: nothing is sent there.
    """
    asked = read_address(service)
    if asked is None:
        raise ServiceNotRegistered
    async with acquired(provider.context.pool) as connection:
        found = [(covering(it.cas_services, asked), it) for it in await cas_clients(connection)]
    rule, client = max(((rule, it) for rule, it in found if rule), key=lambda it: len(it[0]), default=(None, None))
    if client is None or rule is None or not client.active:
        raise ServiceNotRegistered
    return client


async def hand_over(
    tx: Transaction, client: Client, service: str, session: Session, capacity: Capacity, *, fresh: bool, seconds: int
) -> str:
    """Return a ticket by which `service` learns who is signed in, once and soon."""
    ticket = new_ticket()
    stands_for = Ticket(
        client_id=client.client_id,
        session_id=session.id,
        service=service,
        act=capacity.choice,
        fresh=fresh,
        issued_at=tx.now,
        expires_at=tx.now + timedelta(seconds=seconds),
    )
    await repository.add_ticket(tx.connection, ticket, stands_for)
    tx.audit("ticket.given", key=session.person_id, detail={"client": client.client_id})
    return ticket


async def validate(provider: Provider, ticket: str, service: str, *, fresh: bool) -> Validated:
    """Return whom a ticket stands for; it is consumed, whatever comes of it.

    Raises:
        Invalid: when it proves nothing to `service`.
    """
    if not ticket.startswith(PREFIX):
        raise Invalid("INVALID_TICKET_SPEC", "the ticket is no service ticket")
    async with provider.transaction(Caller(client="", channel="web")) as tx:
        outcome = await _validated(tx, provider, ticket, service, fresh=fresh)
    if isinstance(outcome, Invalid):
        raise outcome
    return outcome


async def _validated(
    tx: Transaction, provider: Provider, ticket: str, service: str, *, fresh: bool
) -> Validated | Invalid:
    """Return what a ticket proves, or why it proves nothing: what it has consumed is to last."""
    used = await repository.use_ticket(tx.connection, ticket, tx.now)
    if used is None:
        return Invalid("INVALID_TICKET", "the ticket is unknown or was used before")
    try:
        used.require_good(service, fresh=fresh, now=tx.now)
        client, session, person, capacity = await _standing(tx, provider, used)
    except Invalid as invalid:
        await repository.annul(tx.connection, ticket)
        tx.audit("ticket.refused", key=used.session_id, detail={"client": used.client_id, "reason": invalid.code})
        return invalid
    tx.caller = caller_as(person, capacity, client_id=client.client_id, channel=client.channel)
    tx.audit("ticket.redeemed", key=person.id, detail={"client": client.client_id})
    claims = await claims_about(provider, tx.connection, tx.caller, frozenset(client.scopes))
    return Validated(str(person.id), _attributes(used, session, tx.caller, claims or {}))


async def _standing(tx: Transaction, provider: Provider, used: Ticket) -> tuple[Client, Session, Person, Capacity]:
    """Return what stands behind a ticket, as far as it still stands; raises `Invalid`."""
    client = await client_by_id(tx.connection, used.client_id)
    if client is None or not client.active:
        raise Invalid("INVALID_SERVICE", "the service is suspended")
    session = await living_session(tx.connection, used.session_id, tx.now)
    person = await person_by_id(tx.connection, session.person_id) if session else None
    if session is None or person is None:
        raise Invalid("INVALID_TICKET", "the person has signed out")
    person = provider.as_proved(person, session.methods)
    try:
        return client, session, person, person.capacity(used.act, legal_day(tx.now))
    except CapacityNotHeld as error:
        raise Invalid("INVALID_TICKET", "the mandate has ended") from error


def _attributes(
    ticket: Ticket, session: Session, caller: Caller, claims: dict[str, Any]
) -> dict[str, str | tuple[str, ...]]:
    """Return what the service is told beside the user: about the sign-in, and what its scopes allow."""
    told: dict[str, str | tuple[str, ...]] = {
        "authenticationDate": session.signed_in_at.isoformat(timespec="seconds"),
        "longTermAuthenticationRequestTokenUsed": "false",
        "isFromNewLogin": "true" if ticket.fresh else "false",
        "acr": caller.acr,
        "amr": session.methods,
        "kind": caller.kind,
    }
    told |= {name: str(claims[name]) for name in ("name", "preferred_username", "phone_number") if name in claims}
    if "act" in claims:
        told |= {f"act_{name}": str(value) for name, value in claims["act"].items() if value is not None}
    if "agency" in claims:
        told |= {"agency": claims["agency"], "roles": tuple(claims["roles"])}
    return told
