"""Reads and writes links to identities of other providers, and sign-ins there that are under way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.federation.domain import Link, Standing
from gateway.federation.tables import (
    federated_arrival,
    federated_identity,
    federated_request,
    federated_session,
    upstream_logout,
)
from gateway.signin.domain import Session
from gateway.signin.tables import session
from onestop_runtime.sql import Connection, Record, compiled


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in at another's provider that is under way.

    Attributes:
        handle: of the authorization request that it is for, if any.
        afterwards: the page of ours that it leads to, if any.
        linking: whose account is to be linked; None when somebody signs in.
        signed_in_after: when the person has to have signed in there at the earliest.
    """

    provider: str
    handle: str | None
    afterwards: str | None
    linking: UUID | None
    signed_in_after: datetime | None


_LINK = (
    federated_identity.c.id,
    federated_identity.c.person_id,
    federated_identity.c.provider,
    federated_identity.c.linked_by_person,
    federated_identity.c.linked_at,
    federated_identity.c.used_at,
)
_LIVING = federated_identity.c.unlinked_at.is_(None)
_ADD_REQUEST = compiled(sa.insert(federated_request))
_TAKE_REQUEST = compiled(
    sa.update(federated_request)
    .where(
        federated_request.c.state_hash == sa.bindparam("state"),
        federated_request.c.visit_hash == sa.bindparam("visit"),
        federated_request.c.provider == sa.bindparam("named"),
        federated_request.c.used_at.is_(None),
        federated_request.c.expires_at > sa.bindparam("now"),
    )
    .values(used_at=sa.bindparam("now"))
    .returning(
        federated_request.c.provider,
        federated_request.c.handle,
        federated_request.c.afterwards,
        federated_request.c.linking,
        federated_request.c.signed_in_after,
    )
)
_RESERVE = compiled(sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("subject", type_=sa.BigInteger))))
_BY_SUBJECT = compiled(sa.select(*_LINK).where(federated_identity.c.subject_index == sa.bindparam("subject"), _LIVING))
_BY_ID = compiled(sa.select(*_LINK).where(federated_identity.c.id == sa.bindparam("identity_id"), _LIVING))
_by_person = (
    sa.select(*_LINK)
    .where(federated_identity.c.person_id == sa.bindparam("person_id"), _LIVING)
    .order_by(federated_identity.c.linked_at)
)
_BY_PERSON = compiled(_by_person)
_BY_PERSON_LOCKED = compiled(_by_person.with_for_update())
_ADD_LINK = compiled(sa.insert(federated_identity))
_USE_LINK = compiled(
    sa.update(federated_identity)
    .where(federated_identity.c.id == sa.bindparam("identity_id"))
    .values(used_at=sa.bindparam("now"))
)
_UNLINK = compiled(
    sa.update(federated_identity)
    .where(federated_identity.c.id == sa.bindparam("identity_id"), _LIVING)
    .values(unlinked_at=sa.bindparam("now"), version=federated_identity.c.version + 1)
    .returning(sa.true())
)


_STANDING = compiled(
    sa.select(
        sa.func.coalesce(sa.func.bool_or(_LIVING), sa.false()).label("linked"),
        sa.func.coalesce(sa.func.bool_or(sa.not_(_LIVING)), sa.false()).label("unlinked"),
    ).where(
        federated_identity.c.person_id == sa.bindparam("person_id"),
        federated_identity.c.provider == sa.bindparam("provider"),
    )
)
_KEPT = ("identity_id", "upstream_session_hash", "id_token")
_insert_arrival = pg.insert(federated_arrival)
_KEEP_ARRIVAL = compiled(
    _insert_arrival.on_conflict_do_update(
        index_elements=[federated_arrival.c.visit_hash],
        set_={name: _insert_arrival.excluded[name] for name in ("person_id", *_KEPT, "expires_at")},
    )
)
_arrived = (
    sa.delete(federated_arrival)
    .where(
        federated_arrival.c.visit_hash == sa.bindparam("visit"),
        federated_arrival.c.person_id == sa.bindparam("owner"),
        federated_arrival.c.expires_at > sa.bindparam("now"),
    )
    .returning(*(federated_arrival.c[name] for name in _KEPT))
    .cte("arrived")
)
_insert_session = pg.insert(federated_session).from_select(
    ["session_id", *_KEPT],
    sa.select(sa.bindparam("session", type_=sa.Uuid), *(_arrived.c[name] for name in _KEPT)),
)
_CLAIM_ARRIVAL = compiled(
    _insert_session.on_conflict_do_update(
        index_elements=[federated_session.c.session_id],
        set_={name: _insert_session.excluded[name] for name in _KEPT},
    )
)
_ID_TOKEN = compiled(
    sa.select(*_LINK, federated_session.c.id_token)
    .join(federated_identity, federated_identity.c.id == federated_session.c.identity_id)
    .where(federated_session.c.session_id == sa.bindparam("session_id"))
)
_SESSIONS = (
    sa.select(federated_session.c.session_id)
    .join(session, session.c.id == federated_session.c.session_id)
    .where(session.c.ended_at.is_(None))
)
_SESSIONS_OF_LINK = compiled(_SESSIONS.where(federated_session.c.identity_id == sa.bindparam("identity_id")))
_SESSIONS_OF_UPSTREAM = compiled(
    _SESSIONS.where(federated_session.c.upstream_session_hash == sa.bindparam("session_hash"))
)
_NOTE_LOGOUT = compiled(pg.insert(upstream_logout).on_conflict_do_nothing().returning(sa.true()))


