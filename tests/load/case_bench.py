"""P11: whole cases, from submission to disclosure, with nothing beside them on the machine."""

import asyncio
import statistics
import time
from typing import Any

import asyncpg
import stack as stacks
from measure import port_of, report
from office import Office

from onestop_local.stack import Stack

CASES = 120
"""Cases of a round."""
ROUNDS = 3


async def p11(stack: Stack, apis: dict[str, Any]) -> None:
    """Cases submitted, accepted, reviewed, decided, licensed and disclosed."""
    figures = []
    for number in range(1, ROUNDS + 1):
        ready = await stacks.drafts(stack, apis, CASES)
        began = time.monotonic()
        await Office(port_of(stack.document["gateway"]["url"]), apis, ready).work()
        await _until_disclosed(stack, CASES * number)
        figures.append(CASES / (time.monotonic() - began))
    report("P11", "cases/s", statistics.median(figures), None, ">= 20 (later 60)")


async def _until_disclosed(stack: Stack, count: int) -> None:
    connection = await asyncpg.connect(stack.document["services"]["credit"]["dsn"])
    try:
        while await connection.fetchval("SELECT count(*) FROM record WHERE state = 'disclosed'") < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    finally:
        await connection.close()
