"""Use cases of records: one's own, and somebody's for a purpose that is recorded itself."""

from typing import Final
from uuid import UUID

from gateway.identity.domain import PersonNotFound
from gateway.people.domain import require_assurance
from gateway.people.repository import person_by_id
from gateway.permissions import PERMISSIONS
from gateway.records.domain import INSPECTING_NEEDS, InspectionPurpose, Record
from gateway.records.repository import records_before
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.transaction import Reader, Transaction

NEWEST: Final = 2**63 - 1
"""Before which every record is."""


async def own(reader: Reader, before: int, limit: int) -> list[Record]:
    """Return what the trail says about the caller, the newest first."""
    PERMISSIONS.require(reader.caller, "record.list")
    if reader.caller.sub is None:
        raise NotSignedIn
    return await records_before(reader.connection, reader.caller.sub, before, limit)


async def inspect(
    tx: Transaction, person_id: UUID, purpose: InspectionPurpose, reference: str | None, before: int, limit: int
) -> list[Record]:
    """Return what the trail says about somebody, to staff who say why; each look is a record that he sees.

    Args:
        tx: the transaction.
        person_id: whom it is about.
        purpose: why.
        reference: number of the document that asks for it, if there is one.
        before: id of the record that the page follows.
        limit: how many at most.

    Raises:
        NotPermitted, NotKnownSurelyEnough: when the caller may not.
        PersonNotFound: when there is no such person.
    """
    PERMISSIONS.require(tx.caller, "record.inspect")
    require_assurance(tx.caller.acr, INSPECTING_NEEDS)
    if await person_by_id(tx.connection, person_id) is None:
        raise PersonNotFound
    found = await records_before(tx.connection, person_id, before, limit)
    tx.audit("records.inspected", key=person_id, detail={"purpose": purpose.value, "reference": reference})
    return found