async def add_request(
    connection: Connection, begun: Begun, *, state: bytes, visit: bytes, expires_at: datetime
) -> None:
    """Keep a sign-in until the browser comes back; bound to that browser by `visit`."""
    await _ADD_REQUEST.execute(
        connection,
        state_hash=state,
        visit_hash=visit,
        provider=begun.provider,
        handle=begun.handle,
        afterwards=begun.afterwards,
        linking=begun.linking,
        signed_in_after=begun.signed_in_after,
        expires_at=expires_at,
        used_at=None,
    )


async def take_request(
    connection: Connection, provider: str, *, state: bytes, visit: bytes, now: datetime
) -> Begun | None:
    """Consume a sign-in that was begun in this browser; of many who come back with it one gets it."""
    row = await _TAKE_REQUEST.fetchrow(connection, named=provider, state=state, visit=visit, now=now)
    return Begun(**row) if row else None


async def link_by_subject(connection: Connection, subject_index: bytes) -> Link | None:
    """Return the link of a provider's subject; nobody else links that one before the transaction ends."""
    await _RESERVE.execute(connection, subject=int.from_bytes(subject_index[:8], signed=True))
    row = await _BY_SUBJECT.fetchrow(connection, subject=subject_index)
    return _link(row) if row else None


async def link_by_id(connection: Connection, link_id: UUID) -> Link | None:
    """Return a link that was not taken back."""
    row = await _BY_ID.fetchrow(connection, identity_id=link_id)
    return _link(row) if row else None


async def links_of(connection: Connection, person_id: UUID, *, lock: bool = False) -> list[Link]:
    """Return the links of a person, the oldest first; nobody else takes one back meanwhile, when they are locked."""
    rows = await (_BY_PERSON_LOCKED if lock else _BY_PERSON).fetch(connection, person_id=person_id)
    return [_link(row) for row in rows]


async def add_link(connection: Connection, new: Link, subject_index: bytes) -> None:
    """Keep a new link."""
    await _ADD_LINK.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        provider=new.provider,
        subject_index=subject_index,
        linked_by_person=new.linked_by_person,
        linked_at=new.linked_at,
        used_at=new.used_at,
        unlinked_at=None,
        version=1,
    )


async def use_link(connection: Connection, link_id: UUID, now: datetime) -> None:
    """Note that somebody signed in by a link."""
    await _USE_LINK.execute(connection, identity_id=link_id, now=now)


async def unlink(connection: Connection, link_id: UUID, now: datetime) -> bool:
    """Take a link back; False when it was before."""
    return await _UNLINK.fetchval(connection, identity_id=link_id, now=now) is True


async def standing_of(connection: Connection, person_id: UUID, provider: str) -> Standing:
    """Return how the account of a person stands to a provider."""
    row = await _STANDING.fetchrow(connection, person_id=person_id, provider=provider)
    return Standing(**row) if row else Standing(linked=False, unlinked=False)


async def keep_arrival(
    connection: Connection, link: Link, *, visit: bytes, session: bytes | None, id_token: bytes, expires_at: datetime
) -> None:
    """Remember in a browser by which link somebody has come back, and as what the provider knows his session."""
    await _KEEP_ARRIVAL.execute(
        connection,
        visit_hash=visit,
        person_id=link.person_id,
        identity_id=link.id,
        upstream_session_hash=session,
        id_token=id_token,
        expires_at=expires_at,
    )


async def claim_arrival(connection: Connection, session: Session, visit: bytes, now: datetime) -> None:
    """Note that a session was begun by who has come back from another's provider in this browser."""
    await _CLAIM_ARRIVAL.execute(connection, session=session.id, owner=session.person_id, visit=visit, now=now)


async def sealed_id_token(connection: Connection, session_id: UUID) -> tuple[Link, bytes] | None:
    """Return the link that a session was begun by, and the encrypted ID token of that sign-in."""
    row = await _ID_TOKEN.fetchrow(connection, session_id=session_id)
    if row is None:
        return None
    values = dict(row)
    sealed: bytes = values.pop("id_token")
    return Link(**values), sealed


async def sessions_of_link(connection: Connection, link_id: UUID) -> list[UUID]:
    """Return the living sessions that were begun by a link."""
    return [row["session_id"] for row in await _SESSIONS_OF_LINK.fetch(connection, identity_id=link_id)]


async def sessions_of_upstream(connection: Connection, session_hash: bytes) -> list[UUID]:
    """Return the living sessions that were begun in one session of a provider."""
    return [row["session_id"] for row in await _SESSIONS_OF_UPSTREAM.fetch(connection, session_hash=session_hash)]


async def note_logout(connection: Connection, token_hash: bytes, expires_at: datetime) -> bool:
    """Note that a logout token was honoured; False when it had been before."""
    return await _NOTE_LOGOUT.fetchval(connection, token_hash=token_hash, expires_at=expires_at) is True


def _link(row: Record) -> Link:
    return Link(**row)
