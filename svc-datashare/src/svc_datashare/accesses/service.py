"""Use cases of the ledger."""

from typing import Any
from uuid import UUID

from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.accesses import repository
from svc_datashare.accesses.domain import Access, AccessRecordNotFound
from svc_datashare.permissions import PERMISSIONS


async def write(tx: Transaction, access: Access) -> None:
    """Write an access in the transaction in which it happened: no answer leaves without its record."""
    await repository.add(tx.connection, access)


async def read(tx: Reader, record_id: UUID) -> Access:
    """Return a record; raises `AccessRecordNotFound` when it is about somebody else's data."""
    found = await repository.by_id(tx.connection, record_id)
    if found is None or not PERMISSIONS.permits(tx.caller, "access-record.read", found):
        raise AccessRecordNotFound
    return found


async def page(tx: Reader, **wanted: Any) -> list[Access]:
    """Return the records the caller may see."""
    return await repository.page(tx.connection, tx.caller, **wanted)
