"""Reads and writes clients."""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.clients.domain import Client, ClientState
from gateway.clients.tables import client, client_assertion, client_history, consent
from gateway.permissions import PERMISSIONS
from onestop_runtime.caller import Caller
from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Record, Statement, compiled


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a client, as its history tells it.

    Attributes:
        version: of the client after it.
        by: who made it; None for the platform itself.
        changes: what was and what is, by its name in the API.
    """

    version: int
    at: datetime
    by: UUID | None
    reason: str | None
    changes: dict[str, Any]


_COLUMNS = tuple(column for column in client.c if column.name != "registered_at")
_BY_ID = compiled(sa.select(*_COLUMNS).where(client.c.client_id == sa.bindparam("client_id")))
_LOCK = compiled(sa.select(*_COLUMNS).where(client.c.client_id == sa.bindparam("client_id")).with_for_update())
_SAVE = compiled(
    sa.update(client)
    .where(client.c.client_id == sa.bindparam("saved"))
    .values({column: sa.bindparam(column.name) for column in _COLUMNS if column.name != "client_id"})
)
_CHANGED_BY_HAND = compiled(
    sa.select(
        sa.exists().where(client_history.c.client_id == sa.bindparam("client_id"), client_history.c.by.is_not(None))
    )
)
_ADD_CHANGE = compiled(sa.insert(client_history))
_CHANGES = compiled(
    sa.select(*(column for column in client_history.c if column.name != "client_id"))
    .where(client_history.c.client_id == sa.bindparam("client_id"), client_history.c.version < sa.bindparam("before"))
    .order_by(client_history.c.version.desc())
    .limit(sa.bindparam("page_limit", type_=sa.Integer))
)
_SERVED = compiled(
    sa.select(sa.true()).where(
        client.c.resources.contains(sa.bindparam("resources", type_=client.c.resources.type)),
        client.c.state == "active",
    )
)
_WITH_CAS = compiled(
    sa.select(*_COLUMNS).where(sa.func.cardinality(client.c.cas_services) > 0, client.c.state == "active")
)
_ADD = compiled(sa.insert(client))
_USE_ASSERTION = compiled(pg.insert(client_assertion).on_conflict_do_nothing().returning(sa.true()))
_CONSENTED = compiled(
    sa.select(consent.c.scopes).where(
        consent.c.person_id == sa.bindparam("person_id"),
        consent.c.client_id == sa.bindparam("client_id"),
        consent.c.withdrawn_at.is_(None),
    )
)
_insert_consent = pg.insert(consent)
_CONSENT = compiled(
    _insert_consent.on_conflict_do_update(
        index_elements=[consent.c.person_id, consent.c.client_id],
        set_={
            "scopes": _insert_consent.excluded.scopes,
            "given_at": _insert_consent.excluded.given_at,
            "withdrawn_at": None,
            "version": consent.c.version + 1,
        },
    )
)


async def client_by_id(connection: Connection, client_id: str, *, lock: bool = False) -> Client | None:
    """Return the client that is registered under `client_id`; with `lock` nobody else changes it meanwhile."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, client_id=client_id)
    return _client(row) if row else None


async def clients_after(
    connection: Connection, caller: Caller, after: str, limit: int, **filters: str | None
) -> list[Client]:
    """Return the clients that `caller` may see in the order of their client ids; `filters` are by column."""
    conditions = PERMISSIONS.conditions(caller, "client.read")
    wanted = {name: value for name, value in filters.items() if value is not None}
    values = wanted | PERMISSIONS.parameters(conditions, caller) | {"after": after, "page_limit": limit}
    return [_client(row) for row in await _after(conditions, tuple(sorted(wanted))).fetch(connection, **values)]


@functools.cache
def _after(conditions: tuple[Condition, ...], filters: tuple[str, ...]) -> Statement:
    return compiled(
        sa.select(*_COLUMNS)
        .where(
            PERMISSIONS.clause(conditions, client),
            client.c.client_id > sa.bindparam("after"),
            *(client.c[name] == sa.bindparam(name) for name in filters),
        )
        .order_by(client.c.client_id)
        .limit(sa.bindparam("page_limit", type_=sa.Integer))
    )


async def is_served(connection: Connection, resource: str) -> bool:
    """Tell whether a client is registered to serve `resource`."""
    return await _SERVED.fetchval(connection, resources=[resource]) is True


async def cas_clients(connection: Connection) -> list[Client]:
    """Return the active clients that people are handed over to by CAS: older sites, and getting fewer."""
    return [_client(row) for row in await _WITH_CAS.fetch(connection)]


async def add_client(connection: Connection, new: Client, registered_at: datetime) -> None:
    """Register a client."""
    await _ADD.execute(connection, **_values(new), registered_at=registered_at)


async def save_client(connection: Connection, changed: Client) -> None:
    """Keep a client as it is now."""
    values = _values(changed)
    await _SAVE.execute(connection, saved=values.pop("client_id"), **values)


async def add_change(connection: Connection, client_id: str, change: Change) -> None:
    """Add to the history of a client."""
    await _ADD_CHANGE.execute(
        connection,
        client_id=client_id,
        version=change.version,
        at=change.at,
        by=change.by,
        reason=change.reason,
        changes=change.changes,
    )


async def changes_before(connection: Connection, client_id: str, before: int, limit: int) -> list[Change]:
    """Return what was changed of a client before it had the version `before`, the latest first."""
    rows = await _CHANGES.fetch(connection, client_id=client_id, before=before, page_limit=limit)
    return [Change(**row) for row in rows]


async def was_changed_by_hand(connection: Connection, client_id: str) -> bool:
    """Tell whether somebody, and not the platform alone, has registered or changed a client."""
    return await _CHANGED_BY_HAND.fetchval(connection, client_id=client_id) is True


async def use_assertion(connection: Connection, client_id: str, jti_hash: bytes, expires_at: datetime) -> bool:
    """Note that a client assertion was used; False when it had been used before."""
    used = await _USE_ASSERTION.fetchval(connection, client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
    return used is True


async def consented_scopes(connection: Connection, person_id: UUID, client_id: str) -> frozenset[str]:
    """Return what the person lets the client have."""
    scopes = await _CONSENTED.fetchval(connection, person_id=person_id, client_id=client_id)
    return frozenset(scopes or ())


async def add_consent(
    connection: Connection, person_id: UUID, client_id: str, scopes: frozenset[str], given_at: datetime
) -> None:
    """Keep what the person lets the client have from now on."""
    await _CONSENT.execute(
        connection,
        person_id=person_id,
        client_id=client_id,
        scopes=sorted(scopes),
        given_at=given_at,
        withdrawn_at=None,
        version=1,
    )


def _values(client: Client) -> dict[str, Any]:
    return {column.name: getattr(client, column.name) for column in _COLUMNS}


def _client(row: Record) -> Client:
    values = {name: _unchanging(value) for name, value in row.items()}
    if values["draft"] is not None:
        values["draft"] = {name: _unchanging(value) for name, value in values["draft"].items()}
    values["state"] = ClientState(values["state"])
    return Client(**values)


def _unchanging(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
