"""Token introspection (RFC 7662): what a token of a client is worth at this moment."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.authentication import authenticate
from gateway.clients.domain import Client
from gateway.oidc.errors import OAuthError
from gateway.oidc.grants import living_grant
from gateway.oidc.http import endpoint, form_of, json_response, required
from gateway.provider import Provider, provider_of
from gateway.tokens.access import InvalidToken
from gateway.tokens.binding import bound_to, token_type
from gateway.tokens.principal import names_of
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import Transaction

PATH: Final = "/oauth/introspect"
_UNAUTHORIZED: Final = 401
_INACTIVE: Final[dict[str, Any]] = {"active": False}
_TOLD: Final = (
    "iss", "sub", "aud", "iat", "exp", "jti", "client_id", "scope", "kind", "acr", "auth_time", "act", "agency",
    "cnf", "via",
)  # fmt: skip


@endpoint
async def introspection(request: Request) -> Response:
    """Tell a client that proves itself about tokens that it was given or serves; all others are just not active."""
    provider = provider_of(request)
    form = await form_of(request)
    client = await authenticate(provider, request, form)
    if not client.confidential:
        raise OAuthError("invalid_client", "the client has nothing to prove itself with", _UNAUTHORIZED)
    value = required(form, "token")
    async with provider.transaction(Caller(client=client.client_id, channel=client.channel)) as tx:
        told = _access_token(provider, client, value) or await _refresh_token(tx, provider, client, value) or _INACTIVE
        tx.audit("token.introspected", key=client.id, detail={"active": told["active"]})
    return json_response(told)


def _access_token(provider: Provider, client: Client, value: str) -> dict[str, Any] | None:
    try:
        claims = provider.access_tokens.read(value)
    except InvalidToken:
        return None
    serves = claims["aud"] != provider.issuer and claims["aud"] in client.resources
    if claims["client_id"] != client.client_id and not serves:
        return None
    if provider.revoked.refuses(names_of(claims), claims["iat"]):
        return None
    return {"active": True, "token_type": token_type(bound_to(claims))} | {
        name: claims[name] for name in _TOLD if name in claims
    }


async def _refresh_token(tx: Transaction, provider: Provider, client: Client, value: str) -> dict[str, Any] | None:
    grant = await living_grant(tx, client, value)
    if grant is None:
        return None
    return {
        "active": True,
        "iss": provider.issuer,
        "sub": str(grant.person_id),
        "exp": int(grant.expires_at.timestamp()),
        "client_id": grant.client_id,
        "scope": " ".join(sorted(grant.scopes)),
    }
