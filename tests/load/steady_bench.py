"""P6 over time: what relay and consumer cost when idle, whether their tables grow.

Events of svc-catalog are committed, and svc-intake applies them, as in `event_bench`. Inbox and outbox may not grow
with the number of events: an outbox row is gone when it is published, an inbox row stands for an aggregate.
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from event_bench import Ground, Row, on_ground, processor_time, put, row_of
from measure import report

from onestop_local.stack import Stack
from onestop_messages.catalog import GuideSuspended
from onestop_runtime.ids import uuid7

BLOAT_EVENTS = int(os.environ.get("ONESTOP_BENCH_BLOAT_EVENTS", "1000000"))
AGGREGATES = 5_000
IN_A_ROUND = 20_000
IDLE_SECONDS = 10
_SIZE = "SELECT pg_relation_size($1::text::regclass), pg_indexes_size($1::text::regclass)"
_MEBIBYTE = 1024 * 1024


async def p6_steady(stack: Stack, apis: dict[str, Any]) -> None:
    """Cost when idle, growth over a million events."""
    del apis
    async with on_ground(stack) as ground:
        await _idle_cost(ground)
        await _growth(ground)


async def _idle_cost(ground: Ground) -> None:
    for name, process in (("relay", ground.relay), ("relay and consumer", ground.consumer)):
        busy = processor_time(process)
        await asyncio.sleep(IDLE_SECONDS)
        report(f"P6 idle, process with {name}", "% of a core", 100 * busy() / IDLE_SECONDS, None, "<= 5")


async def _growth(ground: Ground) -> None:
    """Have a million events applied, and look at the tables after each round."""
    keys = [uuid7() for _ in range(AGGREGATES)]
    sizes: list[dict[str, int]] = []
    for rows in _rounds(keys):
        await put(ground.catalog, rows)
        await _until_last(ground, keys, rows[-1]["sequence"])
        sizes.append(await _sizes(ground))
    for name in sizes[0]:
        early, late = (max(one[name] for one in part) / _MEBIBYTE for part in (sizes[:10], sizes[-10:]))
        report(f"growth of {name} over {len(sizes) * IN_A_ROUND:,} events", "MiB", late, early, "flat: ratio about 1")


def _rounds(keys: list[UUID]) -> Iterator[list[Row]]:
    each = IN_A_ROUND // AGGREGATES
    for number in range(BLOAT_EVENTS // IN_A_ROUND):
        sequences = range(number * each + 1, (number + 1) * each + 1)
        yield [row_of(GuideSuspended.TOPIC, key, sequence) for sequence in sequences for key in keys]


async def _until_last(ground: Ground, keys: list[UUID], sequence: int) -> None:
    behind = "SELECT count(*) FROM inbox WHERE topic = $1 AND key = ANY($2::uuid[]) AND last = $3"
    while await ground.intake.fetchval(behind, GuideSuspended.TOPIC, keys, sequence) < len(keys):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def _sizes(ground: Ground) -> dict[str, int]:
    found = {}
    for connection, table in ((ground.catalog, "outbox"), (ground.intake, "inbox")):
        heap, indexes = await connection.fetchrow(_SIZE, table)
        found |= {table: heap, f"{table} indexes": indexes}
    return found
