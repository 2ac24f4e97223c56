"""Reads and writes requests under way, grants, codes and refresh tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.oidc.domain import worth_keeping
from gateway.oidc.tables import (
    access_grant,
    authorization_code,
    authorization_request,
    pushed_request,
    refresh_token,
)
from gateway.signin.tables import session
from gateway.tokens.tables import dpop_proof
from onestop_runtime.sql import Connection, Record, compiled


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for the person: what was asked, and when.

    Attributes:
        pushed: hash of the handle under which its client had pushed it, if it had.
    """

    parameters: dict[str, str]
    started_at: datetime
    pushed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person let a client have, once: the root of a family of tokens.

    Attributes:
        act: the capacity chosen: `self`, a credit code, or the id of another person.
        resource: where its tokens are good; None for our own API.
        methods: how the person had signed in.
        idle_until: at a self-service terminal it ends as soon as the person did nothing for a while.
    """

    id: UUID
    client_id: str
    person_id: UUID
    session_id: UUID
    act: str
    scopes: frozenset[str]
    nonce: str | None
    resource: str | None
    signed_in_at: datetime
    methods: tuple[str, ...]
    given_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    idle_until: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Tell whether the grant is neither taken back nor over."""
        rested = self.idle_until is not None and now >= self.idle_until
        return self.revoked_at is None and now < self.expires_at and not rested


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was just consumed.

    Attributes:
        key: thumbprint of the key that it is bound to, if any.
    """

    grant_id: UUID
    redirect_uri: str
    code_challenge: str | None
    key: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token that was found.

    Attributes:
        key: thumbprint of the key that it was given to, if any.
    """

    grant_id: UUID
    key: str | None
    used: bool


_ADD_REQUEST = compiled(sa.insert(authorization_request))
_PENDING = (
    authorization_request.c.handle_hash == sa.bindparam("handle"),
    authorization_request.c.visit_hash == sa.bindparam("visit"),
    authorization_request.c.finished_at.is_(None),
    authorization_request.c.expires_at > sa.bindparam("now"),
)
_REQUEST = compiled(
    sa.select(
        authorization_request.c.parameters,
        authorization_request.c.started_at,
        authorization_request.c.pushed_hash.label("pushed"),
    ).where(*_PENDING)
)
_FINISH_REQUEST = compiled(
    sa.update(authorization_request).where(*_PENDING).values(finished_at=sa.bindparam("now")).returning(sa.true())
)
_REPLACE_PARAMETERS = compiled(
    sa.update(authorization_request)
    .where(*_PENDING)
    .values(parameters=sa.bindparam("asked", type_=authorization_request.c.parameters.type))
)
_ADD_PUSHED = compiled(sa.insert(pushed_request))
_UNUSED = (pushed_request.c.handle_hash == sa.bindparam("handle"), pushed_request.c.used_at.is_(None))
_PUSHED = compiled(
    sa.select(pushed_request.c.parameters).where(
        *_UNUSED,
        pushed_request.c.client_id == sa.bindparam("client"),
        pushed_request.c.expires_at > sa.bindparam("now"),
    )
)
_USE_PUSHED = compiled(
    sa.update(pushed_request).where(*_UNUSED).values(used_at=sa.bindparam("now")).returning(sa.true())
)
_ADD_GRANT = compiled(sa.insert(access_grant))
_GRANT = compiled(
    sa.select(access_grant, session.c.methods, session.c.idle_until)
    .join(session, session.c.id == access_grant.c.session_id)
    .where(access_grant.c.id == sa.bindparam("grant_id"), session.c.ended_at.is_(None))
)
_ADD_CODE = compiled(sa.insert(authorization_code))
_USE_CODE = compiled(
    sa.update(authorization_code)
    .where(
        authorization_code.c.code_hash == sa.bindparam("hashed"),
        authorization_code.c.client_id == sa.bindparam("client"),
        authorization_code.c.used_at.is_(None),
    )
    .values(used_at=sa.bindparam("now"))
    .returning(
        authorization_code.c.grant_id,
        authorization_code.c.redirect_uri,
        authorization_code.c.code_challenge,
        authorization_code.c.jkt.label("key"),
        authorization_code.c.expires_at,
    )
)
_GRANT_OF_CODE = compiled(
    sa.select(authorization_code.c.grant_id).where(
        authorization_code.c.code_hash == sa.bindparam("hashed"),
        authorization_code.c.client_id == sa.bindparam("client"),
    )
)
_ADD_REFRESH = compiled(sa.insert(refresh_token))
_THE_REFRESH_TOKEN = (
    refresh_token.c.token_hash == sa.bindparam("hashed"),
    refresh_token.c.client_id == sa.bindparam("client"),
)
_REFRESH = compiled(
    sa.select(
        refresh_token.c.grant_id, refresh_token.c.jkt.label("key"), refresh_token.c.used_at.is_not(None).label("used")
    ).where(*_THE_REFRESH_TOKEN)
)
_USE_REFRESH = compiled(
    sa.update(refresh_token)
    .where(*_THE_REFRESH_TOKEN, refresh_token.c.used_at.is_(None))
    .values(used_at=sa.bindparam("now"))
    .returning(sa.true())
)
_REPEAT_REFRESH = compiled(
    sa.update(refresh_token)
    .where(
        *_THE_REFRESH_TOKEN,
        refresh_token.c.used_at > sa.bindparam("since", type_=refresh_token.c.used_at.type),
        refresh_token.c.repeated_at.is_(None),
    )
    .values(repeated_at=sa.bindparam("now"))
    .returning(sa.true())
)
_USE_REPLACEMENT = compiled(
    sa.update(refresh_token)
    .where(
        refresh_token.c.replaces == sa.bindparam("replaced"),
        refresh_token.c.jkt == sa.bindparam("key"),
        refresh_token.c.used_at.is_(None),
    )
    .values(used_at=sa.bindparam("now"))
    .returning(sa.true())
)
_USE_PROOF = compiled(pg.insert(dpop_proof).on_conflict_do_nothing().returning(sa.true()))


