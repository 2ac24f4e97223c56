"""The authorization endpoint: from a client's request over the person's sign-in and consent to a code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.choices.repository import chosen_in_session
from gateway.clients.domain import CODE, Client
from gateway.clients.repository import add_consent, client_by_id, consented_scopes, is_served
from gateway.late_requests.domain import HAND_IN_LATER
from gateway.oidc import repository
from gateway.oidc.domain import (
    REQUEST_LIFETIME,
    REQUEST_URI,
    AuthorizationRefused,
    AuthorizationRequest,
    acting_as,
    worth_keeping,
)
from gateway.oidc.errors import MalformedAuthorization, OAuthError, RequestGone, UnknownClient
from gateway.oidc.grants import give
from gateway.oidc.http import form_of, in_turn, query_of, redirect
from gateway.oidc.repository import Pending
from gateway.pages import for_people
from gateway.people.callers import caller_as
from gateway.people.domain import Capacity, CapacityNotHeld, Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider, provider_of
from gateway.signin.cookies import SESSION, VISIT
from gateway.signin.domain import Session
from gateway.signin.service import current_session
from gateway.terminals.domain import CHANNEL as TERMINAL
from gateway.tokens.opaque import digest, new_secret
from onestop_runtime.caller import ANONYMOUS
from onestop_runtime.transaction import acquired

_TRANSPLANTABLE: Final = 6000
"""A posted request is moved into a query up to this many characters; every server takes such an address."""
_PUSHED_GONE: Final = "应用预先提交的登录请求已使用或已超时，请返回您要使用的服务重试。"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A request on its way to an answer.

    Attributes:
        parameters: as the client sent them.
        asked_at: when; what `prompt=login` and `max_age` are counted from.
        handle: under which it waits for the person, once it does.
        pushed: hash of the handle under which its client had pushed it, if it had.
    """

    client: Client
    asked: AuthorizationRequest
    parameters: Mapping[str, str]
    asked_at: datetime
    handle: str | None = None
    pushed: bytes | None = None

    def acting_as(self, act: str) -> "UnderWay":
        """Return the request whose person has chosen as what he acts."""
        parameters = acting_as(self.parameters, act)
        return replace(self, asked=AuthorizationRequest.read(parameters), parameters=parameters)

    def satisfied_by(self, session: Session, hinted: UUID | None) -> bool:
        """Tell whether a session answers the request without another sign-in.

        At a self-service terminal the one before does not: nobody goes on in the name of who stood there before him.
        """
        if self.client.channel == TERMINAL and session.started_at <= self.asked_at:
            return False
        return self.asked.satisfied_by(session.person_id, session.signed_in_at, self.asked_at, hinted)


@for_people
@in_turn
async def authorize(request: Request) -> Response:
    """Answer an authorization request: with a code, an error for the client, or a page for the person."""
    if request.method == "POST":
        return await _as_query(request)
    provider = provider_of(request)
    parameters = query_of(request)
    pushed = None
    if parameters.get("request_uri", "").startswith(REQUEST_URI):
        pushed = digest(parameters["request_uri"].removeprefix(REQUEST_URI))
        parameters = await _pushed(provider, pushed, parameters.get("client_id"))
    request.state.ui_locales = parameters.get("ui_locales", "")
    client = await _client(provider, parameters)
    try:
        asked = read(client, parameters, pushed=pushed is not None)
        await require_target(provider, asked.resource)
        under_way = UnderWay(client, asked, parameters, provider.context.clock(), pushed=pushed)
        session = await current_session(provider, provider.cookies.read(request, SESSION))
        return await proceed(provider, request, under_way, session)
    except AuthorizationRefused as refused:
        return refuse(provider, parameters, refused)


async def resume(provider: Provider, request: Request, handle: str | None) -> UnderWay:
    """Return the request that waits at this browser under `handle`.

    Raises:
        RequestGone: when there is none: too old, answered, or begun in another browser.
    """
    visit = provider.cookies.read(request, VISIT)
    if handle is None or visit is None:
        raise RequestGone("请返回您要使用的服务，重新登录。")
    async with acquired(provider.context.pool) as connection:
        now = provider.context.clock()
        pending = await repository.pending_request(connection, digest(handle), digest(visit), now)
    if pending is None:
        raise RequestGone("本次登录已完成、已超时，或是在另一个浏览器中开始的。")
    request.state.ui_locales = pending.parameters.get("ui_locales", "")
    client = await _client(provider, pending.parameters)
    asked = AuthorizationRequest.read(pending.parameters)
    return UnderWay(client, asked, pending.parameters, pending.started_at, handle, pending.pushed)


