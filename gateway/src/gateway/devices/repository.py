"""Reads and writes what devices ask for."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.devices.domain import Approval, DeviceRequest
from gateway.devices.tables import device_request
from onestop_runtime.sql import Connection, Record, compiled

_COLUMNS = tuple(column for column in device_request.c if column.name not in {"device_code_hash", "user_code_index"})
_ADD = compiled(
    pg.insert(device_request)
    .on_conflict_do_nothing(constraint="device_request_user_code_is_unique")
    .returning(sa.true())
)
_BY_USER_CODE = compiled(
    sa.select(*_COLUMNS).where(device_request.c.user_code_index == sa.bindparam("index")).with_for_update()
)
_BY_DEVICE_CODE = compiled(
    sa.select(*_COLUMNS)
    .where(
        device_request.c.device_code_hash == sa.bindparam("hashed"),
        device_request.c.client_id == sa.bindparam("client"),
    )
    .with_for_update()
)
_SAVE = compiled(
    sa.update(device_request)
    .where(device_request.c.id == sa.bindparam("request_id"))
    .values(
        interval_seconds=sa.bindparam("interval_seconds"),
        polled_at=sa.bindparam("polled_at"),
        decided_at=sa.bindparam("decided_at"),
        person_id=sa.bindparam("person_id"),
        session_id=sa.bindparam("session_id"),
        act=sa.bindparam("act"),
        grant_id=sa.bindparam("grant_id"),
    )
)


async def add_request(connection: Connection, new: DeviceRequest, *, hashed: bytes, index: bytes) -> bool:
    """Keep a request under the hashes of its two codes; False when the user code is taken."""
    added = await _ADD.fetchval(
        connection,
        id=new.id,
        device_code_hash=hashed,
        user_code_index=index,
        client_id=new.client_id,
        scopes=sorted(new.scopes),
        resource=new.resource,
        jkt=new.key,
        device=new.device,
        network=new.network,
        network_index=new.network_index,
        asked_at=new.asked_at,
        expires_at=new.expires_at,
        **_progress(new),
    )
    return added is True


async def request_by_user_code(connection: Connection, index: bytes) -> DeviceRequest | None:
    """Return, and lock, what a device asks for under a user code."""
    row = await _BY_USER_CODE.fetchrow(connection, index=index)
    return _request(row) if row else None


async def request_by_device_code(connection: Connection, hashed: bytes, client_id: str) -> DeviceRequest | None:
    """Return, and lock, what a client's device asks for under its device code."""
    row = await _BY_DEVICE_CODE.fetchrow(connection, hashed=hashed, client=client_id)
    return _request(row) if row else None


async def save(connection: Connection, changed: DeviceRequest) -> None:
    """Keep how far a request has come."""
    await _SAVE.execute(connection, request_id=changed.id, **_progress(changed))


def _progress(request: DeviceRequest) -> dict[str, object]:
    approval = request.approval
    return {
        "interval_seconds": int(request.interval.total_seconds()),
        "polled_at": request.polled_at,
        "decided_at": request.decided_at,
        "person_id": approval.person_id if approval else None,
        "session_id": approval.session_id if approval else None,
        "act": approval.act if approval else None,
        "grant_id": request.grant_id,
    }


def _request(row: Record) -> DeviceRequest:
    approval = Approval(row["person_id"], row["session_id"], row["act"]) if row["person_id"] else None
    return DeviceRequest(
        id=row["id"],
        client_id=row["client_id"],
        scopes=frozenset(row["scopes"]),
        resource=row["resource"],
        key=row["jkt"],
        device=row["device"],
        network=row["network"],
        network_index=row["network_index"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        interval=timedelta(seconds=row["interval_seconds"]),
        polled_at=row["polled_at"],
        decided_at=row["decided_at"],
        approval=approval,
        grant_id=row["grant_id"],
    )