async def add_request(
    connection: Connection, pending: Pending, *, handle: bytes, visit: bytes, expires_at: datetime
) -> None:
    """Keep a request until the person has signed in; bound to one browser by `visit`."""
    await _ADD_REQUEST.execute(
        connection,
        handle_hash=handle,
        visit_hash=visit,
        parameters=pending.parameters,
        pushed_hash=pending.pushed,
        started_at=pending.started_at,
        expires_at=expires_at,
        finished_at=None,
    )


async def pending_request(connection: Connection, handle: bytes, visit: bytes, now: datetime) -> Pending | None:
    """Return a request that waits for the person at this browser."""
    row = await _REQUEST.fetchrow(connection, handle=handle, visit=visit, now=now)
    return Pending(**row) if row else None


async def replace_parameters(
    connection: Connection, handle: bytes, visit: bytes, parameters: Mapping[str, str], now: datetime
) -> None:
    """Keep what a request that waits at this browser asks for from now on."""
    await _REPLACE_PARAMETERS.execute(connection, handle=handle, visit=visit, asked=worth_keeping(parameters), now=now)


async def finish_request(connection: Connection, handle: bytes, visit: bytes, now: datetime) -> bool:
    """End a request; False when it was ended before: it is answered once."""
    ended = await _FINISH_REQUEST.fetchval(connection, handle=handle, visit=visit, now=now)
    return ended is True


async def add_pushed_request(
    connection: Connection, pushed: Pending, *, handle: bytes, client_id: str, expires_at: datetime
) -> None:
    """Keep a request until the browser comes with its handle."""
    await _ADD_PUSHED.execute(
        connection,
        handle_hash=handle,
        client_id=client_id,
        parameters=pushed.parameters,
        pushed_at=pushed.started_at,
        expires_at=expires_at,
        used_at=None,
    )


async def pushed_parameters(
    connection: Connection, handle: bytes, client_id: str, now: datetime
) -> dict[str, str] | None:
    """Return what a client has pushed, unless it is too old or used up."""
    parameters: dict[str, str] | None = await _PUSHED.fetchval(connection, handle=handle, client=client_id, now=now)
    return parameters


async def use_pushed_request(connection: Connection, handle: bytes, now: datetime) -> bool:
    """Use up a pushed request; of many sign-ins that it began one succeeds."""
    return await _USE_PUSHED.fetchval(connection, handle=handle, now=now) is True


