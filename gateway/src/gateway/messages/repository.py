"""Reads and writes messages on their way."""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from gateway.messages.domain import Message, Outgoing, pause_after
from gateway.messages.tables import message
from onestop_runtime.codec import dumps, loads
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection, Record, compiled

_SUBJECT: Final = UUID("6d657373-6167-7000-8000-000000000000")
"""Whose data key messages are encrypted with: none outlives a day, so no person's own is needed."""

_ADD = compiled(sa.insert(message))
_DUE = (
    sa.select(message.c.id)
    .where(
        message.c.sent_at.is_(None),
        message.c.next_attempt_at <= sa.bindparam("now"),
        message.c.expires_at > sa.bindparam("now"),
    )
    .order_by(message.c.next_attempt_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_TAKE = compiled(
    sa.update(message)
    .where(message.c.id.in_(_DUE))
    .values(attempts=message.c.attempts + 1, next_attempt_at=sa.bindparam("until"))
    .returning(message)
)
_WAIT = compiled(
    sa.update(message).where(message.c.id == sa.bindparam("message_id")).values(next_attempt_at=sa.bindparam("until"))
)
_SENT = compiled(
    sa.update(message).where(message.c.id == sa.bindparam("message_id")).values(sent_at=sa.bindparam("now"))
)
_LATEST = compiled(sa.select(message).order_by(message.c.asked_at.desc()).limit(sa.bindparam("most", type_=sa.Integer)))


async def add_message(connection: Connection, cipher: FieldCipher, new: Outgoing) -> None:
    """Keep a message that is to be sent at once."""
    plain = dumps({"phone": new.phone, "parameters": dict(new.message.parameters)})
    await _ADD.execute(
        connection,
        id=new.id,
        template=new.message.template,
        sealed=await cipher.encrypt(connection, _SUBJECT, "message", "sealed", new.id, plain),
        asked_at=new.asked_at,
        expires_at=new.expires_at,
        attempts=0,
        next_attempt_at=new.asked_at,
        sent_at=None,
    )


async def take_due(
    connection: Connection, cipher: FieldCipher, now: datetime, until: datetime, most: int
) -> list[Outgoing]:
    """Return messages whose turn it is; nobody else takes them before `until`."""
    rows = await _TAKE.fetch(connection, now=now, until=until, most=most)
    return [await _outgoing(connection, cipher, row) for row in rows]


async def wait(connection: Connection, failed: Outgoing, now: datetime) -> None:
    """Try a message that could not be sent again later."""
    await _WAIT.execute(connection, message_id=failed.id, until=now + pause_after(failed.attempts))


async def note_sent(connection: Connection, message_id: UUID, now: datetime) -> None:
    """Send a message no more."""
    await _SENT.execute(connection, message_id=message_id, now=now)


async def latest(connection: Connection, cipher: FieldCipher, most: int) -> list[Outgoing]:
    """Return the messages that were asked for last, sent or not, the newest first."""
    return [await _outgoing(connection, cipher, row) for row in await _LATEST.fetch(connection, most=most)]


async def _outgoing(connection: Connection, cipher: FieldCipher, row: Record) -> Outgoing:
    plain = loads(await cipher.decrypt(connection, _SUBJECT, "message", "sealed", row["id"], row["sealed"]))
    return Outgoing(
        id=row["id"],
        phone=plain["phone"],
        message=Message(row["template"], plain["parameters"]),
        asked_at=row["asked_at"],
        attempts=row["attempts"],
        expires_at=row["expires_at"],
    )
