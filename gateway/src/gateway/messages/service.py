"""Use cases of messages: ask for one, and carry those that wait."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

import asyncpg
from prometheus_client import Counter

from gateway.messages import repository
from gateway.messages.carriers import Carrier, NotCarried
from gateway.messages.domain import NOTICE_LIFETIME, Message, Outgoing
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction, transaction

_LOOK_SECONDS: Final = 1.0
_AT_ONCE: Final = 20
_HELD_FOR: Final = timedelta(seconds=60)
"""How long a message stays with the process that took it; longer than an attempt may last."""

CARRIED = Counter("onestop_messages_carried_total", "Messages that were taken over by the carrier", ["template"])
REFUSED = Counter("onestop_messages_refused_total", "Attempts that failed", ["template"])
log = logger(__name__)


async def send(
    tx: Transaction, cipher: FieldCipher, phone: str, message: Message, lifetime: timedelta = NOTICE_LIFETIME
) -> None:
    """Have a message sent once the transaction is committed, and tried again for as long as `lifetime`."""
    outgoing = Outgoing(uuid7(), phone, message, asked_at=tx.now, expires_at=tx.now + lifetime)
    await repository.add_message(tx.connection, cipher, outgoing)


async def carry_due(context: Context, cipher: FieldCipher, carrier: Carrier) -> int:
    """Hand over the messages whose turn it is; return how many were tried."""
    now = context.clock()
    async with transaction(context.pool, system("gateway"), now) as tx:
        due = await repository.take_due(tx.connection, cipher, now, now + _HELD_FOR, _AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for outgoing in due:
            group.create_task(_carry(context, carrier, outgoing))
    return len(due)


async def keep_carrying(context: Context, cipher: FieldCipher, carrier: Carrier) -> None:
    """Hand over messages until the process stops; goes on when the database was away."""
    while not context.stopping.is_set():
        tried = 0
        try:
            tried = await carry_due(context, cipher, carrier)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("messages could not be read", error=type(error).__name__)
        if tried < _AT_ONCE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(context.stopping.wait(), _LOOK_SECONDS)


async def _carry(context: Context, carrier: Carrier, outgoing: Outgoing) -> None:
    template = outgoing.message.template
    try:
        await carrier.carry(outgoing)
    except NotCarried as error:
        REFUSED.labels(template).inc()
        log.warning("a message was not taken over", message_id=outgoing.id, error=str(error))
        await repository.wait(context.pool, outgoing, context.clock())
        return
    CARRIED.labels(template).inc()
    await repository.note_sent(context.pool, outgoing.id, context.clock())
