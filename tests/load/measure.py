"""What all benchmarks share: how long they run, and how a figure is told and kept."""

import asyncio
import json
import os
import sys

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
