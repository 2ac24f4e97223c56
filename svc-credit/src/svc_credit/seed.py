"""Opens the files of the companies the seed names; decisions bring everything else."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

from onestop_legal.credit_code import CreditCode
from onestop_runtime.transaction import Transaction
from svc_credit.subjects import service as subjects


async def seed(transactions: Callable[[], AbstractAsyncContextManager[Transaction]], data: dict[str, Any]) -> None:
    """Open a file for each of the seed file's `companies`: `id`, `credit_code`, `name`."""
    async with transactions() as tx:
        for company in data.get("companies", ()):
            await subjects.keep(tx, UUID(company["id"]), CreditCode.parse(company["credit_code"]), company["name"])
