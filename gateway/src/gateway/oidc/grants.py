"""Use cases of grants: give, redeem, refresh.

A refusal may have an effect that must last (a replayed code takes its grant back). So these return a `Refusal`
instead of raising: the transaction commits, then the endpoint says no.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.clients.domain import REFRESH, Client
from gateway.late_requests.domain import Authority
from gateway.oidc import repository, rotation
from gateway.oidc.domain import CODE_LIFETIME, REPEATABLE_FOR, AuthorizationRequest, challenge_met, key_suffices
from gateway.oidc.errors import OAuthError
from gateway.oidc.repository import Code, Grant, RefreshToken
from gateway.oidc.rotation import Rotation
from gateway.oidc.taking_back import take_back
from gateway.people.callers import caller_as
from gateway.people.domain import SELF, Capacity, CapacityNotHeld
from gateway.people.repository import person_by_id
from gateway.provider import Provider
from gateway.signin.domain import Session
from gateway.terminals.admission import tokens_end
from gateway.terminals.domain import CHANNEL as TERMINAL
from gateway.tokens.binding import token_type
from gateway.tokens.opaque import digest, new_secret
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.sharing import Lane, NotTogether
from onestop_runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no token; `revoked` is what was taken back because of it."""

    description: str
    revoked: tuple[str, ...] = ()
    code: str = "invalid_grant"

    @property
    def final(self) -> bool:
        """Whether it is no use to ask again."""
        return self.code not in {"authorization_pending", "slow_down"}


