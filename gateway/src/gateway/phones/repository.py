"""Reads and writes changes of phone numbers."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.phones.domain import PhoneChange
from gateway.phones.tables import phone_change
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(phone_change.c[name] for name in ("id", "person_id", "phone", "asked_at", "ripe_at"))
_OPEN = phone_change.c.ended_at.is_(None)
_OF_PERSON = phone_change.c.person_id == sa.bindparam("owner_id")
_BY_WORD = phone_change.c.cancel_hash == sa.bindparam("word")
_NOW = sa.bindparam("now", type_=phone_change.c.ended_at.type)
_ADD = compiled(sa.insert(phone_change))
_FIND = compiled(sa.select(*_COLUMNS).where(_OF_PERSON, _OPEN))
_FIND_BY_WORD = compiled(sa.select(phone_change.c.person_id).where(_BY_WORD, _OPEN))
_END = sa.update(phone_change).where(_OPEN).values(ended_at=_NOW).returning(phone_change.c.person_id)
_END_OF_PERSON = compiled(_END.where(_OF_PERSON))
_END_BY_WORD = compiled(_END.where(_BY_WORD))
_ripe = (
    sa.select(phone_change.c.id)
    .where(_OPEN, phone_change.c.ripe_at <= _NOW)
    .order_by(phone_change.c.ripe_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_TAKE_RIPE = compiled(
    sa.update(phone_change).where(phone_change.c.id.in_(_ripe)).values(ended_at=_NOW).returning(*_COLUMNS)
)


async def add_change(connection: Connection, cipher: FieldCipher, new: PhoneChange, cancel_hash: bytes) -> None:
    """Keep a change that has to wait."""
    await _ADD.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        phone=await cipher.encrypt(connection, new.person_id, "phone_change", "phone", new.id, new.phone.encode()),
        cancel_hash=cancel_hash,
        asked_at=new.asked_at,
        ripe_at=new.ripe_at,
        ended_at=None,
    )


async def open_change(connection: Connection, cipher: FieldCipher, person_id: UUID) -> PhoneChange | None:
    """Return the change of a person's number that is under way."""
    row = await _FIND.fetchrow(connection, owner_id=person_id)
    return await _opened(connection, cipher, row) if row else None


async def is_open(connection: Connection, word: bytes) -> bool:
    """Tell whether the change that a notice tells of is under way."""
    return await _FIND_BY_WORD.fetchval(connection, word=word) is not None


async def end_change_of(connection: Connection, person_id: UUID, now: datetime) -> bool:
    """End the change that is under way for a person; False when there is none."""
    return await _END_OF_PERSON.fetchval(connection, owner_id=person_id, now=now) is not None


async def end_by_word(connection: Connection, word: bytes, now: datetime) -> UUID | None:
    """End the change that a notice tells of; return whose it was, None when it is not under way."""
    person_id: UUID | None = await _END_BY_WORD.fetchval(connection, word=word, now=now)
    return person_id


async def take_ripe(connection: Connection, cipher: FieldCipher, now: datetime, most: int) -> list[PhoneChange]:
    """Return changes whose time has come, and that nobody else takes; they are not under way any more."""
    rows = await _TAKE_RIPE.fetch(connection, now=now, most=most)
    return [await _opened(connection, cipher, row) for row in rows]


async def _opened(connection: Connection, cipher: FieldCipher, row: Record) -> PhoneChange:
    plain = await cipher.decrypt(connection, row["person_id"], "phone_change", "phone", row["id"], row["phone"])
    return PhoneChange(row["id"], row["person_id"], plain.decode(), row["asked_at"], row["ripe_at"])
