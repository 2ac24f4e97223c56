"""Definitions are imported and listed."""

from typing import Any
from uuid import UUID

from onestop_runtime.transaction import Reader, Transaction
from svc_workflow.bpmn import read_bpmn
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import definitions


async def import_bpmn(tx: Transaction, document: bytes) -> UUID:
    """Store a BPMN 2.0 document as the next version of its process; the same document again changes nothing.

    Raises:
        NotPermitted: when the caller may not.
        UnsupportedBpmn, InvalidExpression, UnsoundDefinition: see `read_bpmn`.
    """
    definition = read_bpmn(document)
    definition_id, number, new = await definitions.add(tx.connection, definition, document, tx.now)
    if new:
        tx.audit("definition.imported", key=definition_id, detail={"key": definition.key, "number": number})
    return definition_id


async def import_by_person(tx: Transaction, document: bytes) -> list[Any]:
    """Import as `import_bpmn` does, for somebody who must be permitted; return all versions."""
    PERMISSIONS.require(tx.caller, "definition.import")
    await import_bpmn(tx, document)
    return await definitions.everything(tx.connection)


async def everything(reader: Reader) -> list[Any]:
    """Return all definitions; raises `NotPermitted`."""
    PERMISSIONS.require(reader.caller, "definition.read")
    return await definitions.everything(reader.connection)
