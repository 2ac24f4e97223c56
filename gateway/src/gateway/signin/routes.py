"""The pages of signing in: name and password, consent."""

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.choices.repository import chosen_in_session
from gateway.credentials.repository import factors_of
from gateway.credentials.service import await_second_factor
from gateway.oidc.authorize import UnderWay, capacity_for, proceed, refuse, resume
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.http import form_of, in_turn, query_of, redirect
from gateway.pages import for_people, page
from gateway.pages.language import N_
from gateway.people.domain import Person
from gateway.people.repository import person_by_id
from gateway.provider import Provider, provider_of
from gateway.signin.account import ACCOUNT_HOME
from gateway.signin.cookies import DEVICE, SESSION, VISIT
from gateway.signin.domain import MULTIPLE, Arrival, Session, TooManyAttempts, WrongCredentials
from gateway.signin.onward import Onward, onward_of, read_form
from gateway.signin.own_pages import Guest, guest, require_own_form
from gateway.signin.service import SignedIn, check_password, current_session, let_in
from gateway.tokens.opaque import form_token
from onestop_legal.errors import NamedError
from onestop_runtime.problems import Overloaded
from onestop_runtime.transaction import acquired

SIGN_IN: Final = "sign-in"
"""What the forms of signing in are for, whichever way."""
OWED: Final = "/account/second-factor"
SCOPE_TEXTS: Final = {
    "openid": N_("您在本平台的编号"),
    "profile": N_("您的姓名和办理身份"),
    "phone": N_("您的手机号码"),
    "offline_access": N_("在您离开后继续代您使用上述信息"),
    "catalog:read": N_("以您的名义查看办事指南"),
    "catalog:write": N_("以您的名义编写、审批和公布办事指南"),
    "credit:read": N_("以您的名义查看信用信息服务的运行情况"),
    "credit:write": N_("以您的名义补充、撤回信用记录"),
    "datashare:read": N_("以您的名义查看数据目录、共享申请和使用记录"),
    "datashare:write": N_("以您的名义申请、审核和提供共享数据"),
    "gateway:read": N_("查看您的账户和已登记的应用"),
    "gateway:write": N_("管理您的账户和已登记的应用"),
    "intake:read": N_("查看您的办件、材料和通知书"),
    "intake:write": N_("以您的名义申报、补正、受理和撤回办件"),
    "workflow:read": N_("以您的名义查看审批任务和证照"),
    "workflow:write": N_("以您的名义办理审批任务"),
}


