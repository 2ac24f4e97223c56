"""The pages of the hand-over: in with a ticket, out of everything (CAS 3.0, 2.1 to 2.3)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.cas import service as cas
from gateway.cas.domain import ServiceNotRegistered
from gateway.choices.repository import OWN_PAGES, chosen_in_session
from gateway.clients.domain import Client
from gateway.clients.repository import add_consent, consented_scopes
from gateway.oidc.http import query_of, redirect, with_query
from gateway.oidc.logout import leave
from gateway.pages import for_people
from gateway.people.callers import caller_as
from gateway.people.domain import Capacity, Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider
from gateway.settings import GatewaySettings
from gateway.signin.cookies import SESSION, VISIT
from gateway.signin.domain import Session
from gateway.signin.own_pages import Guest, guest, own_path
from gateway.signin.routes import SCOPE_TEXTS
from gateway.signin.service import current_session
from gateway.tokens.opaque import same
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import acquired

PATH: Final = "/cas/login"
_YES: Final = frozenset({"true", "on", "1", "yes"})
_KEPT: Final = ("service", "renew", "method", "act")
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class HandOver:
    """What a service asks for at the login address.

    Attributes:
        renew: the person has to prove anew who he is.
        gateway: nobody is asked anything.
        posted: the ticket is to be posted, and not part of an address.
        act: as what the person is to act: `self`, or a credit code; None for the usual choice.
    """

    client: Client
    service: str
    renew: bool
    gateway: bool
    posted: bool
    act: str | None

    @property
    def scopes(self) -> frozenset[str]:
        """What the service learns."""
        return frozenset(self.client.scopes) & cas.TOLD


@for_people
async def login(request: Request) -> Response:
    """Hand the person over to a service: signed in already, or after he has signed in."""
    here = guest(request)
    query = query_of(request)
    if "service" not in query:
        return redirect("/account", {})
    asked = await _asked(here.provider, query)
    session = await current_session(here.provider, here.provider.cookies.read(request, SESSION))
    since = _sent_to_sign_in(here, query)
    fresh = session is not None and since is not None and session.signed_in_at >= since
    if session is None or (asked.renew and not fresh):
        return redirect(asked.service, {}) if asked.gateway else _sign_in_first(here, query)
    person = await _person(here.provider, session)
    capacity = await _capacity(here.provider, asked, session, person)
    if capacity is None:
        return redirect("/choose", {"next": own_path(with_query(PATH, query))})
    if await _needs_consent(here.provider, asked, person):
        return redirect(asked.service, {}) if asked.gateway else _ask_for_consent(here, query, asked, person, capacity)
    return await _hand_over(here, asked, session, person, capacity, fresh=fresh)


@for_people
async def take_consent(request: Request) -> Response:
    """Keep that the person consents, and go on; who declines is sent to the service without a ticket."""
    here = guest(request)
    query = query_of(request)
    asked = await _asked(here.provider, query)
    form = await here.form(f"cas-consent:{asked.service}")
    session = await current_session(here.provider, here.provider.cookies.read(request, SESSION))
    if session is not None and form.get("decision") == "approve":
        client_id = asked.client.client_id
        caller = Caller(sub=session.person_id, kind="natural", client=client_id, channel=asked.client.channel)
        async with here.provider.transaction(caller) as tx:
            await add_consent(tx.connection, session.person_id, client_id, asked.scopes, tx.now)
            detail = {"client": client_id, "scopes": sorted(asked.scopes)}
            tx.audit("consent.given", key=session.person_id, detail=detail)
        return redirect(PATH, query)
    return redirect(asked.service, {}) if session else _sign_in_first(here, query)


@for_people
async def logout(request: Request) -> Response:
    """Sign out; then go on to the service that asked for it, if it is registered."""
    here = guest(request)
    query = query_of(request)
    service = query.get("service") or query.get("url")
    client = None
    if service is not None:
        try:
            client = await cas.client_of(here.provider, service)
        except ServiceNotRegistered:
            service = None  # signing out is never refused; nobody is sent to where nobody is known
    session = await current_session(here.provider, here.provider.cookies.read(request, SESSION))
    return await leave(here.provider, request, session.id if session else None, client, service)


async def _asked(provider: Provider, query: dict[str, str]) -> HandOver:
    service = query.get("service", "")
    renew = query.get("renew", "").lower() in _YES
    return HandOver(
        client=await cas.client_of(provider, service),
        service=service,
        renew=renew,
        gateway=query.get("gateway", "").lower() in _YES and not renew,
        posted=query.get("method", "").upper() == "POST",
        act=query.get("act"),
    )


def _sign_in_first(here: Guest, query: dict[str, str]) -> Response:
    """Send the person to sign in and back here; a mark says from when on a sign-in was for this service."""
    since = str(int(here.provider.context.clock().timestamp() * _MICROSECONDS))
    kept = {name: query[name] for name in _KEPT if name in query}
    mark = here.csrf(_purpose(since, query["service"]))
    back = own_path(with_query(PATH, kept | {"since": since, "mark": mark}))
    if back is None:
        raise ServiceNotRegistered("服务地址过长。")
    response = redirect("/sign-in", {"next": back})
    here.provider.cookies.set(response, VISIT, here.visit)
    return response


def _sent_to_sign_in(here: Guest, query: dict[str, str]) -> datetime | None:
    """Return when this browser was sent to sign in for the service, if it was."""
    since = query.get("since", "")
    if not same(query.get("mark", ""), here.csrf(_purpose(since, query["service"]))):
        return None
    return datetime.fromtimestamp(int(since) / _MICROSECONDS, UTC)


def _purpose(since: str, service: str) -> str:
    return f"cas-sign-in:{since}:{service}"


async def _person(provider: Provider, session: Session) -> Person:
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
    if person is None:
        raise LookupError(str(session.person_id))
    return provider.as_proved(person, session.methods)


async def _capacity(provider: Provider, asked: HandOver, session: Session, person: Person) -> Capacity | None:
    """Return as what the person acts at the service; None when he has to be asked.

    Raises:
        CapacityNotHeld: when the service wants what he does not hold.
    """
    day = provider.today()
    if asked.act is not None or person.certain(day):
        return person.capacity(asked.act, day)
    async with acquired(provider.context.pool) as connection:
        chosen = await chosen_in_session(connection, session.id, OWN_PAGES)
    known = person.held_as(chosen, day)
    return person.capacity(None, day) if known is None and asked.gateway else known


async def _needs_consent(provider: Provider, asked: HandOver, person: Person) -> bool:
    if asked.client.first_party:
        return False
    async with acquired(provider.context.pool) as connection:
        return not asked.scopes <= await consented_scopes(connection, person.id, asked.client.client_id)


def _ask_for_consent(here: Guest, query: dict[str, str], asked: HandOver, who: Person, capacity: Capacity) -> Response:
    return here.page(
        "cas_consent",
        leads_to=asked.service,
        client_name=asked.client.name,
        scopes=[SCOPE_TEXTS[scope] for scope in sorted(asked.scopes)],
        name=who.masked_name,
        acting_for=capacity.shown_name,
        action=with_query("/cas/consent", query),
        csrf=here.csrf(f"cas-consent:{asked.service}"),
    )


async def _hand_over(
    here: Guest, asked: HandOver, session: Session, person: Person, capacity: Capacity, *, fresh: bool
) -> Response:
    provider, client = here.provider, asked.client
    caller = caller_as(person, capacity, client_id=client.client_id, channel=client.channel)
    async with provider.transaction(caller) as tx:
        ticket = await cas.hand_over(
            tx, client, asked.service, session, capacity, fresh=fresh, seconds=_lifetime(provider)
        )
    if asked.posted:
        return here.page(
            "cas_post",
            leads_to=asked.service,
            service=asked.service,
            ticket=ticket,
            client_name=client.name,
            name=person.masked_name,
            acting_for=capacity.shown_name,
        )
    return redirect(asked.service, {"ticket": ticket})


def _lifetime(provider: Provider) -> int:
    settings = provider.context.settings
    if not isinstance(settings, GatewaySettings):
        raise TypeError(type(settings).__name__)
    return settings.cas_ticket_seconds
