"""Pushed authorization requests (RFC 9126): a client says what it asks for before the browser comes with a handle."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.authentication import authenticate
from gateway.clients.domain import RedirectNotRegistered
from gateway.oidc import repository
from gateway.oidc.authorize import read, require_target
from gateway.oidc.domain import PUSHED_LIFETIME, REQUEST_URI, AuthorizationRefused, worth_keeping
from gateway.oidc.errors import OAuthError
from gateway.oidc.http import endpoint, form_of, json_response, required
from gateway.oidc.proofs import proof_of, use_proof
from gateway.oidc.repository import Pending
from gateway.provider import provider_of
from gateway.tokens.opaque import digest, new_secret
from onestop_runtime.caller import Caller

PATH: Final = "/oauth/par"
_CREATED: Final = 201


@endpoint
async def push(request: Request) -> Response:
    """Keep a sound authorization request of a client for a minute; return the `request_uri` it is asked with."""
    provider = provider_of(request)
    form = await form_of(request)
    proof = proof_of(provider, request, PATH)
    client = await authenticate(provider, request, form)
    if "request_uri" in form:
        raise OAuthError("invalid_request", "request_uri cannot be pushed")
    if proof is not None and form.setdefault("dpop_jkt", proof.key) != proof.key:
        raise OAuthError("invalid_dpop_proof", "dpop_jkt names another key than the DPoP proof")
    try:
        client.require_redirect(required(form, "redirect_uri"))
        asked = read(client, form | {"client_id": client.client_id}, pushed=True)
        await require_target(provider, asked.resource)
    except RedirectNotRegistered as error:
        raise OAuthError("invalid_request", "redirect_uri is not registered for the client") from error
    except AuthorizationRefused as refused:
        raise OAuthError(refused.code, refused.description) from refused
    secret = new_secret()
    async with provider.transaction(Caller(client=client.client_id, channel=client.channel)) as tx:
        await use_proof(tx, proof)
        pending = Pending(worth_keeping(form | {"client_id": client.client_id}), tx.now)
        await repository.add_pushed_request(
            tx.connection,
            pending,
            handle=digest(secret),
            client_id=client.client_id,
            expires_at=tx.now + PUSHED_LIFETIME,
        )
        tx.audit("authorization-request.pushed", key=client.id)
    told = {"request_uri": REQUEST_URI + secret, "expires_in": int(PUSHED_LIFETIME.total_seconds())}
    return json_response(told, _CREATED)
