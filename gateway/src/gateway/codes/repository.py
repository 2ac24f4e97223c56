"""Reads and writes one-time codes: one at a time per holder and purpose."""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.codes.domain import TRIES, Proof
from gateway.codes.tables import one_time_code
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection, compiled

_SUBJECT: Final = UUID("636f6465-7300-7000-8000-000000000000")
"""Whose data key the phones are encrypted with: a code may be for somebody who is nobody yet."""

_table = one_time_code.c
_HELD = (_table.holder_hash == sa.bindparam("holder"), _table.purpose == sa.bindparam("kind"))
_insert = pg.insert(one_time_code)
_KEEP = compiled(
    _insert.on_conflict_do_update(
        index_elements=[_table.holder_hash, _table.purpose],
        set_={
            name: _insert.excluded[name]
            for name in ("id", "person_id", "phone", "code_hash", "wrong", "expires_at", "proven_at")
        },
    )
)
_typed = sa.bindparam("typed", type_=sa.LargeBinary)
_TRY = compiled(
    sa.update(one_time_code)
    .where(*_HELD, _table.proven_at.is_(None), _table.wrong < TRIES, _table.expires_at > sa.bindparam("now"))
    .values(
        wrong=_table.wrong + sa.case((_table.code_hash == _typed, 0), else_=1),
        proven_at=sa.case((_table.code_hash == _typed, sa.bindparam("now", type_=_table.proven_at.type))),
    )
    .returning(_table.proven_at.is_not(None))
)
_MARK = compiled(sa.text("SAVEPOINT unsent"))
_SENT = compiled(sa.text("RELEASE SAVEPOINT unsent"))
_UNSENT = compiled(sa.text("ROLLBACK TO SAVEPOINT unsent"))
_PROVEN = (*_HELD, _table.proven_at > sa.bindparam("since"))
_FIND = compiled(sa.select(_table.id, _table.phone, _table.person_id).where(*_PROVEN))
_SPEND = compiled(sa.delete(one_time_code).where(*_PROVEN).returning(_table.id, _table.phone, _table.person_id))


async def before_sending(connection: Connection) -> None:
    """Mark where a transaction stands; what follows is kept or undone by `after_sending`."""
    await _MARK.execute(connection)


async def after_sending(connection: Connection, *, kept: bool) -> None:
    """Keep what was done since `before_sending`, or undo it."""
    await (_SENT if kept else _UNSENT).execute(connection)


async def keep_code(
    connection: Connection,
    cipher: FieldCipher,
    proof: Proof,
    *,
    holder: bytes,
    purpose: str,
    code_id: UUID,
    code_hash: bytes,
    expires_at: datetime,
) -> None:
    """Keep a code; one that its holder had for the same purpose is void."""
    await _KEEP.execute(
        connection,
        holder_hash=holder,
        purpose=purpose,
        id=code_id,
        person_id=proof.person_id,
        phone=await cipher.encrypt(connection, _SUBJECT, "one_time_code", "phone", code_id, proof.phone.encode()),
        code_hash=code_hash,
        wrong=0,
        expires_at=expires_at,
        proven_at=None,
    )


async def try_code(connection: Connection, *, holder: bytes, purpose: str, typed: bytes, now: datetime) -> bool:
    """Tell whether a code is the one that its holder was sent; count it when it is not.

    False also for any that is too old, was right before, or has borne too many wrong ones.
    """
    right = await _TRY.fetchval(connection, holder=holder, kind=purpose, typed=typed, now=now)
    return right is True


async def proof_of(
    connection: Connection, cipher: FieldCipher, *, holder: bytes, purpose: str, since: datetime, spend: bool
) -> Proof | None:
    """Return what a right code has proved since then; once, when it is to be spent."""
    row = await (_SPEND if spend else _FIND).fetchrow(connection, holder=holder, kind=purpose, since=since)
    if row is None:
        return None
    phone = await cipher.decrypt(connection, _SUBJECT, "one_time_code", "phone", row["id"], row["phone"])
    return Proof(phone.decode(), row["person_id"])
