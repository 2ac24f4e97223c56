"""The pages of signing in: name and password, consent."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.oidc.authorize import UnderWay, proceed, refuse, resume
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.errors import FormNotOurs
from gateway.oidc.http import form_of, query_of, redirect
from gateway.pages import for_people, page
from gateway.people.domain import CapacityNotHeld
from gateway.people.repository import person_by_id
from gateway.provider import Provider, provider_of
from gateway.signin.cookies import DEVICE, SESSION, VISIT
from gateway.signin.domain import Session, TooManyAttempts, WrongCredentials
from gateway.signin.service import Attempt, SignedIn, current_session, sign_in
from gateway.tokens.opaque import form_token, new_secret, same
from onestop_legal.errors import NamedError
from onestop_runtime.problems import Overloaded
from onestop_runtime.transaction import acquired

_SCOPE_TEXTS: Final = {
    "openid": "您在本平台的编号",
    "profile": "您的姓名和办理身份",
    "phone": "您的手机号码",
    "offline_access": "在您离开后继续代您使用上述信息",
}


@for_people
async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form, or, without a request to answer, who is signed in already."""
    provider = provider_of(request)
    handle = query_of(request).get("request")
    if handle is not None:
        under_way = await resume(provider, request, handle)
        return _form(provider, request, under_way, username=under_way.asked.login_hint or "")
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    if session is None:
        return _form(provider, request, None)
    return await _signed_in_page(provider, request, session)


@for_people
async def take_sign_in(request: Request) -> Response:
    """Check name and password; then go on with the request that led here."""
    provider = provider_of(request)
    form = await form_of(request)
    handle = form.get("request")
    require_own_form(provider, request, form, f"sign-in:{handle or ''}")
    under_way = await resume(provider, request, handle) if handle else None
    cookies = provider.cookies
    current = await current_session(provider, cookies.read(request, SESSION))
    attempt = Attempt(
        username=form.get("username", ""),
        password=form.get("password", ""),
        address=request.client.host if request.client else "",
        device=request.headers.get("user-agent", ""),
        device_token=cookies.read(request, DEVICE),
        client_id=under_way.client.client_id if under_way else "",
    )
    try:
        signed_in = await sign_in(provider, attempt, current)
    except (WrongCredentials, TooManyAttempts, Overloaded) as error:
        return _form(provider, request, under_way, username=attempt.username, error=error)
    response = await _go_on(provider, request, under_way, signed_in.session)
    _remember(provider, response, signed_in)
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
        "consent",
        leads_to=under_way.asked.redirect_uri,
        client_name=under_way.client.name,
        scopes=[_SCOPE_TEXTS[scope] for scope in scopes],
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


def require_own_form(provider: Provider, request: Request, form: dict[str, str], purpose: str) -> None:
    """Do nothing when the form comes from the page that this browser was given.

    Raises:
        FormNotOurs: when another site made the browser send it, or the browser keeps no cookies.
    """
    visit = provider.cookies.read(request, VISIT)
    if visit is None:
        raise FormNotOurs("请允许浏览器保存 Cookie，然后重新打开登录页面。")
    if not same(form.get("csrf", ""), form_token(visit, purpose)):
        raise FormNotOurs


async def _go_on(provider: Provider, request: Request, under_way: UnderWay | None, session: Session) -> Response:
    if under_way is None:
        return redirect("/sign-in", {})
    try:
        return await proceed(provider, request, under_way, session)
    except AuthorizationRefused as refused:
        return refuse(provider, under_way.parameters, refused)


def _remember(provider: Provider, response: Response, signed_in: SignedIn) -> None:
    provider.cookies.set(response, SESSION, signed_in.session_token)
    provider.cookies.set(response, DEVICE, signed_in.device_token)


def _form(
    provider: Provider,
    request: Request,
    under_way: UnderWay | None,
    *,
    username: str = "",
    error: NamedError | None = None,
) -> Response:
    handle = under_way.handle if under_way else None
    visit = provider.cookies.read(request, VISIT) or new_secret()
    response = page(
        "sign_in",
        error.status if error else 200,
        leads_to=under_way.asked.redirect_uri if under_way else None,
        csrf=form_token(visit, f"sign-in:{handle or ''}"),
        handle=handle,
        client_name=under_way.client.name if under_way else None,
        username=username,
        error=error.detail if error else None,
    )
    provider.cookies.set(response, VISIT, visit)
    if error and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _signed_in_page(provider: Provider, request: Request, session: Session) -> Response:
    visit = provider.cookies.read(request, VISIT) or new_secret()
    async with acquired(provider.context.pool) as connection:
        person = await person_by_id(connection, session.person_id)
    response = page("signed_in", name=person.masked_name if person else "", csrf=form_token(visit, "sign-out"))
    provider.cookies.set(response, VISIT, visit)
    return response
