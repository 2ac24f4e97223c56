"""Reads and writes codes that wait to be scanned."""

from uuid import UUID

import sqlalchemy as sa

from gateway.scans.domain import Scan
from gateway.scans.tables import scan
from onestop_runtime.sql import Connection, compiled

_COLUMNS = tuple(column for column in scan.c if column.name != "code_hash")
_ADD = compiled(sa.insert(scan))
_BY_CODE = compiled(sa.select(*_COLUMNS).where(scan.c.code_hash == sa.bindparam("code")).with_for_update())
_BY_VISIT = compiled(
    sa.select(*_COLUMNS)
    .where(scan.c.id == sa.bindparam("scan_id"), scan.c.visit_hash == sa.bindparam("visit"))
    .with_for_update()
)
_PROGRESS = ("person_id", "session_id", "approved_at", "refused_at", "used_at")
_SAVE = compiled(
    sa.update(scan).where(scan.c.id == sa.bindparam("scan_id")).values({name: sa.bindparam(name) for name in _PROGRESS})
)


async def add_scan(connection: Connection, new: Scan, code_hash: bytes) -> None:
    """Keep a code."""
    await _ADD.execute(connection, **{it.name: getattr(new, it.name) for it in _COLUMNS}, code_hash=code_hash)


async def scan_by_code(connection: Connection, code_hash: bytes) -> Scan | None:
    """Return, and lock, the scan of a code."""
    row = await _BY_CODE.fetchrow(connection, code=code_hash)
    return Scan(**row) if row else None


async def scan_at(connection: Connection, scan_id: UUID, visit_hash: bytes) -> Scan | None:
    """Return, and lock, the scan that a browser shows."""
    row = await _BY_VISIT.fetchrow(connection, scan_id=scan_id, visit=visit_hash)
    return Scan(**row) if row else None


async def save(connection: Connection, changed: Scan) -> None:
    """Keep how far a scan has come."""
    await _SAVE.execute(connection, scan_id=changed.id, **{name: getattr(changed, name) for name in _PROGRESS})