async def proceed(
    provider: Provider, request: Request, under_way: UnderWay, session: Session | None, *, consents: bool = False
) -> Response:
    """Take a request as far as it goes: to a page for the person, or back to the client with a code.

    Raises:
        AuthorizationRefused: when the client has to be told that it gets none.
    """
    client, asked = under_way.client, under_way.asked
    hinted = _hinted(provider, asked)
    if session is None or not under_way.satisfied_by(session, hinted):
        if asked.silent:
            raise AuthorizationRefused("login_required", "nobody is signed in who answers the request")
        return await _show(provider, request, under_way, "/sign-in")
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
        known = await consented_scopes(connection, session.person_id, client.client_id)
        chosen = await chosen_in_session(connection, session.id, client.client_id)
    if person is None:
        raise AuthorizationRefused("access_denied", "the person is not known any more")
    person = provider.as_proved(person, session.methods)
    if not asked.assured_by(person.assurance):
        raise AuthorizationRefused("unmet_authentication_requirements", "the person is not known that surely")
    capacity = capacity_for(provider, person, under_way, session, chosen)
    if capacity is None:
        return await _show(provider, request, under_way, "/choose")
    if not consents and needs_consent(client, asked, known):
        if asked.silent:
            raise AuthorizationRefused("consent_required", "the person has not consented")
        return await _show(provider, request, under_way, "/consent")
    code = await _give(provider, request, under_way, session, person, capacity, consents=consents)
    answer = {"code": code, "state": asked.state, "iss": provider.issuer}
    return redirect(asked.redirect_uri, answer)


def refuse(provider: Provider, parameters: Mapping[str, str], refused: AuthorizationRefused) -> Response:
    """Tell a client, whose redirect address was checked, that it gets no code."""
    answer = {
        "error": refused.code,
        "error_description": refused.description,
        "state": parameters.get("state"),
        "iss": provider.issuer,
    }
    return redirect(parameters["redirect_uri"], answer)


def needs_consent(client: Client, asked: AuthorizationRequest, known: frozenset[str]) -> bool:
    """Tell whether the person has to be asked before the client gets anything.

    Our own clients need not ask, but a terminal that may act when the person has left.
    """
    late = client.channel == TERMINAL and HAND_IN_LATER in client.allowed(asked.scopes)
    if client.first_party and not late:
        return False
    return "consent" in asked.prompt or not client.allowed(asked.scopes) <= known


def read(client: Client, parameters: Mapping[str, str], *, pushed: bool) -> AuthorizationRequest:
    """Return what a client asks for, as far as it may ask for it in this way.

    Raises:
        AuthorizationRefused: when it breaks a rule.
    """
    asked = AuthorizationRequest.read(parameters)
    if client.pushes and not pushed:
        raise AuthorizationRefused("invalid_request", "the client has to push its requests")
    if asked.code_challenge is None and not client.pkce_optional:
        raise AuthorizationRefused("invalid_request", "code_challenge is missing; PKCE is required")
    if CODE not in client.grant_types:
        raise AuthorizationRefused("unauthorized_client", "the client may not ask for codes")
    if not client.allowed(asked.scopes):
        raise AuthorizationRefused("invalid_scope", "no scope that the client may have is asked for")
    return asked


async def require_target(provider: Provider, resource: str | None) -> None:
    """Do nothing when tokens may be asked for `resource`.

    Raises:
        AuthorizationRefused: `invalid_target` when nobody serves it (RFC 8707, 2).
    """
    if resource is None or resource == provider.issuer:
        return
    async with acquired(provider.context.pool) as connection:
        if not await is_served(connection, resource):
            raise AuthorizationRefused("invalid_target", "the resource is not known")


async def _as_query(request: Request) -> Response:
    """Repeat a posted request as GET: a form from another site comes without our cookie, an address with it."""
    parameters = await form_of(request)
    if sum(len(name) + len(value) for name, value in parameters.items()) > _TRANSPLANTABLE:
        raise OAuthError("invalid_request", "the request is too large")
    return redirect("/oauth/authorize", parameters)


