"""The endpoints for programs: tokens, claims, revocation."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.clients.authentication import authenticate
from gateway.clients.domain import CODE, CREDENTIALS, DEVICE, GRANT_TYPES, REFRESH, TOKEN_EXCHANGE, Client
from gateway.devices.service import redeem as redeem_device_code
from gateway.oidc import repository
from gateway.oidc.authorize import require_target
from gateway.oidc.disclosure import claims_about
from gateway.oidc.domain import AuthorizationRefused
from gateway.oidc.errors import OAuthError
from gateway.oidc.exchange import ACCESS_TOKEN, exchange
from gateway.oidc.grants import Issued, Refusal, Wanted, redeem_code, refresh, refresh_with_others
from gateway.oidc.http import CORS, endpoint, form_of, json_response, required
from gateway.oidc.proofs import binding_of, proof_of, proofs_in
from gateway.oidc.taking_back import take_back
from gateway.provider import Provider, provider_of
from gateway.terminals.admission import admitted
from gateway.terminals.domain import CHANNEL as TERMINAL
from gateway.tokens.access import InvalidToken
from gateway.tokens.binding import token_type
from gateway.tokens.challenges import CHALLENGE, NONCE, challenge_of, oauth_code
from gateway.tokens.dpop import InvalidProof, NonceNeeded, Proof
from gateway.tokens.opaque import digest
from gateway.tokens.principal import Principal
from gateway.tokens.revoked import revoke
from onestop_runtime.caller import Caller
from onestop_runtime.transaction import acquired

DEVICE_AUTHORIZATION: Final = "/oauth/device_authorization"
EXCHANGE: Final = "/oauth/token"
USERINFO: Final = "/oauth/userinfo"
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401


@endpoint
async def token(request: Request) -> Response:
    """Exchange a code, a refresh token or a client's own proof for tokens."""
    provider = provider_of(request)
    form = await form_of(request)
    proof = proof_of(provider, request, EXCHANGE)
    client = await authenticate(provider, request, form)
    if client.fapi and proof is None and not client.certificate_bound:
        nonce = provider.proofs.nonces.current
        raise OAuthError("invalid_request", "a DPoP proof is missing: the client binds its tokens", nonce=nonce)
    grant_type = required(form, "grant_type")
    if grant_type not in GRANT_TYPES:
        raise OAuthError("unsupported_grant_type", "the grant type is not supported")
    if grant_type not in client.grant_types:
        raise OAuthError("unauthorized_client", "the client may not use this grant type")
    if grant_type == CREDENTIALS:
        return await _own_token(provider, request, client, form, proof)
    if grant_type == TOKEN_EXCHANGE:
        return await _exchanged_token(provider, request, client, form, proof)
    outcome = await _grants(provider, request, client, form, proof)
    if isinstance(outcome, Refusal):
        provider.revoked.add(outcome.revoked)
        raise OAuthError(outcome.code, outcome.description)
    return _answer(provider, proof, _tokens(outcome))


@endpoint
async def userinfo(request: Request) -> Response:
    """Tell a client about the person whose token it holds: by scope, and no more."""
    provider = provider_of(request)
    principal = await _bearer(provider, request)
    if "openid" not in principal.scopes or principal.caller.sub is None:
        challenge = f'{token_type(principal.key)} error="insufficient_scope", scope="openid"'
        raise OAuthError("insufficient_scope", "the token lacks openid", _FORBIDDEN, challenge=challenge)
    async with acquired(provider.context.pool) as connection:
        claims = await claims_about(provider, connection, principal.caller, principal.scopes)
    if claims is None:
        raise _invalid_token()
    return json_response(claims)


@endpoint
async def revocation(request: Request) -> Response:
    """Take back a token of the client that asks (RFC 7009); what is none of its tokens is passed over."""
    provider = provider_of(request)
    form = await form_of(request)
    client = await authenticate(provider, request, form)
    value = required(form, "token")
    async with provider.transaction(Caller(client=client.client_id, channel=client.channel)) as tx:
        revoked: tuple[str, ...] = ()
        kept = await repository.refresh_token_of(tx.connection, digest(value), client.client_id)
        if kept is not None:
            revoked = await take_back(tx, kept.grant_id, "revoked-by-client")
        elif (token_id := _own_access_token(provider, client, value)) is not None:
            revoked = (token_id,)
            await revoke(tx.connection, revoked, tx.now)
            tx.audit("token.revoked", key=UUID(token_id))
    provider.revoked.add(revoked)
    return json_response({})


async def preflight(_request: Request) -> Response:
    """Let pages of every origin call the endpoints that read no cookie."""
    return Response(status_code=204, headers={**CORS, "Access-Control-Max-Age": "86400"})


