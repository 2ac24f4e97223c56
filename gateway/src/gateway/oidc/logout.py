"""RP-initiated logout: end the session and everything granted in it, then go where the client registered."""

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.domain import Client, RedirectNotRegistered
from gateway.clients.repository import client_by_id
from gateway.federation.service import signed_in_elsewhere
from gateway.oidc.errors import OAuthError, UnknownClient
from gateway.oidc.http import form_of, query_of, redirect, with_query
from gateway.oidc.id_tokens import Hint
from gateway.pages import for_people, page
from gateway.provider import Provider, provider_of
from gateway.signin.cookies import SESSION, VISIT
from gateway.signin.domain import Session
from gateway.signin.own_pages import require_own_form, visit_of
from gateway.signin.service import current_session, sign_out
from gateway.tokens.opaque import form_token
from onestop_runtime.transaction import acquired

PATH: Final = "/oauth/end-session"
_KEPT: Final = ("client_id", "post_logout_redirect_uri", "state")


@for_people
async def end_session(request: Request) -> Response:
    """Sign out; without proof that the person's client asks for it, ask the person first."""
    provider = provider_of(request)
    if request.method == "GET":
        return await _asked_by_client(provider, request, query_of(request))
    form = await form_of(request)
    if "csrf" in form:
        return await _confirmed(provider, request, form)
    return redirect(PATH, form)  # from another site, so without our cookie; as an address it comes with it


async def _asked_by_client(provider: Provider, request: Request, parameters: dict[str, str]) -> Response:
    hint = None
    if "id_token_hint" in parameters:
        hint = provider.id_tokens.read_hint(parameters["id_token_hint"])
    client = await _client(provider, parameters, hint)
    _require_return(client, parameters)
    session = await current_session(provider, provider.cookies.read(request, SESSION))
    if session is not None and (hint is None or hint.subject != session.person_id):
        return _ask(provider, request, parameters, client)
    ending = session.id if session else hint.session_id if hint else None
    return await _end(provider, request, parameters, ending, client)


async def _confirmed(provider: Provider, request: Request, form: dict[str, str]) -> Response:
    require_own_form(provider, request, form, "sign-out")
    client = await _client(provider, form, None)
    _require_return(client, form)
    session: Session | None = await current_session(provider, provider.cookies.read(request, SESSION))
    return await _end(provider, request, form, session.id if session else None, client)


async def _client(provider: Provider, parameters: dict[str, str], hint: Hint | None) -> Client | None:
    client_id = parameters.get("client_id")
    if hint is not None and client_id not in {None, hint.client_id}:
        raise OAuthError("invalid_request", "client_id and id_token_hint name different clients")
    client_id = client_id or (hint.client_id if hint else None)
    if client_id is None:
        return None
    async with acquired(provider.context.pool) as connection:
        client = await client_by_id(connection, client_id)
    if client is None:
        raise UnknownClient
    return client


def _require_return(client: Client | None, parameters: dict[str, str]) -> None:
    uri = parameters.get("post_logout_redirect_uri")
    if uri is not None and (client is None or not client.active or not client.may_return_to(uri)):
        raise RedirectNotRegistered("退出登录后的返回地址没有登记，您尚未退出。")


async def leave(
    provider: Provider, request: Request, session_id: UUID | None, client: Client | None, return_to: str | None
) -> Response:
    """End a session, and go on to `return_to`, an address that was checked; or say that the person has signed out.

    Who is still signed in at another's provider is told so, and goes on by himself.
    """
    elsewhere = None
    if session_id is not None:
        await sign_out(provider, session_id, client_id=client.client_id if client else "")
        elsewhere = await signed_in_elsewhere(provider, session_id)
    if return_to is None or elsewhere is not None:
        response = page(request, "signed_out", elsewhere=elsewhere, return_to=return_to)
    else:
        response = redirect(return_to, {})
    provider.cookies.drop(response, SESSION)
    return response


async def _end(
    provider: Provider,
    request: Request,
    parameters: dict[str, str],
    session_id: UUID | None,
    client: Client | None,
) -> Response:
    uri = parameters.get("post_logout_redirect_uri")
    return_to = with_query(uri, {"state": parameters.get("state")}) if uri else None
    return await leave(provider, request, session_id, client, return_to)


def _ask(provider: Provider, request: Request, parameters: dict[str, str], client: Client | None) -> Response:
    visit = visit_of(provider, request)
    fields = {name: parameters[name] for name in _KEPT if name in parameters}
    if client is not None:
        fields["client_id"] = client.client_id
    uri = parameters.get("post_logout_redirect_uri")
    response = page(request, "sign_out", leads_to=uri, csrf=form_token(visit, "sign-out"), fields=fields)
    provider.cookies.set(response, VISIT, visit)
    return response
