"""Reads and writes service tickets."""

from datetime import datetime

import sqlalchemy as sa

from gateway.cas.domain import Ticket
from gateway.cas.tables import service_ticket
from gateway.tokens.opaque import digest
from onestop_runtime.sql import Connection, compiled

_TICKET = tuple(column for column in service_ticket.c if column.name in Ticket.__slots__)
_ADD = compiled(sa.insert(service_ticket))
_USE = compiled(
    sa.update(service_ticket)
    .where(service_ticket.c.ticket_hash == sa.bindparam("hashed"), service_ticket.c.used_at.is_(None))
    .values(used_at=sa.bindparam("now"), shown=sa.bindparam("ticket"))
    .returning(*_TICKET)
)
_ANNUL = compiled(
    sa.update(service_ticket).where(service_ticket.c.ticket_hash == sa.bindparam("hashed")).values(shown=None)
)


async def add_ticket(connection: Connection, ticket: str, new: Ticket) -> None:
    """Keep a new ticket."""
    values = {column.name: getattr(new, column.name) for column in _TICKET}
    await _ADD.execute(connection, ticket_hash=digest(ticket), **values, used_at=None, shown=None)


async def use_ticket(connection: Connection, ticket: str, now: datetime) -> Ticket | None:
    """Consume a ticket; of many who show it at once one gets what it stands for, everybody else None."""
    row = await _USE.fetchrow(connection, hashed=digest(ticket), now=now, ticket=ticket)
    return Ticket(**row) if row else None


async def annul(connection: Connection, ticket: str) -> None:
    """Note that no sign-in came of a ticket that was used."""
    await _ANNUL.execute(connection, hashed=digest(ticket))
