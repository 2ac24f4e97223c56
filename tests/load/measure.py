"""What all benchmarks share: how long they run, and how a figure is told and kept."""

import asyncio
import json
import os
import statistics
import sys
import time
from typing import Any

import asyncpg
import stack as stacks

ROUNDS = 5
SECONDS = float(os.environ.get("ONESTOP_BENCH_SECONDS", "3"))
RESULTS = stacks.ROOT / ".onestop" / "bench.jsonl"


def report(name: str, unit: str, figure: float, reference: float | None, target: str) -> None:
    """Print a result and append it to the record."""
    ratio = figure / reference if reference else None
    shown = f"{name}: {figure:,.1f} {unit}"
    if reference and ratio:
        shown += f"; reference {reference:,.1f} {unit}; ratio {ratio:.2f}"
    say(f"{shown}; target {target}")
    RESULTS.parent.mkdir(exist_ok=True)
    line = {"id": name, "unit": unit, "figure": figure, "reference": reference, "ratio": ratio, "target": target}
    with RESULTS.open("a") as file:
        file.write(json.dumps(line) + "\n")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def quantile(took: list[float], percent: int) -> float:
    """Return the time that so many of a hundred did not exceed."""
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]


async def until_true(connection: asyncpg.Connection, question: str, *values: Any) -> float:
    """Return when the answer to `question` is first true, by the monotonic clock; asks every other millisecond."""
    asked = await connection.prepare(question)
    while not await asked.fetchval(*values):  # noqa: ASYNC110 - the database knows
        await asyncio.sleep(0.002)
    return time.monotonic()


def load_average() -> str:
    """Say how busy the machine was in the last minute, and with how many processors."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def port_of(url: str) -> int:
    """Return the port of a local address."""
    return int(url.rpartition(":")[2])


async def until_open(port: int) -> None:
    """Return when somebody listens on `port`; give up after 10 s."""
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
    raise SystemExit(f"nobody listens on port {port}")
