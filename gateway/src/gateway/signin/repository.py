"""Reads and writes sessions, known browsers and the memory of failures."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.oidc.tables import access_grant
from gateway.signin.domain import Session
from gateway.signin.tables import known_device, session, sign_in_throttle
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(column for column in session.c if column.name not in {"token_hash", "version"})
_LIVES = (
    session.c.ended_at.is_(None),
    session.c.expires_at > sa.bindparam("now"),
    sa.or_(session.c.idle_until.is_(None), session.c.idle_until > sa.bindparam("now")),
)
_ADD = compiled(sa.insert(session))
_BY_TOKEN = compiled(
    sa.select(*_COLUMNS).where(
        session.c.token_hash == sa.bindparam("token_hash"),
        *_LIVES,
    )
)
_BY_ID = compiled(
    sa.select(*_COLUMNS).where(
        session.c.id == sa.bindparam("session_id"),
        *_LIVES,
    )
)
_BY_GRANT = compiled(
    sa.select(*_COLUMNS)
    .join(access_grant, access_grant.c.session_id == session.c.id)
    .where(
        access_grant.c.id == sa.bindparam("grant_id"),
        session.c.ended_at.is_(None),
        session.c.expires_at > sa.bindparam("now"),
    )
)
_BY_PERSON = compiled(
    sa.select(*_COLUMNS)
    .where(
        session.c.person_id == sa.bindparam("person_id"),
        *_LIVES,
    )
    .order_by(session.c.id.desc())
    .limit(100)
)
_SIGN_IN_AGAIN = compiled(
    sa.update(session)
    .where(session.c.id == sa.bindparam("session_id"), session.c.ended_at.is_(None))
    .values(
        token_hash=sa.bindparam("token_hash"),
        signed_in_at=sa.bindparam("now"),
        methods=sa.bindparam("methods"),
        expires_at=sa.bindparam("expires_at"),
        version=session.c.version + 1,
    )
    .returning(*_COLUMNS)
)
_STRENGTHEN = compiled(
    sa.update(session)
    .where(session.c.id == sa.bindparam("session_id"), session.c.ended_at.is_(None))
    .values(methods=sa.bindparam("methods"), version=session.c.version + 1)
)
_OTHERS = compiled(
    sa.select(session.c.id).where(
        session.c.person_id == sa.bindparam("person_id"),
        session.c.ended_at.is_(None),
        session.c.id.is_distinct_from(sa.bindparam("kept", type_=sa.Uuid)),
    )
)
_END = compiled(
    sa.update(session)
    .where(session.c.id == sa.bindparam("session_id"), session.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("now"), version=session.c.version + 1)
    .returning(session.c.person_id)
)
_DEVICE_KNOWN = compiled(
    sa.update(known_device)
    .where(
        known_device.c.token_hash == sa.bindparam("device_hash"),
        known_device.c.person_id == sa.bindparam("owner_id"),
    )
    .values(seen_at=sa.bindparam("now"))
    .returning(sa.true())
)
_ADD_DEVICE = compiled(sa.insert(known_device))
_NOT_BEFORE = compiled(
    sa.select(sa.func.max(sign_in_throttle.c.not_before)).where(
        sign_in_throttle.c.key == sa.any_(sa.bindparam("keys", type_=pg.ARRAY(sa.LargeBinary)))
    )
)
_insert_failure = pg.insert(sign_in_throttle)
_COUNT_FAILURE = compiled(
    _insert_failure.on_conflict_do_update(
        index_elements=[sign_in_throttle.c.key],
        set_={
            "failures": sa.case(
                (
                    sign_in_throttle.c.last_failed_at
                    > sa.bindparam("forgiven_before", type_=sa.DateTime(timezone=True)),
                    sign_in_throttle.c.failures + 1,
                ),
                else_=1,
            ),
            "last_failed_at": _insert_failure.excluded.last_failed_at,
        },
    ).returning(sign_in_throttle.c.failures)
)
_SET_PAUSE = compiled(
    sa.update(sign_in_throttle)
    .where(sign_in_throttle.c.key == sa.bindparam("throttle_key"))
    .values(
        not_before=sa.func.greatest(
            sign_in_throttle.c.not_before, sa.bindparam("until", type_=sa.DateTime(timezone=True))
        )
    )
)
_FORGIVE = compiled(sa.delete(sign_in_throttle).where(sign_in_throttle.c.key == sa.bindparam("throttle_key")))


async def add_session(connection: Connection, new: Session, token_hash: bytes) -> None:
    """Start a session that is recognised by `token_hash`."""
    values = {column.name: getattr(new, column.name) for column in _COLUMNS}
    await _ADD.execute(connection, **values, token_hash=token_hash, version=1)


async def session_by_token(connection: Connection, token_hash: bytes, now: datetime) -> Session | None:
    """Return the living session that is recognised by `token_hash`."""
    row = await _BY_TOKEN.fetchrow(connection, token_hash=token_hash, now=now)
    return _session(row) if row else None


async def living_session(connection: Connection, session_id: UUID, now: datetime) -> Session | None:
    """Return a session that has not ended."""
    row = await _BY_ID.fetchrow(connection, session_id=session_id, now=now)
    return _session(row) if row else None


async def session_behind(connection: Connection, grant_id: str | None, token_id: str, now: datetime) -> Session | None:
    """Return the living session that a token was granted in; without a grant the token is the session itself."""
    if grant_id is None:
        return await living_session(connection, UUID(token_id), now)
    row = await _BY_GRANT.fetchrow(connection, grant_id=UUID(grant_id), now=now)
    return _session(row) if row else None


async def sessions_of(connection: Connection, person_id: UUID, now: datetime) -> list[Session]:
    """Return the living sessions of a person, the newest first, at most 100."""
    return [_session(row) for row in await _BY_PERSON.fetch(connection, person_id=person_id, now=now)]


async def sign_in_again(
    connection: Connection,
    session_id: UUID,
    token_hash: bytes,
    methods: tuple[str, ...],
    now: datetime,
    expires_at: datetime,
) -> Session | None:
    """Give a living session a new token and a new sign-in; None when it ended meanwhile."""
    row = await _SIGN_IN_AGAIN.fetchrow(
        connection,
        session_id=session_id,
        token_hash=token_hash,
        now=now,
        methods=list(methods),
        expires_at=expires_at,
    )
    return _session(row) if row else None


async def strengthen_session(connection: Connection, session_id: UUID, methods: tuple[str, ...]) -> None:
    """Note that more was shown in a session than at its start."""
    await _STRENGTHEN.execute(connection, session_id=session_id, methods=list(methods))


async def living_sessions_but(connection: Connection, person_id: UUID, kept: UUID | None) -> list[UUID]:
    """Return the sessions of a person that have not been ended, without the one that is kept."""
    return [row["id"] for row in await _OTHERS.fetch(connection, person_id=person_id, kept=kept)]


async def end_session(connection: Connection, session_id: UUID, now: datetime) -> UUID | None:
    """End a session; return whose it was, or None when it had ended before."""
    person_id: UUID | None = await _END.fetchval(connection, session_id=session_id, now=now)
    return person_id


async def device_is_known(connection: Connection, device_hash: bytes, person_id: UUID, now: datetime) -> bool:
    """Tell whether the person signed in with this browser before."""
    known = await _DEVICE_KNOWN.fetchval(connection, device_hash=device_hash, owner_id=person_id, now=now)
    return known is True


async def add_device(connection: Connection, device_hash: bytes, person_id: UUID, now: datetime) -> None:
    """Remember that the person signs in with this browser."""
    await _ADD_DEVICE.execute(connection, token_hash=device_hash, person_id=person_id, seen_at=now)


async def not_before(connection: Connection, keys: list[bytes]) -> datetime | None:
    """Return when the next attempt under all of `keys` may be made; None for at once."""
    instant: datetime | None = await _NOT_BEFORE.fetchval(connection, keys=keys)
    return instant


async def count_failure(connection: Connection, key: bytes, now: datetime, forgiven_after: timedelta) -> int:
    """Note a failure under `key`; return how many there were in a row."""
    failures: int = await _COUNT_FAILURE.fetchval(
        connection,
        key=key,
        failures=1,
        last_failed_at=now,
        not_before=now - forgiven_after,
        forgiven_before=now - forgiven_after,
    )
    return failures


async def set_pause(connection: Connection, key: bytes, until: datetime) -> None:
    """Let the next attempt under `key` wait until then."""
    await _SET_PAUSE.execute(connection, throttle_key=key, until=until)


async def forgive(connection: Connection, key: bytes) -> None:
    """Forget the failures under `key`."""
    await _FORGIVE.execute(connection, throttle_key=key)


def _session(row: Record) -> Session:
    return Session(**{**dict(row), "methods": tuple(row["methods"])})
