"""Token exchange (RFC 8693): a system goes on in a person's name with less than the person let another client do.

Only delegation: the new token says through which clients the authority has come. It is narrower, ends with the token
that it was made from, and is void as soon as the person's grant is, or any of these clients is suspended.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from gateway.clients.domain import API_SCOPES, Client
from gateway.clients.repository import client_by_id
from gateway.oidc import repository
from gateway.oidc.errors import OAuthError
from gateway.oidc.grants import Wanted
from gateway.oidc.repository import Grant
from gateway.provider import Provider
from gateway.tokens.access import InvalidToken, IssuedToken
from gateway.tokens.principal import clients_of, names_of
from onestop_runtime.assertion import caller_of
from onestop_runtime.transaction import Transaction

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind
_MOST_CLIENTS: Final = 3
"""Through how many clients authority comes at most, the one that the person signed in to included."""


async def exchange(
    tx: Transaction, provider: Provider, client: Client, wanted: Wanted, form: Mapping[str, str]
) -> tuple[IssuedToken, frozenset[str]]:
    """Return a token in the name of whom the subject token is for, and its scopes.

    Raises:
        OAuthError: `invalid_request` when the subject token is not one that the client may go on with, `invalid_scope`
            or `invalid_target` when more is asked than both the person and the registry let it have.
    """
    subject = _subject(provider, client, form)
    grant = await _living(tx, subject)
    if grant is None:
        raise _unfit("has been taken back")
    if "cnf" in subject and wanted.key is None:
        raise _unfit("is bound to a key and is not exchanged for a bearer token")
    resource = wanted.resource or provider.issuer
    if resource not in client.exchange_resources:
        raise OAuthError("invalid_target", "the client is not registered to exchange tokens for this resource")
    scopes = _narrowed(client, subject, wanted.scopes)
    issued = provider.access_tokens.delegate(
        subject, client.client_id, scopes=scopes, key=wanted.key, resource=resource
    )
    tx.caller = caller_of({**subject, "client": client.client_id})
    detail = {"client": client.client_id, "through": list(clients_of(subject)), "scopes": sorted(scopes)}
    tx.audit("token.exchanged", key=grant.id, detail=detail)
    return issued, scopes


def _subject(provider: Provider, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the subject token states: a person's, that was given to the client or for what it serves."""
    if form.get("subject_token_type") != ACCESS_TOKEN or form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise OAuthError("invalid_request", "only access tokens are exchanged, and for access tokens")
    if "actor_token" in form or "actor_token_type" in form:
        raise OAuthError("invalid_request", "the actor is the client itself")
    try:
        subject = provider.access_tokens.read(form.get("subject_token", ""))
    except InvalidToken as error:
        raise _unfit("is none of ours, or has expired") from error
    if client.client_id != subject["client_id"] and subject["aud"] not in client.resources:
        raise _unfit("was not given to the client nor for what it serves")
    if "grant" not in subject or provider.revoked.refuses(names_of(subject), subject["iat"]):
        raise _unfit("is no person's, or was taken back")
    through = tuple(clients_of(subject))
    if client.client_id not in through and len(through) >= _MOST_CLIENTS:
        raise _unfit("has come through too many clients")
    return subject


async def _living(tx: Transaction, subject: Mapping[str, Any]) -> Grant | None:
    """Return the grant that a token comes from, unless it or its client is not good any more."""
    grant = await repository.grant_by_id(tx.connection, UUID(subject["grant"]))
    if grant is None or not grant.lives(tx.now):
        return None
    given_to = await client_by_id(tx.connection, grant.client_id)
    return grant if given_to and given_to.active and given_to.honours(grant.given_at) else None


def _narrowed(client: Client, subject: Mapping[str, Any], asked: frozenset[str] | None) -> frozenset[str]:
    """Return what both sides let the client do; what a person's own client may do needs no scope."""
    held = frozenset(API_SCOPES if subject.get("first_party") else subject["scope"].split())
    allowed = held & frozenset(API_SCOPES) & frozenset(client.scopes)
    if not allowed or (asked is not None and not asked <= allowed):
        raise OAuthError("invalid_scope", "the scope exceeds what the person or the registry lets the client have")
    return allowed if asked is None else asked


def _unfit(why: str) -> OAuthError:
    return OAuthError("invalid_request", f"the subject token {why}")
