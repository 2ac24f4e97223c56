"""Reads and writes grants."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection, Record, compiled
from svc_datashare.grants.domain import Grant, GrantState
from svc_datashare.listing import Listing
from svc_datashare.requests.repository import terms_columns, terms_of
from svc_datashare.tables import data_grant

_BY_ID = compiled(sa.select(data_grant).where(data_grant.c.id == sa.bindparam("grant_id")))
_LOCK = compiled(sa.select(data_grant).where(data_grant.c.id == sa.bindparam("grant_id")).with_for_update())
_FOR_USE = compiled(
    sa.select(data_grant)
    .where(
        data_grant.c.resource_id == sa.bindparam("resource_id"),
        data_grant.c.consumer == sa.bindparam("consumer"),
        data_grant.c.service == sa.bindparam("service"),
    )
    .order_by(data_grant.c.valid_to.desc(), data_grant.c.id)
)
_LIST = Listing(
    "grant.read",
    data_grant,
    data_grant.c.id,
    {
        "state": data_grant.c.state == sa.bindparam("state"),
        "resource_code": data_grant.c.resource_code == sa.bindparam("resource_code"),
        "consumer": data_grant.c.consumer == sa.bindparam("consumer"),
    },
)
_ADD = compiled(sa.insert(data_grant))
_SAVE = compiled(
    sa.update(data_grant)
    .where(data_grant.c.id == sa.bindparam("grant_id"))
    .values({name: sa.bindparam(name) for name in ("state", "revoked_at", "revoke_reason", "version")})
)


async def by_id(connection: Connection, grant_id: UUID, *, lock: bool = False) -> Grant | None:
    """Return a grant; with `lock` nobody else changes it until the transaction ends."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, grant_id=grant_id)
    return entity(row) if row else None


async def for_use(connection: Connection, resource_id: UUID, consumer: str, service: str) -> list[Grant]:
    """Return the grants a consumer's system holds for a resource, the ones that last longest first."""
    rows = await _FOR_USE.fetch(connection, resource_id=resource_id, consumer=consumer, service=service)
    return [entity(row) for row in rows]


async def page(connection: Connection, caller: Caller, **wanted: Any) -> list[Grant]:
    """Return the grants `caller` may see, the newest first; see `Listing.fetch`."""
    return [entity(row) for row in await _LIST.fetch(connection, caller, **wanted)]


async def add(connection: Connection, new: Grant) -> None:
    """Store a new grant."""
    await _ADD.execute(
        connection,
        id=new.id,
        resource_id=new.resource_id,
        resource_code=new.resource_code,
        request_id=new.request_id,
        provider=new.provider,
        authority=new.authority,
        **terms_columns(new.terms),
        given_at=new.given_at,
        **_changing(new),
    )


async def save(connection: Connection, changed: Grant) -> None:
    """Store a changed grant."""
    await _SAVE.execute(connection, grant_id=changed.id, **_changing(changed))


def _changing(stored: Grant) -> dict[str, Any]:
    return {
        "state": stored.state.value,
        "revoked_at": stored.revoked_at,
        "revoke_reason": stored.revoke_reason,
        "version": stored.version,
    }


def entity(row: Record) -> Grant:
    """Return the grant of a row."""
    return Grant(
        id=row["id"],
        resource_id=row["resource_id"],
        resource_code=row["resource_code"],
        request_id=row["request_id"],
        provider=row["provider"],
        authority=row["authority"],
        terms=terms_of(row),
        given_at=row["given_at"],
        state=GrantState(row["state"]),
        revoked_at=row["revoked_at"],
        revoke_reason=row["revoke_reason"],
        version=row["version"],
    )
