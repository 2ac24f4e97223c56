"""Reads and writes terminals, and keeps who stays at one signed in."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.clients.tables import client
from gateway.signin.tables import session
from gateway.terminals.domain import Opening, Terminal
from gateway.terminals.tables import terminal
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(column for column in terminal.c if column.name != "registered_at")
_STATE = sa.select(client.c.state).where(client.c.client_id == terminal.c.client_id).scalar_subquery().label("state")
_READ = (*_COLUMNS, _STATE)
_ADD = compiled(sa.insert(terminal))
_SAVE = compiled(
    sa.update(terminal)
    .where(terminal.c.id == sa.bindparam("saved"))
    .values({column: sa.bindparam(column.name) for column in _COLUMNS if column.name != "id"})
)
_BY_ID = compiled(sa.select(*_READ).where(terminal.c.id == sa.bindparam("terminal_id")))
_LOCK = compiled(sa.select(*_READ).where(terminal.c.id == sa.bindparam("terminal_id")).with_for_update())
_BY_CLIENT = compiled(sa.select(*_READ).where(terminal.c.client_id == sa.bindparam("client_id")))
_BY_CODE = compiled(sa.select(*_READ).where(terminal.c.enrolment_index == sa.bindparam("index")).with_for_update())
_AFTER = compiled(
    sa.select(*_READ)
    .where(terminal.c.id > sa.bindparam("after"))
    .order_by(terminal.c.id)
    .limit(sa.bindparam("page_limit", type_=sa.Integer))
)
_NOW = sa.bindparam("now", type_=sa.DateTime(timezone=True))
_STAY_ON = compiled(
    sa.update(session)
    .where(
        session.c.id == sa.bindparam("session_id"),
        session.c.terminal_id == terminal.c.id,
        session.c.ended_at.is_(None),
        session.c.idle_until > _NOW,
    )
    .values(idle_until=_NOW + sa.func.make_interval(0, 0, 0, 0, 0, 0, terminal.c.idle_seconds))
    .returning(session.c.idle_until)
)
_STAYING = compiled(
    sa.select(session.c.id).where(session.c.terminal_id == sa.bindparam("terminal_id"), session.c.ended_at.is_(None))
)


async def add_terminal(connection: Connection, new: Terminal, registered_at: datetime) -> None:
    """Register a terminal."""
    await _ADD.execute(connection, **_values(new), registered_at=registered_at)


async def save_terminal(connection: Connection, changed: Terminal) -> None:
    """Keep a terminal as it is now."""
    values = _values(changed)
    await _SAVE.execute(connection, saved=values.pop("id"), **values)


async def terminal_by_id(connection: Connection, terminal_id: UUID, *, lock: bool = False) -> Terminal | None:
    """Return a terminal; with `lock` nobody else changes it meanwhile."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, terminal_id=terminal_id)
    return _terminal(row) if row else None


async def terminal_of_client(connection: Connection, client_id: str) -> Terminal | None:
    """Return the terminal that is a client."""
    row = await _BY_CLIENT.fetchrow(connection, client_id=client_id)
    return _terminal(row) if row else None


async def terminal_by_code(connection: Connection, index: bytes) -> Terminal | None:
    """Return, and lock, the terminal that waits for its key under an enrolment code."""
    row = await _BY_CODE.fetchrow(connection, index=index)
    return _terminal(row) if row else None


async def terminals_after(connection: Connection, after: UUID, limit: int) -> list[Terminal]:
    """Return terminals in the order in which they were registered."""
    return [_terminal(row) for row in await _AFTER.fetch(connection, after=after, page_limit=limit)]


async def stay_on(connection: Connection, session_id: UUID, now: datetime) -> datetime | None:
    """Note that who is signed in at a terminal does something; return until when he may rest, None when it is over."""
    until: datetime | None = await _STAY_ON.fetchval(connection, session_id=session_id, now=now)
    return until


async def staying_at(connection: Connection, terminal_id: UUID) -> list[UUID]:
    """Return the sessions at a terminal that were not ended."""
    return [row["id"] for row in await _STAYING.fetch(connection, terminal_id=terminal_id)]


def _values(it: Terminal) -> dict[str, Any]:
    return {
        "id": it.id,
        "client_id": it.client_id,
        "name": it.name,
        "place": it.place,
        "region": it.region,
        "hall": it.hall,
        "agency": it.agency,
        "hours": [_row_of(opening) for opening in it.hours],
        "idle_seconds": int(it.idle.total_seconds()),
        "stay_seconds": int(it.stay.total_seconds()),
        "jkt": it.key,
        "enrolment_index": it.enrolment_index,
        "enrolment_expires_at": it.enrolment_expires_at,
        "enrolled_at": it.enrolled_at,
        "version": it.version,
    }


def _row_of(opening: Opening) -> dict[str, Any]:
    return {
        "days": sorted(opening.days),
        "opens": int(opening.opens.total_seconds()),
        "closes": int(opening.closes.total_seconds()),
    }


def _terminal(row: Record) -> Terminal:
    hours = (
        Opening(frozenset(it["days"]), timedelta(seconds=it["opens"]), timedelta(seconds=it["closes"]))
        for it in row["hours"]
    )
    return Terminal(
        id=row["id"],
        client_id=row["client_id"],
        name=row["name"],
        place=row["place"],
        region=row["region"],
        hall=row["hall"],
        agency=row["agency"],
        hours=tuple(hours),
        idle=timedelta(seconds=row["idle_seconds"]),
        stay=timedelta(seconds=row["stay_seconds"]),
        key=row["jkt"],
        enrolment_index=row["enrolment_index"],
        enrolment_expires_at=row["enrolment_expires_at"],
        enrolled_at=row["enrolled_at"],
        version=row["version"],
        state=row["state"],
    )