async def _grants(
    provider: Provider, request: Request, client: Client, form: dict[str, str], proof: Proof | None
) -> Issued | Refusal:
    """Exchange a code or refresh token; a refresh in the usual case goes together with those of others."""
    grant_type = form["grant_type"]
    caller = Caller(client=client.client_id, channel=client.channel)
    if grant_type == REFRESH and proof is None:
        wanted = Wanted(None, _scopes(form), form.get("resource"))
        usual = await refresh_with_others(provider, client, caller, wanted, token=required(form, "refresh_token"))
        if usual is not None:
            return usual
    async with provider.transaction(caller) as tx:
        key = await binding_of(tx, provider, request, client, proof)
        outcome: Issued | Refusal
        if grant_type == CODE:
            outcome = await redeem_code(
                tx,
                provider,
                client,
                Wanted(key, resource=form.get("resource")),
                code=required(form, "code"),
                redirect_uri=required(form, "redirect_uri"),
                verifier=form.get("code_verifier"),
            )
        elif grant_type == DEVICE:
            wanted = Wanted(key, resource=form.get("resource"))
            outcome = await redeem_device_code(tx, provider, client, wanted, code=required(form, "device_code"))
        else:
            wanted = Wanted(key, _scopes(form), form.get("resource"))
            outcome = await refresh(tx, provider, client, wanted, token=required(form, "refresh_token"))
        if isinstance(outcome, Refusal) and outcome.final:
            tx.audit("token.refused", key=client.id, detail={"reason": outcome.description})
    return outcome


def _answer(provider: Provider, proof: Proof | None, told: dict[str, Any]) -> Response:
    """Return tokens, with the nonce for the next proof to who gave one (RFC 9449, 8.2)."""
    return json_response(told, headers={NONCE: provider.proofs.nonces.current} if proof else None)


async def _own_token(
    provider: Provider, request: Request, client: Client, form: dict[str, str], proof: Proof | None
) -> Response:
    """Issue a token that a department's system uses in its own name."""
    if not client.confidential:
        raise OAuthError("unauthorized_client", "the client may not use this grant type")
    scopes = _scopes(form)
    if scopes:
        raise OAuthError("invalid_scope", "a token in the client's own name has no scopes")
    resource = form.get("resource")
    try:
        await require_target(provider, resource)
    except AuthorizationRefused as refused:
        raise OAuthError(refused.code, refused.description) from refused
    caller = Caller(
        sub=client.id, kind="system", acr="2", agency=client.agency, client=client.client_id, channel=client.channel
    )
    until = None
    async with provider.transaction(caller) as tx:
        key = await binding_of(tx, provider, request, client, proof)
        if client.channel == TERMINAL:
            terminal, until = await admitted(tx, client, key)
            tx.caller = caller = replace(caller, kind="device", region=terminal.region, hall=terminal.hall)
        issued = provider.access_tokens.issue(
            caller, scopes=frozenset(), grant_id=None, key=key, resource=resource, until=until
        )
        tx.audit("token.issued", key=client.id, detail={"client": client.client_id})
    told = {"access_token": issued.value, "token_type": token_type(key), "expires_in": issued.seconds}
    return _answer(provider, proof, told)


async def _exchanged_token(
    provider: Provider, request: Request, client: Client, form: dict[str, str], proof: Proof | None
) -> Response:
    """Issue a token by which a client goes on in a person's name (RFC 8693)."""
    async with provider.transaction(Caller(client=client.client_id, channel=client.channel)) as tx:
        key = await binding_of(tx, provider, request, client, proof)
        wanted = Wanted(key, _scopes(form), form.get("resource"))
        issued, scopes = await exchange(tx, provider, client, wanted, form)
    told = {
        "access_token": issued.value,
        "issued_token_type": ACCESS_TOKEN,
        "token_type": token_type(wanted.key),
        "expires_in": issued.seconds,
        "scope": " ".join(sorted(scopes)),
    }
    return _answer(provider, proof, told)


def _tokens(issued: Issued) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": issued.token_type,
        "expires_in": issued.seconds,
        "scope": " ".join(sorted(issued.scopes)),
    }
    if issued.id_token is not None:
        answer["id_token"] = issued.id_token
    if issued.refresh_token is not None:
        answer["refresh_token"] = issued.refresh_token
    if issued.grant_id is not None:
        answer["grant_id"] = str(issued.grant_id)
    return answer


async def _bearer(provider: Provider, request: Request) -> Principal:
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not values:
        raise OAuthError("invalid_request", "no access token is given", _UNAUTHORIZED, challenge="Bearer")
    if len(values) > 1:
        raise _invalid_token()
    try:
        shown = provider.certificates.shown(request.scope["headers"]) if provider.certificates else None
        return await provider.identities.presented(
            values[0], proofs_in(request), request.method, USERINFO.encode(), shown
        )
    except (InvalidToken, InvalidProof, NonceNeeded) as error:
        headers = challenge_of(error)
        description = "the access token or its proof is not valid"
        raise OAuthError(
            oauth_code(error), description, _UNAUTHORIZED, challenge=headers[CHALLENGE], nonce=headers.get(NONCE)
        ) from error


def _invalid_token() -> OAuthError:
    challenge = 'Bearer error="invalid_token"'
    return OAuthError("invalid_token", "the access token is not valid", _UNAUTHORIZED, challenge=challenge)


def _own_access_token(provider: Provider, client: Client, value: str) -> str | None:
    try:
        claims = provider.access_tokens.read(value)
    except InvalidToken:
        return None
    return str(claims["jti"]) if claims["client_id"] == client.client_id else None


def _scopes(form: dict[str, str]) -> frozenset[str] | None:
    text = form.get("scope")
    return None if text is None else frozenset(text.split())
