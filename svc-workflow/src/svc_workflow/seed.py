"""What a new database begins with: the definitions that guides name as their procedure."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import Any

from onestop_runtime.transaction import Transaction
from svc_workflow.service import definitions


async def seed(begin: Callable[[], AbstractAsyncContextManager[Transaction]], _data: dict[str, Any]) -> None:
    """Import the definitions of the package; what is there already stays."""
    folder = files("svc_workflow").joinpath("definitions")
    documents = sorted((path for path in folder.iterdir() if path.name.endswith(".bpmn")), key=lambda path: path.name)
    async with begin() as tx:
        for document in documents:
            await definitions.import_bpmn(tx, document.read_bytes())
