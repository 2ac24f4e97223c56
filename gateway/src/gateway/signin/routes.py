"""The pages of signing in: name and password, consent."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.oidc.authorize import UnderWay, proceed, refuse, resume
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.http import form_of, query_of, redirect
from gateway.pages import for_people, page, told
from gateway.pages.language import N_
from gateway.people.domain import CapacityNotHeld
from gateway.people.repository import person_by_id
from gateway.provider import Provider, provider_of
from gateway.signin.cookies import DEVICE, SESSION, VISIT
from gateway.signin.domain import Session, TooManyAttempts, WrongCredentials
from gateway.signin.own_pages import own_path, require_own_form, visit_of
from gateway.signin.service import Arrival, SignedIn, current_session, sign_in
from gateway.tokens.opaque import form_token
from onestop_legal.errors import NamedError
from onestop_runtime.problems import Overloaded
from onestop_runtime.transaction import acquired

ACCOUNT_HOME: Final = "/account"
SCOPE_TEXTS: Final = {
    "openid": N_("您在本平台的编号"),
    "profile": N_("您的姓名和办理身份"),
    "phone": N_("您的手机号码"),
    "offline_access": N_("在您离开后继续代您使用上述信息"),
}


@for_people
async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form; who is signed in already and comes for nothing else is sent to his account."""
    provider = provider_of(request)
    query = query_of(request)
    handle = query.get("request")
    if handle is not None:
        under_way = await resume(provider, request, handle)
        return _form(provider, request, under_way, username=under_way.asked.login_hint or "")
    afterwards = own_path(query.get("next"))
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    if session is None or afterwards:
        return _form(provider, request, None, afterwards=afterwards)
    return redirect(ACCOUNT_HOME, {})


@for_people
async def take_sign_in(request: Request) -> Response:
    """Check name and password; then go on with the request that led here."""
    provider = provider_of(request)
    form = await form_of(request)
    handle = form.get("request")
    afterwards = own_path(form.get("next"))
    require_own_form(provider, request, form, _purpose(handle, afterwards))
    under_way = await resume(provider, request, handle) if handle else None
    username = form.get("username", "")
    try:
        current = await current_session(provider, provider.cookies.read(request, SESSION))
        arrival = arrival_of(provider, request, under_way)
        signed_in = await sign_in(provider, username, form.get("password", ""), arrival, current)
    except (WrongCredentials, TooManyAttempts, Overloaded) as error:
        return _form(provider, request, under_way, afterwards=afterwards, username=username, error=error)
    return await arrive(provider, request, under_way, signed_in, afterwards)


def arrival_of(provider: Provider, request: Request, under_way: UnderWay | None) -> Arrival:
    """Return from where somebody comes to sign in."""
    return Arrival(
        address=request.client.host if request.client else "",
        device=request.headers.get("user-agent", ""),
        device_token=provider.cookies.read(request, DEVICE),
        client_id=under_way.client.client_id if under_way else "",
    )


async def arrive(
    provider: Provider,
    request: Request,
    under_way: UnderWay | None,
    signed_in: SignedIn,
    afterwards: str | None = None,
) -> Response:
    """Have the browser keep its new session, and go on: with the request under way, or to a page of ours."""
    response = await _go_on(provider, request, under_way, signed_in.session, afterwards)
    provider.cookies.set(response, SESSION, signed_in.session_token)
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
    acting_for = None
    if person is not None:
        try:
            mandate = person.capacity(under_way.asked.act, provider.today()).mandate
        except CapacityNotHeld as error:
            refused = AuthorizationRefused("access_denied", str(error.slug))
            return refuse(provider, under_way.parameters, refused)
        acting_for = mandate.legal_person.name if mandate else None
    scopes = sorted(under_way.client.allowed(under_way.asked.scopes))
    return page(
        request,
        "consent",
        leads_to=under_way.asked.redirect_uri,
        client_name=under_way.client.name,
        scopes=[SCOPE_TEXTS[scope] for scope in scopes],
        acting_for=acting_for,
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


async def _go_on(
    provider: Provider, request: Request, under_way: UnderWay | None, session: Session, afterwards: str | None
) -> Response:
    if under_way is None:
        return redirect(afterwards or ACCOUNT_HOME, {})
    try:
        return await proceed(provider, request, under_way, session)
    except AuthorizationRefused as refused:
        return refuse(provider, under_way.parameters, refused)


def _form(
    provider: Provider,
    request: Request,
    under_way: UnderWay | None,
    *,
    afterwards: str | None = None,
    username: str = "",
    error: NamedError | None = None,
) -> Response:
    handle = under_way.handle if under_way else None
    visit = visit_of(provider, request)
    response = page(
        request,
        "sign_in",
        error.status if error else 200,
        leads_to=under_way.asked.redirect_uri if under_way else None,
        csrf=form_token(visit, _purpose(handle, afterwards)),
        handle=handle,
        afterwards=afterwards,
        client_name=under_way.client.name if under_way else None,
        username=username,
        error=told(request, error) if error else None,
    )
    provider.cookies.set(response, VISIT, visit)
    if error and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _purpose(handle: str | None, afterwards: str | None) -> str:
    """Return what the form of a sign-in is for: its token is good for nothing else."""
    return f"sign-in:{handle or afterwards or ''}"
