"""Reads and writes clients."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.clients.domain import Client
from gateway.clients.tables import client, client_assertion, consent
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(column for column in client.c if column.name not in {"registered_at", "version"})
_BY_ID = compiled(sa.select(*_COLUMNS).where(client.c.client_id == sa.bindparam("client_id")))
_AFTER = compiled(
    sa.select(*_COLUMNS)
    .where(client.c.client_id > sa.bindparam("after"))
    .order_by(client.c.client_id)
    .limit(sa.bindparam("page_limit", type_=sa.Integer))
)
_SERVED = compiled(
    sa.select(sa.true()).where(
        client.c.resources.contains(sa.bindparam("resources", type_=client.c.resources.type)),
        client.c.state == "active",
    )
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


async def client_by_id(connection: Connection, client_id: str) -> Client | None:
    """Return the client that is registered under `client_id`."""
    row = await _BY_ID.fetchrow(connection, client_id=client_id)
    return _client(row) if row else None


async def clients_after(connection: Connection, after: str, limit: int) -> list[Client]:
    """Return clients in the order of their client ids."""
    return [_client(row) for row in await _AFTER.fetch(connection, after=after, page_limit=limit)]


async def is_served(connection: Connection, resource: str) -> bool:
    """Tell whether a client is registered to serve `resource`."""
    return await _SERVED.fetchval(connection, resources=[resource]) is True


async def add_client(connection: Connection, new: Client, registered_at: datetime) -> None:
    """Register a client."""
    values = {column.name: getattr(new, column.name) for column in _COLUMNS}
    await _ADD.execute(connection, **values, registered_at=registered_at, version=1)


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


def _client(row: Record) -> Client:
    values = dict(row)
    for name in ("redirect_uris", "post_logout_redirect_uris", "grant_types", "scopes", "resources"):
        values[name] = tuple(values[name])
    return Client(**values)
