"""The page on which somebody says for whom he acts: on the way to a client, and at any time on our own pages."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.choices.repository import OWN_PAGES, Choice, chosen_in_browser, chosen_in_session, keep_choice
from gateway.oidc import repository
from gateway.oidc.authorize import UnderWay, proceed, refuse
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.http import query_of, redirect
from gateway.pages import for_people
from gateway.pages.language import N_
from gateway.people.callers import caller_as
from gateway.people.domain import Capacity, CapacityNotHeld
from gateway.signin.cookies import DEVICE
from gateway.signin.onward import Onward, onward_of, read_form
from gateway.signin.own_pages import Visitor, visitor
from gateway.tokens.opaque import digest
from onestop_runtime.transaction import acquired

PATH: Final = "/choose"
_FORM: Final = "choose"
_SORTS: Final = {
    "staff": N_("工作人员"),
    "representative": N_("法定代表人"),
    "agent": N_("经办人"),
    "proxy": N_("代理人"),
    "natural": N_("本人"),
}


@for_people
async def show_choice(request: Request) -> Response:
    """Ask for whom the person acts; what he chose last in this browser is chosen already."""
    who = await visitor(request)
    onward = await onward_of(who.provider, request, query_of(request))
    return await _page(who, onward)


@for_people
async def take_choice(request: Request) -> Response:
    """Take the choice, and go on: with the request under way, or to a page of ours."""
    who = await visitor(request)
    form, onward = await read_form(who, _FORM)
    try:
        capacity = who.person.capacity(form.get("act", ""), who.provider.today())
    except CapacityNotHeld as error:
        return await _page(who, onward, error)
    under_way = onward.under_way.acting_as(capacity.choice) if onward.under_way else None
    await _remember(who, capacity, under_way)
    if under_way is None:
        return redirect(onward.afterwards or "/account", {})
    try:
        return await proceed(who.provider, request, under_way, who.session)
    except AuthorizationRefused as refused:
        return refuse(who.provider, under_way.parameters, refused)


async def _page(who: Visitor, onward: Onward, error: CapacityNotHeld | None = None) -> Response:
    capacities = who.person.capacities(who.provider.today())
    return who.page(
        "choose",
        error=error,
        leads_to=onward.leads_to,
        onward=onward,
        csrf=who.csrf(onward.purpose(_FORM)),
        choices=[(it.choice, it.shown_name or who.person.masked_name, _SORTS[it.sort]) for it in capacities],
        chosen=await _usual(who, onward),
    )


async def _usual(who: Visitor, onward: Onward) -> str:
    """Return what stands chosen: the choice of this sign-in, else the last one in this browser, else the usual one."""
    provider, day = who.provider, who.provider.today()
    client_id = onward.under_way.client.client_id if onward.under_way else OWN_PAGES
    device = provider.cookies.read(who.request, DEVICE)
    async with acquired(provider.context.pool) as connection:
        last = await chosen_in_session(connection, who.session.id, client_id)
        if last is None and device is not None:
            last = await chosen_in_browser(connection, digest(device), who.person.id, client_id)
    return who.person.usual(last, day).choice


async def _remember(who: Visitor, capacity: Capacity, under_way: UnderWay | None) -> None:
    """Keep the choice, for who comes again and for the request that it answers."""
    provider, request = who.provider, who.request
    client_id = under_way.client.client_id if under_way else OWN_PAGES
    device = provider.cookies.read(request, DEVICE)
    choice = Choice(who.session.id, client_id, capacity.choice, digest(device) if device else None)
    async with provider.transaction(caller_as(who.person, capacity, client_id=client_id, channel="web")) as tx:
        await keep_choice(tx.connection, choice, tx.now)
        if under_way is not None and under_way.handle is not None:
            handle, visit = digest(under_way.handle), digest(who.visit)
            await repository.replace_parameters(tx.connection, handle, visit, under_way.parameters, tx.now)
        tx.audit("capacity.chosen", key=who.session.id, detail={"client": client_id} if client_id else None)
