"""Reads and writes recoveries."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.recovery.domain import OPEN_FOR, Recovery
from gateway.recovery.tables import recovery
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(recovery.c[name] for name in ("id", "person_id", "asked_at", "ripe_at", "drops_factors"))
_OPEN = (recovery.c.ended_at.is_(None), recovery.c.expires_at > sa.bindparam("now"))
_OF_PERSON = recovery.c.person_id == sa.bindparam("owner_id")
_FIND = compiled(sa.select(*_COLUMNS).where(_OF_PERSON, *_OPEN))
_ADD = compiled(sa.insert(recovery))
_RIPEN = compiled(
    sa.update(recovery)
    .where(recovery.c.id == sa.bindparam("recovery_id"), *_OPEN)
    .values(ripe_at=sa.bindparam("now"))
    .returning(sa.true())
)
_END = compiled(
    sa.update(recovery)
    .where(recovery.c.id == sa.bindparam("recovery_id"), *_OPEN)
    .values(ended_at=sa.bindparam("now"))
    .returning(sa.true())
)
_LAPSE = compiled(
    sa.update(recovery)
    .where(_OF_PERSON, recovery.c.ended_at.is_(None), recovery.c.expires_at <= sa.bindparam("now"))
    .values(ended_at=sa.bindparam("now"))
)
_END_ALL = compiled(
    sa.update(recovery).where(_OF_PERSON, *_OPEN).values(ended_at=sa.bindparam("now")).returning(recovery.c.id)
)
_CANCEL = compiled(
    sa.update(recovery)
    .where(recovery.c.cancel_hash == sa.bindparam("word"), *_OPEN)
    .values(ended_at=sa.bindparam("now"))
    .returning(*_COLUMNS)
)
_BY_WORD = compiled(sa.select(*_COLUMNS).where(recovery.c.cancel_hash == sa.bindparam("word"), *_OPEN))


async def open_recovery(connection: Connection, person_id: UUID, now: datetime) -> Recovery | None:
    """Return the recovery of a person that is under way."""
    row = await _FIND.fetchrow(connection, owner_id=person_id, now=now)
    return _recovery(row)


async def add_recovery(connection: Connection, new: Recovery, cancel_hash: bytes) -> None:
    """Keep a new recovery in the place of one that has lapsed."""
    await _LAPSE.execute(connection, owner_id=new.person_id, now=new.asked_at)
    await _ADD.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        cancel_hash=cancel_hash,
        asked_at=new.asked_at,
        ripe_at=new.ripe_at,
        drops_factors=new.drops_factors,
        expires_at=new.asked_at + OPEN_FOR,
        ended_at=None,
    )


async def ripen(connection: Connection, recovery_id: UUID, now: datetime) -> bool:
    """Let the new password be set from now on; False when the recovery has ended."""
    return await _RIPEN.fetchval(connection, recovery_id=recovery_id, now=now) is True


async def end_recovery(connection: Connection, recovery_id: UUID, now: datetime) -> bool:
    """End a recovery; of many who try at once one succeeds."""
    return await _END.fetchval(connection, recovery_id=recovery_id, now=now) is True


async def end_recoveries_of(connection: Connection, person_id: UUID, now: datetime) -> list[UUID]:
    """End what is under way for a person; return which it was."""
    return [row["id"] for row in await _END_ALL.fetch(connection, owner_id=person_id, now=now)]


async def recovery_by_word(connection: Connection, word: bytes, now: datetime) -> Recovery | None:
    """Return the recovery that a notice tells of, while it is under way."""
    return _recovery(await _BY_WORD.fetchrow(connection, word=word, now=now))


async def cancel_by_word(connection: Connection, word: bytes, now: datetime) -> Recovery | None:
    """End the recovery that a notice tells of; None when it is not under way."""
    return _recovery(await _CANCEL.fetchrow(connection, word=word, now=now))


def _recovery(row: Record | None) -> Recovery | None:
    return Recovery(**row) if row else None
