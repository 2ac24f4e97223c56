"""What a new database begins with: the disclosure rules."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from onestop_runtime.transaction import Transaction
from svc_credit import repository
from svc_credit.domain import DEFAULT_RULES


async def seed(begin: Callable[[], AbstractAsyncContextManager[Transaction]], _data: dict[str, Any]) -> None:
    """Add the rules that are not there yet."""
    async with begin() as tx:
        for rule in DEFAULT_RULES:
            await repository.add_rule(tx.connection, rule)
