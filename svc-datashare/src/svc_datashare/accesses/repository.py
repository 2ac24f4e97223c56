"""Writes and reads the ledger; nothing in it is ever changed."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection, Record, compiled
from svc_datashare.accesses.domain import Access, Outcome
from svc_datashare.listing import Listing
from svc_datashare.tables import access_record

_BY_ID = compiled(sa.select(access_record).where(access_record.c.id == sa.bindparam("record_id")))
_LIST = Listing(
    "access-record.read",
    access_record,
    access_record.c.id,
    {
        "resource_code": access_record.c.resource_code == sa.bindparam("resource_code"),
        "case_id": access_record.c.case_id == sa.bindparam("case_id"),
        "outcome": access_record.c.outcome == sa.bindparam("outcome"),
    },
)
_ADD = compiled(sa.insert(access_record))


async def add(connection: Connection, new: Access) -> None:
    """Write a record."""
    columns = asdict(new) | {
        "fields": list(new.fields),
        "unmasked_fields": list(new.unmasked_fields),
        "outcome": new.outcome.value,
    }
    await _ADD.execute(connection, **columns)


async def by_id(connection: Connection, record_id: UUID) -> Access | None:
    """Return a record."""
    row = await _BY_ID.fetchrow(connection, record_id=record_id)
    return entity(row) if row else None


async def page(connection: Connection, caller: Caller, **wanted: Any) -> list[Access]:
    """Return the records `caller` may see, the newest first; see `Listing.fetch`."""
    return [entity(row) for row in await _LIST.fetch(connection, caller, **wanted)]


def entity(row: Record) -> Access:
    """Return the record of a row."""
    columns = dict(row) | {
        "fields": tuple(row["fields"]),
        "unmasked_fields": tuple(row["unmasked_fields"]),
        "outcome": Outcome(row["outcome"]),
    }
    return Access(**columns)
