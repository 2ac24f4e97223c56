"""Reads and writes requests that came late, and on whose authority they came."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.late_requests.domain import Authority, Chain, Taken
from gateway.late_requests.tables import late_request
from gateway.oidc.tables import access_grant
from gateway.signin.tables import session
from onestop_runtime.sql import Connection, compiled

_TAKEN = (
    late_request.c.id,
    late_request.c.sequence,
    late_request.c.request_hash.label("digest"),
    late_request.c.person_id,
    late_request.c.taken_at,
    late_request.c.answer,
)
_THE_REQUEST = (late_request.c.jkt == sa.bindparam("key"), late_request.c.sequence == sa.bindparam("sequence"))
_LAST = sa.func.coalesce(
    sa.select(sa.func.max(late_request.c.sequence)).where(late_request.c.jkt == sa.bindparam("key")).scalar_subquery(),
    0,
)
_CHAIN = compiled(
    sa.select(late_request.c.sequence, late_request.c.request_hash).where(
        late_request.c.jkt == sa.bindparam("key"),
        sa.or_(
            late_request.c.sequence == _LAST,
            late_request.c.sequence.between(sa.bindparam("first"), sa.bindparam("final")),
        ),
    )
)
_FIND = compiled(sa.select(*_TAKEN).where(*_THE_REQUEST))
_TAKE = compiled(
    pg.insert(late_request).on_conflict_do_nothing(constraint="late_request_is_taken_once").returning(late_request.c.id)
)
_ANSWER = compiled(
    sa.update(late_request)
    .where(late_request.c.id == sa.bindparam("request_id"), late_request.c.answered_at.is_(None))
    .values(answer=sa.bindparam("answer"), answered_at=sa.bindparam("answered_at"))
    .returning(sa.true())
)
_AUTHORITY = compiled(
    sa.select(
        access_grant.c.person_id,
        access_grant.c.client_id,
        access_grant.c.act,
        access_grant.c.scopes,
        access_grant.c.given_at,
        access_grant.c.expires_at,
        sa.func.least(access_grant.c.revoked_at, session.c.ended_at).label("ended_at"),
    )
    .join(session, session.c.id == access_grant.c.session_id)
    .where(access_grant.c.id == sa.bindparam("grant_id"))
)


async def chain_of(connection: Connection, key: str, root: bytes, first: int, final: int) -> Chain:
    """Return what was taken under a key: the last one of all, and those from sequence `first` to `final`."""
    rows = await _CHAIN.fetch(connection, key=key, first=first, final=final)
    known = {row["sequence"]: row["request_hash"] for row in rows}
    return Chain(root, max(known, default=0), known)


async def find(connection: Connection, key: str, sequence: int) -> Taken | None:
    """Return the request that was taken under a sequence."""
    row = await _FIND.fetchrow(connection, key=key, sequence=sequence)
    return Taken(**row) if row else None


async def take(connection: Connection, new: Taken, terminal_id: UUID, key: str, made_at: datetime) -> bool:
    """Note that a request was taken; False when it was before: of many at once one takes it."""
    taken = await _TAKE.fetchval(
        connection,
        id=new.id,
        terminal_id=terminal_id,
        jkt=key,
        sequence=new.sequence,
        request_hash=new.digest,
        person_id=new.person_id,
        made_at=made_at,
        taken_at=new.taken_at,
        answered_at=None,
        answer=None,
    )
    return taken is not None


async def keep_answer(connection: Connection, request_id: UUID, answer: bytes, now: datetime) -> bool:
    """Keep the answer to a request; False when there is one already, which counts."""
    return await _ANSWER.fetchval(connection, request_id=request_id, answer=answer, answered_at=now) is True


async def authority_of(connection: Connection, grant_id: UUID) -> Authority | None:
    """Return what a person granted, whether it has ended or not."""
    row = await _AUTHORITY.fetchrow(connection, grant_id=grant_id)
    return Authority(**{**dict(row), "scopes": frozenset(row["scopes"])}) if row else None
