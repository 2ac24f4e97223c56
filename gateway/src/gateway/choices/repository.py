"""Reads and writes what people chose to act as."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.choices.tables import chosen_capacity
from gateway.signin.tables import session
from onestop_runtime.sql import Connection, compiled

OWN_PAGES: Final = ""
"""Stands for our own pages where a client has its client id."""

_chosen = chosen_capacity.c
_IN_SESSION = compiled(
    sa.select(_chosen.act).where(
        _chosen.session_id == sa.bindparam("session"), _chosen.client_id == sa.bindparam("client")
    )
)
_IN_BROWSER = compiled(
    sa.select(_chosen.act)
    .join(session, session.c.id == _chosen.session_id)
    .where(
        _chosen.device_hash == sa.bindparam("device"),
        _chosen.client_id == sa.bindparam("client"),
        session.c.person_id == sa.bindparam("person"),
    )
    .order_by(_chosen.chosen_at.desc())
    .limit(1)
)
_insert = pg.insert(chosen_capacity)
_KEEP = compiled(
    _insert.on_conflict_do_update(
        index_elements=[_chosen.session_id, _chosen.client_id],
        set_={name: _insert.excluded[name] for name in ("act", "device_hash", "chosen_at")},
    )
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose to act as.

    Attributes:
        client_id: for which client; `OWN_PAGES` for our own.
        act: name of the capacity, as the authorization parameter `act` has it.
        device_hash: of the known browser in which he chose; None where none is remembered.
    """

    session_id: UUID
    client_id: str
    act: str
    device_hash: bytes | None


async def chosen_in_session(connection: Connection, session_id: UUID, client_id: str) -> str | None:
    """Return what somebody chose for a client since he signed in."""
    act: str | None = await _IN_SESSION.fetchval(connection, session=session_id, client=client_id)
    return act


async def chosen_in_browser(connection: Connection, device_hash: bytes, person_id: UUID, client_id: str) -> str | None:
    """Return what a person chose last for a client in a browser that he used before."""
    act: str | None = await _IN_BROWSER.fetchval(connection, device=device_hash, person=person_id, client=client_id)
    return act


async def keep_choice(connection: Connection, choice: Choice, chosen_at: datetime) -> None:
    """Remember a choice, in place of an earlier one in the same session."""
    await _KEEP.execute(
        connection,
        session_id=choice.session_id,
        client_id=choice.client_id,
        act=choice.act,
        device_hash=choice.device_hash,
        chosen_at=chosen_at,
    )