async def _client(provider: Provider, parameters: Mapping[str, str]) -> Client:
    """Return the client that may be answered; before this is known nothing is sent anywhere."""
    client_id, redirect_uri = parameters.get("client_id"), parameters.get("redirect_uri")
    if client_id is None:
        raise UnknownClient("登录请求没有说明来自哪个应用。")
    async with acquired(provider.context.pool) as connection:
        client = await client_by_id(connection, client_id)
    if client is None or not client.active:
        raise UnknownClient
    if redirect_uri is None:
        raise MalformedAuthorization("登录请求没有说明登录后返回哪里。")
    client.require_redirect(redirect_uri)
    return client


async def _pushed(provider: Provider, handle: bytes, client_id: str | None) -> dict[str, str]:
    """Return what a client has pushed; whatever else stands in the address does not count (RFC 9126, 4).

    It may be opened again, by the person or by a program that looks ahead: its code uses it up (FAPI 2.0, 5.3.2.2).
    """
    if client_id is None:
        raise UnknownClient("登录请求没有说明来自哪个应用。")
    async with acquired(provider.context.pool) as connection:
        kept = await repository.pushed_parameters(connection, handle, client_id, provider.context.clock())
    if kept is None:
        raise RequestGone(_PUSHED_GONE)
    return kept


def _hinted(provider: Provider, asked: AuthorizationRequest) -> UUID | None:
    """Return who is expected: by an ID token of his, or by the subject that the client insists on."""
    expected = asked.claims.subject
    if asked.id_token_hint is None:
        return expected
    try:
        hinted = provider.id_tokens.read_hint(asked.id_token_hint).subject
    except OAuthError as error:
        raise AuthorizationRefused(error.code, error.description) from error
    if expected not in {None, hinted}:
        raise AuthorizationRefused("invalid_request", "claims and id_token_hint name different people")
    return hinted


def capacity_for(
    provider: Provider, person: Person, under_way: UnderWay, session: Session, chosen: str | None
) -> Capacity | None:
    """Return as what the person acts for a client; None when he has to be asked.

    He is asked when the client wants it (`prompt=select_account`), or when it leaves to him what is in doubt; but once
    in a session for each client (`chosen`), and never for a silent request.

    Raises:
        AuthorizationRefused: when the client wants what he does not hold.
    """
    asked, day = under_way.asked, provider.today()
    if asked.selects_account(session.signed_in_at, under_way.asked_at):
        return None
    if asked.act is None and not person.certain(day):
        known = person.held_as(chosen, day)
        if known is not None or not asked.silent:
            return known
    try:
        return person.capacity(asked.act, day)
    except CapacityNotHeld as error:
        raise AuthorizationRefused("access_denied", "the person holds no mandate for this act") from error


async def _show(provider: Provider, request: Request, under_way: UnderWay, path: str) -> Response:
    """Send the browser to one of our pages, where the request waits for the person."""
    if under_way.handle is not None:
        return redirect(path, {"request": under_way.handle})
    handle = new_secret()
    visit = provider.cookies.read(request, VISIT) or new_secret()
    pending = Pending(worth_keeping(under_way.parameters), under_way.asked_at, under_way.pushed)
    async with provider.transaction(ANONYMOUS) as tx:
        expires_at = tx.now + REQUEST_LIFETIME
        await repository.add_request(
            tx.connection, pending, handle=digest(handle), visit=digest(visit), expires_at=expires_at
        )
    response = redirect(path, {"request": handle})
    provider.cookies.set(response, VISIT, visit)
    return response


async def _give(
    provider: Provider,
    request: Request,
    under_way: UnderWay,
    session: Session,
    person: Person,
    capacity: Capacity,
    *,
    consents: bool,
) -> str:
    client = under_way.client
    caller = caller_as(person, capacity, client_id=client.client_id, channel=client.channel)
    async with provider.transaction(caller) as tx:
        if under_way.handle is not None:
            visit = provider.cookies.read(request, VISIT) or ""
            handle = digest(under_way.handle)
            if not await repository.finish_request(tx.connection, handle, digest(visit), tx.now):
                raise RequestGone("本次登录已完成。")
        pushed = under_way.pushed
        if pushed is not None and not await repository.use_pushed_request(tx.connection, pushed, tx.now):
            raise RequestGone(_PUSHED_GONE)
        if consents:
            scopes = client.allowed(under_way.asked.scopes)
            await add_consent(tx.connection, person.id, client.client_id, scopes, tx.now)
            tx.audit("consent.given", key=person.id, detail={"client": client.client_id, "scopes": sorted(scopes)})
        return await give(tx, client, under_way.asked, session, capacity)