@for_people
@in_turn
async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form; who is signed in already and comes for nothing else is sent to his account."""
    here = guest(request)
    onward = await onward_of(here.provider, request, query_of(request))
    if onward.under_way:
        return form_page(here, onward, username=onward.under_way.asked.login_hint or "")
    session = await current_session(here.provider, here.provider.cookies.read(request, SESSION))
    if session is None or onward.afterwards:
        return form_page(here, onward)
    return redirect(ACCOUNT_HOME, {})


@for_people
@in_turn
async def take_sign_in(request: Request) -> Response:
    """Check name and password; then go on with the request that led here."""
    here = guest(request)
    provider = here.provider
    form, onward = await read_form(here, SIGN_IN)
    username = form.get("username", "")
    arrival = arrival_of(provider, request, onward.under_way)
    try:
        person = await check_password(provider, username, form.get("password", ""), arrival)
    except (WrongCredentials, TooManyAttempts, Overloaded) as error:
        return form_page(here, onward, username=username, error=error)
    return await go_in(here, onward, person, ("pwd",))


async def go_in(
    here: Guest, onward: Onward, person: Person, methods: tuple[str, ...], signed_in_at: datetime | None = None
) -> Response:
    """Let in who has proved to be `person` by `methods` (RFC 8176), now or at `signed_in_at`, and go on.

    Who has set up a second factor and has not shown it is asked for it first.
    """
    provider, request = here.provider, here.request
    if MULTIPLE not in methods:
        async with acquired(provider.context.pool) as connection:
            factors = await factors_of(connection, person.id)
        if factors.any:
            await await_second_factor(provider, here.visit, person, methods)
            return redirect("/sign-in/second-factor", onward.fields)
    current = await current_session(provider, provider.cookies.read(request, SESSION))
    arrival = arrival_of(provider, request, onward.under_way)
    signed_in = await let_in(provider, person, arrival, methods, current, signed_in_at)
    return await arrive(provider, request, onward.under_way, signed_in, onward.afterwards)


def arrival_of(provider: Provider, request: Request, under_way: UnderWay | None) -> Arrival:
    """Return from where somebody comes to sign in."""
    return Arrival(
        address=request.client.host if request.client else "",
        device=request.headers.get("user-agent", ""),
        device_token=provider.cookies.read(request, DEVICE),
        client_id=under_way.client.client_id if under_way else "",
        at_terminal=Onward(under_way).at_terminal,
        visit=provider.cookies.read(request, VISIT),
    )


async def arrive(
    provider: Provider,
    request: Request,
    under_way: UnderWay | None,
    signed_in: SignedIn,
    afterwards: str | None = None,
) -> Response:
    """Have the browser keep its new session, and go on: with the request under way, or to a page of ours.

    Who serves an agency and owes it a second factor is led to set one up.
    """
    if await _owes_second_factor(provider, signed_in.session):
        response = redirect(OWED, Onward(under_way, afterwards).fields)
    else:
        response = await go_on(provider, request, Onward(under_way, afterwards), signed_in.session)
    provider.cookies.set(response, SESSION, signed_in.session_token, lasting=signed_in.session.terminal_id is None)
    if signed_in.device_token is not None:
        provider.cookies.set(response, DEVICE, signed_in.device_token)
    return response


@for_people
async def show_consent(request: Request) -> Response:
    """Ask whether the client may have what it asks for."""
    provider = provider_of(request)
    handle = query_of(request).get("request")
    under_way = await resume(provider, request, handle)
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    if session is None:
        return redirect("/sign-in", {"request": handle})
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
        chosen = await chosen_in_session(connection, session.id, under_way.client.client_id)
    person = person and provider.as_proved(person, session.methods)
    try:
        capacity = capacity_for(provider, person, under_way, session, chosen) if person else None
    except AuthorizationRefused as refused:
        return refuse(provider, under_way.parameters, refused)
    scopes = sorted(under_way.client.allowed(under_way.asked.scopes))
    return page(
        request,
        "consent",
        leads_to=under_way.asked.redirect_uri,
        client_name=under_way.client.name,
        own=under_way.client.first_party,
        scopes=[SCOPE_TEXTS[scope] for scope in scopes],
        name=person.masked_name if person else "",
        acting_for=capacity.shown_name if capacity else None,
        handle=handle,
        csrf=form_token(provider.cookies.read(request, VISIT) or "", f"consent:{handle}"),
    )


@for_people
async def take_consent(request: Request) -> Response:
    """Take the person's decision back to the client."""
    provider = provider_of(request)
    form = await form_of(request)
    handle = form.get("request")
    require_own_form(provider, request, form, f"consent:{handle}")
    under_way = await resume(provider, request, handle)
    if form.get("decision") != "approve":
        declined = AuthorizationRefused("access_denied", "the person declined")
        return refuse(provider, under_way.parameters, declined)
    try:
        session = await current_session(provider, provider.cookies.read(request, SESSION))
        return await proceed(provider, request, under_way, session, consents=True)
    except AuthorizationRefused as refused:
        return refuse(provider, under_way.parameters, refused)


async def go_on(provider: Provider, request: Request, onward: Onward, session: Session) -> Response:
    """Go on with the request under way, or to a page of ours."""
    if onward.under_way is None:
        return redirect(onward.afterwards or ACCOUNT_HOME, {})
    try:
        return await proceed(provider, request, onward.under_way, session)
    except AuthorizationRefused as refused:
        return refuse(provider, onward.under_way.parameters, refused)


async def _owes_second_factor(provider: Provider, session: Session) -> bool:
    if provider.strong_enough(session.methods):
        return False
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
    return person is not None and person.serves(provider.today())


def form_page(here: Guest, onward: Onward, *, username: str = "", error: NamedError | None = None) -> Response:
    """Return the page with the sign-in form."""
    return here.page(
        "sign_in",
        error=error,
        passkeys=True,
        leads_to=onward.leads_to,
        onward=onward,
        csrf=here.csrf(onward.purpose(SIGN_IN)),
        elsewhere=[] if onward.at_terminal else [(it.id, it.name) for it in here.provider.upstreams.values()],
        username=username,
    )
