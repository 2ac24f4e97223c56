"""A list of items is tried, then imported; the report names every row that is wrong."""

import hashlib
from dataclasses import asdict
from typing import Any
from uuid import UUID

from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Reader, Transaction
from svc_catalog.domain.imported import DryRunNeeded, ImportedItem, ImportNotFound, RowError, read_items
from svc_catalog.permissions import PERMISSIONS
from svc_catalog.repository import imports


def require_importer(caller: Caller) -> None:
    """Refuse before a long upload whoever may not import; raises `NotSignedIn`, `NotPermitted`."""
    PERMISSIONS.require(caller, "item-list.import")


async def import_items(
    tx: Transaction, data: bytes, *, dry_run: bool | None = None, dry_run_id: UUID | None = None
) -> dict[str, Any]:
    """Try a list, or import what `dry_run_id` tried; the same list again changes nothing.

    Without a word on `dry_run`, naming a trial means to import.

    Raises:
        NotSignedIn, NotPermitted: when the caller may not.
        NotAnItemList: when the file is none.
        DryRunNeeded: when a real run names no trial, or one of another file.
    """
    require_importer(tx.caller)
    trial = dry_run_id is None if dry_run is None else dry_run
    sha256 = hashlib.sha256(data).digest()
    if not trial and not await imports.was_tried(tx.connection, sha256, dry_run_id):
        raise DryRunNeeded("试运行的不是这个文件。" if dry_run_id else "请以 dry_run_id 指明对这个文件的试运行。")
    rows = list(read_items(data))
    items = [row for row in rows if isinstance(row, ImportedItem)]
    errors = [row for row in rows if isinstance(row, RowError)]
    known = await imports.known(tx.connection)
    new = [item for item in items if (item.code, item.name) not in known]
    import_id = uuid7()
    run = {
        "id": import_id,
        "sha256": sha256,
        "dry_run": trial,
        "by": tx.caller.sub,
        "at": tx.now,
        "rows": len(items) + len({error.row for error in errors}),
        "added": len(new),
        "unchanged": len(items) - len(new),
        "report": [asdict(error) for error in errors],
    }
    await imports.add_run(tx.connection, **run)
    if not trial:
        await imports.add(tx.connection, new, import_id)
        tx.audit("item-list.imported", key=import_id, detail={"added": len(new), "errors": len(errors)})
    return run


async def read_import(reader: Reader, import_id: UUID) -> dict[str, Any]:
    """Return an import with its report; raises `ImportNotFound`."""
    PERMISSIONS.require(reader.caller, "item-list.read")
    found = await imports.run(reader.connection, import_id)
    if found is None:
        raise ImportNotFound
    return dict(found)
