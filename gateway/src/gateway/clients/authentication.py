"""How a client proves at the token endpoint that it is the one it says (RFC 6749, 2.3; RFC 7523; OIDC Core, 9)."""

import binascii
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote_plus

from cryptography import x509
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request

from gateway.clients.certificates import is_registered, names
from gateway.clients.domain import BY_CERTIFICATE, Client
from gateway.clients.keys import KeysNotThere
from gateway.clients.repository import client_by_id, use_assertion
from gateway.oidc.errors import OAuthError
from gateway.provider import Provider
from gateway.tokens.foreign import reading
from gateway.tokens.opaque import digest
from onestop_runtime.caller import ANONYMOUS
from onestop_runtime.codec import loads
from onestop_runtime.transaction import acquired

ASSERTION_ALGORITHMS: Final = ("ES256", "PS256", "Ed25519", "EdDSA")
_READING: Final = reading(ASSERTION_ALGORITHMS)
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MEANT_FOR: Final = ("/oauth/token", "/oauth/par", "/oauth/device_authorization", "/oauth/revoke", "/oauth/introspect")
"""Addresses that an assertion may name instead of the issuer (RFC 7523, 3; RFC 9126, 2): where it is shown."""
_LONGEST_LIFE: Final = timedelta(minutes=10)
_LEEWAY: Final = timedelta(seconds=10)
_LONGEST: Final = 8192
_HTTP_UNAUTHORIZED: Final = 401


async def authenticate(provider: Provider, request: Request, parameters: dict[str, str]) -> Client:
    """Return the client that sends a request, proven by the one method it is registered with.

    Args:
        provider: the running provider.
        request: with the `Authorization` header, or the certificate that a proxy passes on, if any.
        parameters: its form.

    Raises:
        OAuthError: `invalid_client`, or `invalid_request` when several proofs are given.
    """
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise OAuthError("invalid_request", "the Authorization header is given more than once")
    authorization = headers[0] if headers else None
    methods = [
        name
        for name, given in (
            ("client_secret_basic", authorization is not None),
            ("private_key_jwt", "client_assertion" in parameters or "client_assertion_type" in parameters),
            ("client_secret_post", "client_secret" in parameters),
        )
        if given
    ]
    if len(methods) > 1:
        raise OAuthError("invalid_request", "more than one client authentication method is used")
    if authorization is not None:
        return await _by_secret(provider, authorization, parameters)
    if methods == ["private_key_jwt"]:
        return await _by_assertion(provider, parameters)
    if methods == ["client_secret_post"]:
        return await _by_posted_secret(provider, parameters)
    client = await _registered(provider, parameters.get("client_id"))
    if client is None:
        raise _refused()
    if client.authentication in BY_CERTIFICATE:
        await _require_certificate(provider, request, client)
    elif client.authentication != "none":
        raise _refused()
    return client


async def _require_certificate(provider: Provider, request: Request, client: Client) -> None:
    """Do nothing when the request was sent with the client's certificate (RFC 8705, 2)."""
    certificates = provider.certificates
    shown = certificates.shown(request.scope["headers"]) if certificates else None
    if certificates is None or shown is None:
        raise _refused()
    try:
        certificate = x509.load_der_x509_certificate(shown)
        if client.authentication == "tls_client_auth":
            known = certificates.vouches_for(certificate) and names(certificate, client)
        else:
            keys = await provider.client_keys.of(client, lambda keys: is_registered(certificate, keys))
            known = is_registered(certificate, keys)
    except (KeysNotThere, ValueError) as error:
        raise _refused() from error
    if not known or not certificates.is_current(certificate):
        raise _refused()


async def _by_secret(provider: Provider, authorization: str, parameters: dict[str, str]) -> Client:
    scheme, _, credentials = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise _refused(challenge="Basic")
        name, _, secret = b64decode(credentials, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _refused(challenge="Basic") from error
    client_id = unquote_plus(name)
    if parameters.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "client_id differs from the Authorization header")
    client = await _registered(provider, client_id)
    if client is None or client.authentication != "client_secret_basic":
        raise _refused(challenge="Basic")
    if not client.knows_secret(unquote_plus(secret), provider.context.clock()):
        raise _refused(challenge="Basic")
    return client


async def _by_posted_secret(provider: Provider, parameters: dict[str, str]) -> Client:
    client = await _registered(provider, parameters.get("client_id"))
    if client is None or client.authentication != "client_secret_post":
        raise _refused()
    if not client.knows_secret(parameters["client_secret"], provider.context.clock()):
        raise _refused()
    return client


async def _by_assertion(provider: Provider, parameters: dict[str, str]) -> Client:
    assertion = parameters.get("client_assertion", "")
    if parameters.get("client_assertion_type") != _ASSERTION_TYPE or len(assertion) > _LONGEST:
        raise _refused()
    named, kid = _named_by(assertion)
    client = await _registered(provider, named)
    if client is None or client.authentication != "private_key_jwt":
        raise _refused()
    if parameters.get("client_id", client.client_id) != client.client_id:
        raise OAuthError("invalid_request", "client_id differs from the client assertion")
    try:
        keys = await provider.client_keys.of(client, lambda keys: kid is None or kid in {key.kid for key in keys})
    except KeysNotThere as error:
        raise _refused() from error
    claims = _verified(provider, client, keys, assertion)
    async with provider.transaction(ANONYMOUS) as tx:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC) + _LEEWAY
        fresh = await use_assertion(tx.connection, client.client_id, digest(claims["jti"]), expires_at)
    if not fresh:
        raise _refused()
    return client


def _named_by(assertion: str) -> tuple[str | None, str | None]:
    """Return the client and the key that an assertion names, before anything of it is believed."""
    try:
        shown = jws.extract_compact(assertion.encode("ascii"), registry=_READING)
        claims: Any = loads(shown.payload)
    except (JoseError, ValueError):
        return None, None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    kid = shown.headers().get("kid")
    return subject if isinstance(subject, str) else None, kid if isinstance(kid, str) else None


def _verified(provider: Provider, client: Client, keys: KeySet, assertion: str) -> dict[str, Any]:
    now = provider.context.clock()
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(now.timestamp()),
        leeway=int(_LEEWAY.total_seconds()),
        iss={"essential": True, "value": client.client_id},
        sub={"essential": True, "value": client.client_id},
        aud={"essential": True, "values": [provider.issuer, *(f"{provider.issuer}{path}" for path in _MEANT_FOR)]},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        claims: dict[str, Any] = jwt.decode(assertion, keys, registry=_READING).claims
        registry.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused() from error
    if client.fapi and claims["aud"] != provider.issuer:  # FAPI 2.0, 5.3.2.1-8: no address, and no list
        raise _refused()
    too_long = claims["exp"] > (now + _LONGEST_LIFE + _LEEWAY).timestamp()
    if too_long or not isinstance(claims["jti"], str) or not claims["jti"]:
        raise _refused()
    return claims


async def _registered(provider: Provider, client_id: str | None) -> Client | None:
    if client_id is None or not client_id.isprintable():  # the database takes no NUL
        return None
    async with acquired(provider.context.pool) as connection:
        client = await client_by_id(connection, client_id)
    return client if client is not None and client.active else None


def _refused(challenge: str | None = None) -> OAuthError:
    return OAuthError(
        "invalid_client", "the client could not be authenticated", _HTTP_UNAUTHORIZED, challenge=challenge
    )