@dataclass(frozen=True, slots=True)
class Issued:
    """The tokens of one answer; the client is told no more than it asked for.

    Attributes:
        token_type: how the access token is presented: `Bearer` or `DPoP`.
        grant_id: told to terminals alone, which name it in what they hand in late.
    """

    access_token: str
    token_type: str
    seconds: int
    scopes: frozenset[str]
    id_token: str | None
    refresh_token: str | None
    grant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for beside its proof of a grant.

    Attributes:
        key: thumbprint of the key that it proves to hold and the tokens are bound to, if any.
        scopes: None for everything that was granted.
        resource: where the tokens are to be used; None for where they were granted.
    """

    key: str | None
    scopes: frozenset[str] | None = None
    resource: str | None = None


_GONE: Final = Refusal("the authorization has ended")


async def give(
    tx: Transaction, client: Client, asked: AuthorizationRequest, session: Session, capacity: Capacity
) -> str:
    """Keep what the person lets the client have; return the authorization code that stands for it."""
    grant = Grant(
        id=uuid7(),
        client_id=client.client_id,
        person_id=session.person_id,
        session_id=session.id,
        act=capacity.choice,
        scopes=client.allowed(asked.scopes),
        nonce=asked.nonce,
        resource=asked.resource,
        signed_in_at=session.signed_in_at,
        methods=session.methods,
        given_at=tx.now,
        expires_at=session.bounded(tx.now + client.lifetime),
        revoked_at=None,
    )
    secret = new_secret()
    code = Code(grant.id, asked.redirect_uri, asked.code_challenge, asked.key, tx.now + CODE_LIFETIME)
    await repository.add_grant(tx.connection, grant)
    await repository.add_code(tx.connection, code, hashed=digest(secret), client_id=client.client_id)
    tx.audit("grant.given", key=grant.id, detail={"client": client.client_id, "scopes": sorted(grant.scopes)})
    return secret


async def redeem_code(
    tx: Transaction,
    provider: Provider,
    client: Client,
    wanted: Wanted,
    *,
    code: str,
    redirect_uri: str,
    verifier: str | None,
) -> Issued | Refusal:
    """Exchange a code for tokens, once; a second attempt takes back what the first one got (RFC 6749, 4.1.2).

    Raises:
        OAuthError: `invalid_scope` or `invalid_target` when more is asked than was granted; the code stays good.
    """
    hashed = digest(code)
    used = await repository.use_code(tx.connection, hashed, client.client_id, tx.now)
    if used is None:
        grant_id = await repository.grant_of_code(tx.connection, hashed, client.client_id)
        if grant_id is None:
            return Refusal("the code is unknown")
        return await replayed(tx, grant_id, "code-replayed", "the code was used before")
    if used.expires_at <= tx.now:
        return Refusal("the code has expired")
    if used.redirect_uri != redirect_uri:
        return Refusal("redirect_uri differs from the authorization request")
    if not challenge_met(verifier, used.code_challenge) or used.key not in {None, wanted.key}:
        return Refusal("code_verifier does not fit the challenge, or the key is another one than dpop_jkt")
    return await issue(tx, provider, client, used.grant_id, wanted, with_nonce=True)


async def refresh_with_others(
    provider: Provider, client: Client, caller: Caller, wanted: Wanted, *, token: str
) -> Issued | None:
    """Exchange a refresh token in one transaction with those of others who wait at the same time.

    None, and nothing has happened, when this is not the usual case: a token that was not used, of a client that gets
    another one, for somebody who acts for himself. All other cases, and every refusal, are `refresh`'s.
    """
    if client.keeps_refresh_tokens or client.certificate_bound or client.channel == TERMINAL:
        return None
    context = provider.context
    lane = context.lanes.setdefault("refresh", Lane(context.wake_relay))
    try:
        async with lane.transaction(context.pool, digest(token), caller, context.clock()) as tx:
            return await _refresh_usually(tx, provider, client, wanted, token)
    except NotTogether:
        return None


async def _refresh_usually(
    tx: Transaction, provider: Provider, client: Client, wanted: Wanted, token: str
) -> Issued | None:
    hashed = digest(token)
    held = await tx.together(rotation.lock_held, (hashed, client.client_id))
    if held is None or held.key not in {None, wanted.key}:
        return None
    grant = held.grant
    if grant.act != SELF or grant.idle_until is not None or not _lives(tx, client, grant):
        return None
    if wanted.scopes is not None and not wanted.scopes <= grant.scopes:
        return None
    if wanted.resource not in {None, grant.resource or provider.issuer}:
        return None
    tx.caller = caller_as(held.person, Capacity(), client_id=client.client_id, channel=client.channel)
    new = new_secret()
    tx.later(rotation.rotate, Rotation(hashed, digest(new), grant.id, client.client_id, wanted.key, tx.now))
    return _tokens(tx, provider, client, grant, wanted, refresh_token=new)


async def refresh(
    tx: Transaction, provider: Provider, client: Client, wanted: Wanted, *, token: str
) -> Issued | Refusal:
    """Exchange a refresh token for new tokens, once; a second attempt ends the family (RFC 9700, 4.14.2).

    That of a client which keeps its refresh tokens stays good.
    Who does not hold the key that it is bound to neither uses it nor ends anything: a thief cannot lock out its owner.
    Who proves to hold the key of the tokens that the last exchange gave may have lost the answer, and gets another one
    (FAPI 2.0 Security Profile, 5.3.2.1): once, for a minute, as long as nothing came of the first.

    Raises:
        OAuthError: `invalid_scope` or `invalid_target` when more is asked than was granted; the token stays good.
    """
    hashed = digest(token)
    kept = await repository.refresh_token_of(tx.connection, hashed, client.client_id)
    if kept is None:
        return Refusal("the refresh token is unknown")
    if not key_suffices(kept.key, wanted.key, confidential=client.confidential):
        return Refusal("the refresh token is bound to another key")
    if client.keeps_refresh_tokens and not kept.used:
        return await issue(tx, provider, client, kept.grant_id, wanted, renews=False)
    if not await repository.use_refresh_token(tx.connection, hashed, client.client_id, tx.now):
        if not await _repeat(tx, client, hashed, wanted.key):
            return await replayed(tx, kept.grant_id, "refresh-token-replayed", "the refresh token was used before")
        tx.audit("refresh-token.repeated", key=kept.grant_id, detail={"client": client.client_id})
    return await issue(tx, provider, client, kept.grant_id, wanted, replaces=hashed)


async def living_grant(tx: Transaction, client: Client, token: str) -> Grant | None:
    """Return the grant that a refresh token of the client would be exchanged under now; the token stays good."""
    kept = await repository.refresh_token_of(tx.connection, digest(token), client.client_id)
    if kept is None or kept.used:
        return None
    grant = await repository.grant_by_id(tx.connection, kept.grant_id)
    if grant is None or not _lives(tx, client, grant) or await caller_of(tx, client, grant) is None:
        return None
    return grant


async def _repeat(tx: Transaction, client: Client, hashed: bytes, key: str | None) -> bool:
    if key is None:
        return False
    since = tx.now - REPEATABLE_FOR
    return await repository.repeat_refresh_token(tx.connection, hashed, client.client_id, key, since=since, now=tx.now)


async def replayed(tx: Transaction, grant_id: UUID, reason: str, description: str) -> Refusal:
    """Take back what somebody got already with what is shown again."""
    return Refusal(description, await take_back(tx, grant_id, reason))


async def issue(
    tx: Transaction,
    provider: Provider,
    client: Client,
    grant_id: UUID,
    wanted: Wanted,
    *,
    with_nonce: bool = False,
    replaces: bytes | None = None,
    renews: bool = True,
) -> Issued | Refusal:
    """Return tokens for a grant as it stands now: mandates and appointments are looked at again each time.

    Beside the access token there is a new refresh token when it `renews`; kept as the one that `replaces` another.
    """
    grant = await repository.grant_by_id(tx.connection, grant_id)
    if grant is None or not _lives(tx, client, grant):
        return _GONE
    if wanted.scopes is not None and not wanted.scopes <= grant.scopes:
        raise OAuthError("invalid_scope", "the scope exceeds what was granted")
    if wanted.resource not in {None, grant.resource or provider.issuer}:
        raise OAuthError("invalid_target", "the resource is another one than was granted")
    caller = await caller_of(tx, client, grant)
    if caller is None:
        return Refusal("the mandate has ended", await take_back(tx, grant.id, "capacity-ended"))
    until = await tokens_end(tx, client, grant, wanted.key)
    tx.caller = caller
    refresh_token = await _new_refresh_token(tx, client, grant, wanted.key, replaces) if renews else None
    return _tokens(tx, provider, client, grant, wanted, refresh_token=refresh_token, until=until, with_nonce=with_nonce)


def _tokens(
    tx: Transaction,
    provider: Provider,
    client: Client,
    grant: Grant,
    wanted: Wanted,
    *,
    refresh_token: str | None,
    until: datetime | None = None,
    with_nonce: bool = False,
) -> Issued:
    """Return what the caller of the transaction gets by a grant."""
    caller = tx.caller
    granted = grant.scopes if wanted.scopes is None else wanted.scopes
    access = provider.access_tokens.issue(
        caller,
        scopes=granted,
        grant_id=grant.id,
        auth_time=int(grant.signed_in_at.timestamp()),
        key=wanted.key,
        resource=grant.resource,
        first_party=client.first_party,
        until=until,
    )
    id_token = None
    if "openid" in granted:
        id_token = provider.id_tokens.issue(
            caller,
            session_id=grant.session_id,
            signed_in_at=grant.signed_in_at,
            methods=grant.methods,
            nonce=grant.nonce if with_nonce else None,
            access_token=access.value,
            algorithm=client.id_token_algorithm,
        )
    tx.audit("token.issued", key=grant.id, detail={"client": client.client_id})
    told = grant.id if client.channel == TERMINAL else None
    return Issued(access.value, token_type(wanted.key), access.seconds, granted, id_token, refresh_token, told)


def _lives(tx: Transaction, client: Client, grant: Grant) -> bool:
    return grant.lives(tx.now) and client.honours(grant.given_at)


async def caller_of(tx: Transaction, client: Client, grant: Grant | Authority) -> Caller | None:
    """Return who acts by a grant as things stand now; None when he is known no more, or acts for nobody any more."""
    person = await person_by_id(tx.connection, grant.person_id)
    if person is None:
        return None
    try:
        capacity = person.capacity(grant.act, legal_day(tx.now))
    except CapacityNotHeld:
        return None
    return caller_as(person, capacity, client_id=client.client_id, channel=client.channel)


async def _new_refresh_token(
    tx: Transaction, client: Client, grant: Grant, key: str | None, replaces: bytes | None
) -> str | None:
    if REFRESH not in client.grant_types:
        return None
    token = new_secret()
    new = RefreshToken(grant.id, key, used=False)
    await repository.add_refresh_token(
        tx.connection, new, hashed=digest(token), client_id=client.client_id, now=tx.now, replaces=replaces
    )
    return token
