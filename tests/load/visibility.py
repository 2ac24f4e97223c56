"""P6: how long what was committed in one service takes until another one shows it.

When idle: an agent submits a case and a clerk accepts it in svc-intake; svc-workflow takes each in. Beside what the two
databases show stands what a person meets who reads svc-workflow with the position of what was done.

At half load: events of svc-catalog come at half of the rate that P6 has measured; one of each batch is watched.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import event_bench
import stack as stacks
from measure import load_average, quantile, report, say, until_true

from onestop_local.checks import expect
from onestop_local.stack import Stack
from onestop_messages.catalog import GuideSuspended
from onestop_runtime.ids import uuid7
from onestop_runtime.positions import encode_positions

CASES = 50
BATCHES = 500
BATCH_SECONDS = 0.02
UNWATCHED = 25
"""Batches that wake the relay up."""
CASE_TOPIC = "onestop.intake.case"
INBOX = "/workflow/v1/tasks"
_COME = "SELECT EXISTS (SELECT FROM {} WHERE topic = $1 AND key = $2 AND last = $3)"

Times = dict[str, list[float]]


async def p6(stack: Stack, apis: dict[str, Any], half: float) -> None:
    """Tell p50 and p99 from the commit to the effect, when idle and at `half` load (events per second)."""
    for times, targets in ((await _idle(stack, apis), ("<= 20", "-")), (await _loaded(stack, half), ("-", "<= 100"))):
        for name, took in times.items():
            for percent, target in zip((50, 99), targets, strict=True):
                aimed = target if name.endswith("effect") else "-"
                report(f"P6 {name}, p{percent}", "ms", quantile(took, percent) * 1000, None, aimed)
            say(f"P6 {name}: {len(took)} times; {load_average()}")


async def _idle(stack: Stack, apis: dict[str, Any]) -> Times:
    """One command after the other, each until it has had its effect."""
    times: Times = defaultdict(list)
    ready = await stacks.drafts(stack, apis, CASES)
    async with _connected(stack, "intake", "workflow") as (intake, workflow):
        for journey in ready:
            case, agent, clerk = journey.case, await journey.api("agent"), await journey.api("window_clerk")
            reader = await journey.api("reviewer")
            etag = case.etag
            for sequence, (who, command) in enumerate(((agent, "submission"), (clerk, "acceptance")), start=1):
                await asyncio.sleep(0.7)  # longer than the longest pause between two looks of a relay
                place = (CASE_TOPIC, UUID(case.id), sequence)
                async with asyncio.TaskGroup() as group:
                    committed = group.create_task(until_true(intake, _COME.format("outbox_sequence"), *place))
                    come = group.create_task(until_true(workflow, _COME.format("inbox"), *place))
                    answer = await who.post(f"{case.path}/{command}", etag=etag)
                    answered = time.monotonic()
                    position = answer.headers["position-token"]
                    expect(await reader.get(INBOX, position=position, prefer="wait=10", limit="1"), 200, command)
                    read = time.monotonic()
                etag = answer.headers.get("etag") or f'"{answer.json()["version"]}"'
                times["idle, commit to effect"].append(come.result() - committed.result())
                times["idle, read with the position"].append(read - answered)
                began = time.monotonic()
                expect(await reader.get(INBOX, limit="1"), 200, command)
                times["idle, the same read without"].append(time.monotonic() - began)
    return times


async def _loaded(stack: Stack, half: float) -> Times:
    """Commit batches at a steady rate; watch one event of each."""
    times: Times = defaultdict(list)
    public = stacks.Api(stack)
    async with _connected(stack, "catalog", "intake") as (catalog, intake), asyncio.TaskGroup() as group:
        watch, readers = _Watch(intake), []
        watching = group.create_task(watch.run())
        size = max(round(half * BATCH_SECONDS), 1)
        batches = [[event_bench.row_of(GuideSuspended.TOPIC, uuid7(), 1) for _ in range(size)] for _ in range(BATCHES)]
        began = time.monotonic()
        for number, rows in enumerate(batches):
            await asyncio.sleep(max(0.0, began + number * BATCH_SECONDS - time.monotonic()))
            await event_bench.put(catalog, rows)
            key = rows[size // 2]["key"]
            if number >= UNWATCHED:
                watch.committed[key] = time.monotonic()
            if number >= UNWATCHED and number % 5 == 0:
                readers.append(group.create_task(_read(public, key)))
        took = time.monotonic() - began
        say(f"P6 half load: {half:,.0f} events/s wanted, {size * BATCHES / took:,.0f} committed")
        times["half load, commit to effect"] = await watching
        times["half load, read with the position"] = [await one for one in readers]
        await event_bench.forget(intake)
    await public.close()
    return times


class _Watch:
    """Sees when events come to svc-intake.

    Attributes:
        committed: when each that has not come yet was committed.
    """

    def __init__(self, intake: asyncpg.Connection) -> None:
        self.committed: dict[UUID, float] = {}
        self._intake = intake

    async def run(self) -> list[float]:
        """Return how long each of the batches' events took."""
        took: list[float] = []
        while len(took) < BATCHES - UNWATCHED:
            await asyncio.sleep(0.002)
            rows = await self._intake.fetch(
                "SELECT key FROM inbox WHERE topic = $1 AND key = ANY($2::uuid[])",
                GuideSuspended.TOPIC, list(self.committed),
            )  # fmt: skip
            now = time.monotonic()
            took += [now - self.committed.pop(row["key"]) for row in rows]
        return took


async def _read(public: Any, key: UUID) -> float:
    """Read svc-intake with the position of an event; return how long it took."""
    position = encode_positions({(GuideSuspended.TOPIC, key): 1})
    began = time.monotonic()
    answer = await public.get("/intake/v1/acceptance-authorities", position=position, prefer="wait=10")
    if answer.headers.get("position-state") != "reached":
        raise SystemExit(f"read with a position: {answer.status_code} {answer.text[:300]}")
    return time.monotonic() - began


@asynccontextmanager
async def _connected(stack: Stack, *services: str) -> AsyncIterator[list[asyncpg.Connection]]:
    connections = [await asyncpg.connect(stack.document["services"][name]["dsn"]) for name in services]
    try:
        yield connections
    finally:
        for connection in connections:
            await connection.close()