async def add_grant(connection: Connection, grant: Grant) -> None:
    """Keep a grant."""
    await _ADD_GRANT.execute(
        connection,
        id=grant.id,
        client_id=grant.client_id,
        person_id=grant.person_id,
        session_id=grant.session_id,
        act=grant.act,
        scopes=sorted(grant.scopes),
        nonce=grant.nonce,
        resource=grant.resource,
        signed_in_at=grant.signed_in_at,
        given_at=grant.given_at,
        expires_at=grant.expires_at,
        revoked_at=None,
    )


async def grant_by_id(connection: Connection, grant_id: UUID) -> Grant | None:
    """Return a grant, unless the session that it was given in has ended."""
    row = await _GRANT.fetchrow(connection, grant_id=grant_id)
    return grant_of(row) if row else None


async def add_code(connection: Connection, code: Code, *, hashed: bytes, client_id: str) -> None:
    """Keep a new code."""
    await _ADD_CODE.execute(
        connection,
        code_hash=hashed,
        grant_id=code.grant_id,
        client_id=client_id,
        redirect_uri=code.redirect_uri,
        code_challenge=code.code_challenge,
        jkt=code.key,
        expires_at=code.expires_at,
        used_at=None,
    )


async def use_code(connection: Connection, hashed: bytes, client_id: str, now: datetime) -> Code | None:
    """Consume a code; of many who try at once one gets it, everybody else None."""
    row = await _USE_CODE.fetchrow(connection, hashed=hashed, client=client_id, now=now)
    return Code(**row) if row else None


async def grant_of_code(connection: Connection, hashed: bytes, client_id: str) -> UUID | None:
    """Return the grant of a code, used or not."""
    grant_id: UUID | None = await _GRANT_OF_CODE.fetchval(connection, hashed=hashed, client=client_id)
    return grant_id


async def add_refresh_token(
    connection: Connection, new: RefreshToken, *, hashed: bytes, client_id: str, now: datetime, replaces: bytes | None
) -> None:
    """Keep a new refresh token, and which one it was exchanged for."""
    await _ADD_REFRESH.execute(
        connection,
        token_hash=hashed,
        grant_id=new.grant_id,
        client_id=client_id,
        jkt=new.key,
        issued_at=now,
        used_at=None,
        replaces=replaces,
        repeated_at=None,
    )


async def refresh_token_of(connection: Connection, hashed: bytes, client_id: str) -> RefreshToken | None:
    """Return a refresh token of a client, used or not."""
    row = await _REFRESH.fetchrow(connection, hashed=hashed, client=client_id)
    return RefreshToken(**row) if row else None


async def use_refresh_token(connection: Connection, hashed: bytes, client_id: str, now: datetime) -> bool:
    """Consume a refresh token; of many who try at once one succeeds."""
    return await _USE_REFRESH.fetchval(connection, hashed=hashed, client=client_id, now=now) is True


async def repeat_refresh_token(
    connection: Connection, hashed: bytes, client_id: str, key: str, *, since: datetime, now: datetime
) -> bool:
    """Consume a refresh token once more, and in its stead the one that it was exchanged for.

    False when it was used before `since`, was repeated already, or was exchanged for a token that is used, or bound
    to another key. Of many who try at once one succeeds.
    """
    repeated = await _REPEAT_REFRESH.fetchval(connection, hashed=hashed, client=client_id, since=since, now=now)
    if repeated is None:
        return False
    return await _USE_REPLACEMENT.fetchval(connection, replaced=hashed, key=key, now=now) is True


async def use_proof(connection: Connection, proof_hash: bytes, expires_at: datetime) -> bool:
    """Note that a DPoP proof was used; False when it had been used before."""
    return await _USE_PROOF.fetchval(connection, proof_hash=proof_hash, expires_at=expires_at) is True


def grant_of(row: Record) -> Grant:
    """Return the grant in a row, with methods and pause of its session."""
    return Grant(
        id=row["id"],
        client_id=row["client_id"],
        person_id=row["person_id"],
        session_id=row["session_id"],
        act=row["act"],
        scopes=frozenset(row["scopes"]),
        nonce=row["nonce"],
        resource=row["resource"],
        signed_in_at=row["signed_in_at"],
        methods=tuple(row["methods"]),
        given_at=row["given_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        idle_until=row["idle_until"],
    )
