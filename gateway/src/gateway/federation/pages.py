"""The pages of federation: to another's provider and back, and which identities are linked."""

from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.federation import service
from gateway.federation.domain import LinkNotFound
from gateway.federation.errors import SignInGone, UpstreamNotBelieved
from gateway.federation.repository import Begun, link_by_id, links_of
from gateway.oidc.authorize import UnderWay
from gateway.oidc.errors import OAuthError
from gateway.oidc.http import NO_STORE, endpoint, form_of, public_document, query_of, redirect, required
from gateway.pages import for_people, page
from gateway.provider import provider_of
from gateway.signin.cookies import SESSION, VISIT
from gateway.signin.domain import Session
from gateway.signin.onward import onward_of
from gateway.signin.own_pages import guest, visit_of, visitor
from gateway.signin.routes import go_in
from gateway.signin.service import current_session
from gateway.tokens.opaque import same
from onestop_runtime.transaction import acquired

IDENTITIES: Final = "/account/identities"
_AGAIN: Final = frozenset({"login", "select_account"})


@for_people
async def start(request: Request) -> Response:
    """Send the browser to another's provider to sign in."""
    provider = provider_of(request)
    upstream = service.upstream_of(provider, request.path_params["provider"])
    onward = await onward_of(provider, request, query_of(request))
    if onward.at_terminal:
        return redirect("/sign-in", onward.fields)  # the next one at the screen would find him signed in there
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    earliest = _earliest(provider.context.clock(), onward.under_way, session)
    begun = Begun(upstream.id, onward.fields.get("request"), onward.afterwards, None, earliest)
    visit = visit_of(provider, request)
    response = redirect(await service.begin(provider, upstream, begun, visit), {})
    provider.cookies.set(response, VISIT, visit)
    return response


@for_people
async def start_linking(request: Request) -> Response:
    """Send the browser of who is signed in to another's provider, to link his account to who he is there."""
    who = await visitor(request)
    provider = who.provider
    upstream = service.upstream_of(provider, request.path_params["provider"])
    if not same(query_of(request).get("csrf", ""), who.csrf(f"link:{upstream.id}")):
        return redirect(IDENTITIES, {})
    who.require_recent(IDENTITIES)
    begun = Begun(upstream.id, None, IDENTITIES, who.person.id, provider.context.clock())
    return redirect(await service.begin(provider, upstream, begun, who.visit), {})


@for_people
async def come_back(request: Request) -> Response:
    """Sign in, or link, who comes back from another's provider."""
    provider = provider_of(request)
    upstream = service.upstream_of(provider, request.path_params["provider"])
    visit = provider.cookies.read(request, VISIT)
    begun, stated = await service.come_back(provider, upstream, query_of(request), visit)
    if begun.linking is not None:
        who = await visitor(request)
        if who.person.id != begun.linking:
            raise SignInGone
        if stated is not None:
            await service.link(provider, stated, who.caller, who.person.id)
        return redirect(IDENTITIES, {})
    led_here = {"request": begun.handle} if begun.handle else {"next": begun.afterwards or ""}
    onward = await onward_of(provider, request, led_here)
    if stated is None:
        return redirect("/sign-in", onward.fields)
    here = guest(request)
    client_id = onward.under_way.client.client_id if onward.under_way else ""
    person = await service.recognise(provider, stated, here.visit, client_id)
    return await go_in(here, onward, person, stated.methods, signed_in_at=stated.signed_in_at)


@endpoint
async def take_logout(request: Request) -> Response:
    """Honour a sign-out at another's provider (OIDC Back-Channel Logout 1.0, 2.8)."""
    provider = provider_of(request)
    upstream = service.upstream_of(provider, request.path_params["provider"])
    token = required(await form_of(request), "logout_token")
    try:
        await service.honour_logout(provider, upstream, token)
    except UpstreamNotBelieved as error:
        raise OAuthError("invalid_request", "the logout token is not valid") from error
    return Response(headers=NO_STORE)


async def keys(request: Request) -> Response:
    """Publish the keys that we prove ourselves with at another's provider."""
    upstream = service.upstream_of(provider_of(request), request.path_params["provider"])
    return public_document(upstream.jwks)


@for_people
async def signed_out(request: Request) -> Response:
    """Welcome back who has signed out at another's provider, too."""
    return page(request, "signed_out", elsewhere=None, return_to=None)


@for_people
async def show_identities(request: Request) -> Response:
    """Show which identities of other providers are linked, and which could be."""
    who = await visitor(request)
    async with acquired(who.provider.context.pool) as connection:
        linked = await links_of(connection, who.person.id)
    names = {name: upstream.name for name, upstream in who.provider.upstreams.items()}
    taken = {it.provider for it in linked}
    return who.page(
        "identities",
        linked=[
            {
                "id": it.id,
                "name": names.get(it.provider, it.provider),
                "linked_at": it.linked_at,
                "used_at": it.used_at,
                "csrf": who.csrf(f"unlink:{it.id}"),
            }
            for it in linked
        ],
        others=[
            {"id": name, "name": text, "csrf": who.csrf(f"link:{name}")}
            for name, text in names.items()
            if name not in taken
        ],
    )


@for_people
async def take_unlinking(request: Request) -> Response:
    """Take a link back for the person."""
    who = await visitor(request)
    link_id = _id(request.path_params["link"])
    await who.form(f"unlink:{link_id}")
    who.require_recent(IDENTITIES)
    async with who.provider.transaction(who.caller) as tx:
        link = await link_by_id(tx.connection, link_id)
        if link is None or link.person_id != who.person.id:
            raise LinkNotFound
        revoked = await service.unlink(tx, link, kept=who.session.id)
    who.provider.revoked.add(revoked)
    return redirect(IDENTITIES, {})


def _earliest(now: datetime, under_way: UnderWay | None, session: Session | None) -> datetime | None:
    """Return when the person has to have signed in at the earliest; None when any sign-in will do.

    Who is signed in here and signs in all the same has to prove himself anew.
    """
    if session is not None:
        return now
    if under_way is None:
        return None
    asked = under_way.asked
    if asked.prompt & _AGAIN:
        return under_way.asked_at
    return None if asked.max_age is None else under_way.asked_at - asked.max_age


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise LinkNotFound from error
