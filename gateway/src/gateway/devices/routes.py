"""Where devices ask to be let in, and the page on which people decide (RFC 8628, 3.1 and 3.3)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.authentication import authenticate
from gateway.clients.domain import DEVICE
from gateway.devices import service
from gateway.devices.domain import INTERVAL, LIFETIME, UnknownUserCode, shown, typed
from gateway.devices.service import Asking, Origin
from gateway.oidc.authorize import require_target
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.endpoints import DEVICE_AUTHORIZATION
from gateway.oidc.errors import OAuthError
from gateway.oidc.http import count, endpoint, form_of, json_response, query_of
from gateway.oidc.proofs import proof_of, use_proof
from gateway.pages import for_people
from gateway.pages.language import N_
from gateway.provider import provider_of
from gateway.signin.domain import TooManyAttempts
from gateway.signin.own_pages import Visitor, own_visitor
from gateway.signin.routes import SCOPE_TEXTS
from onestop_legal.errors import NamedError
from onestop_runtime.caller import Caller

PAGE: Final = "/device"
_PURPOSE: Final = "device"
_LET_IN: Final = N_("设备已登录，请回到设备上继续。")
_REFUSED: Final = N_("已拒绝，设备不会登录。")


@endpoint
async def ask_for_device(request: Request) -> Response:
    """Give a device the code with which it waits, and the one that it shows to its person."""
    provider = provider_of(request)
    form = await form_of(request)
    proof = proof_of(provider, request, DEVICE_AUTHORIZATION)
    client = await authenticate(provider, request, form)
    await count(request, "device", client.client_id)
    if DEVICE not in client.grant_types:
        raise OAuthError("unauthorized_client", "the client may not use this grant type")
    scopes = client.allowed(frozenset(form.get("scope", "").split()))
    if not scopes:
        raise OAuthError("invalid_scope", "no scope that the client may have is asked for")
    resource = form.get("resource")
    try:
        await require_target(provider, resource)
    except AuthorizationRefused as refused:
        raise OAuthError(refused.code, refused.description) from refused
    async with provider.transaction(Caller(client=client.client_id, channel=client.channel)) as tx:
        key = await use_proof(tx, proof)
        device_code, user_code = await service.ask(
            tx, provider, client, origin_of(request), scopes, resource=resource, key=key
        )
    address = f"{provider.issuer}{PAGE}"
    return json_response(
        {
            "device_code": device_code,
            "user_code": shown(user_code),
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={shown(user_code)}",
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": int(INTERVAL.total_seconds()),
        }
    )


@for_people
async def show_device(request: Request) -> Response:
    """Ask for the code that a device shows; what came with the address is filled in, to be compared."""
    who = await own_visitor(request)
    return _form(who, query_of(request).get("user_code", ""))


@for_people
async def take_device(request: Request) -> Response:
    """Show which device waits under a code; then let it in or not, as the person decides."""
    who = await own_visitor(request)
    form = await who.form(_PURPOSE)
    code, decision = typed(form.get("user_code", "")), form.get("decision")
    try:
        async with who.provider.transaction(who.caller) as tx:
            asking = await service.look_up(tx, who.provider, who.person, origin_of(request), code)
            if asking is not None and decision == "approve":
                await service.approve(tx, asking, who.person, who.session.id, form.get("act"))
            elif asking is not None and decision is not None:
                await service.deny(tx, asking)
    except TooManyAttempts as error:
        return _form(who, code, error)
    if asking is None:
        return _form(who, code, UnknownUserCode())
    if decision is None:
        return _confirmation(who, asking, code)
    return who.page("device_decided", let_in=decision == "approve", text=_LET_IN if decision == "approve" else _REFUSED)


def origin_of(request: Request) -> Origin:
    """Return from where a request comes."""
    return Origin(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def _form(who: Visitor, code: str, error: NamedError | None = None) -> Response:
    return who.page("device", error=error, csrf=who.csrf(_PURPOSE), user_code=shown(typed(code)))


def _confirmation(who: Visitor, asking: Asking, code: str) -> Response:
    day = who.provider.today()
    return who.page(
        "device_confirm",
        csrf=who.csrf(_PURPOSE),
        user_code=shown(code),
        client_name=asking.client.name,
        device=asking.request.device,
        network=asking.request.network,
        same_network=asking.same_network,
        scopes=[SCOPE_TEXTS[scope] for scope in sorted(asking.request.scopes)],
        choices=[(it.choice, it.shown_name or who.person.masked_name) for it in who.person.capacities(day)],
        chosen=who.capacity.choice,
    )
