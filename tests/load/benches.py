"""The benchmarks. Each prints its figure, the reference's and the ratio; references run in the same run, in turns."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import case_bench
import edge_bench
import event_bench
import generator
import overload_bench
import signin_bench
import stack as stacks
import steady_bench
import submission_bench
import visibility
from measure import ROUNDS, SECONDS, port_of, report, until_open

from onestop_local.ports import free_port
from onestop_local.stack import Stack

HERE = Path(__file__).parent


async def p4(stack: Stack, apis: dict[str, Any]) -> None:
    """Published guide by code, beside a FastAPI route that returns a constant of the same size."""
    items = (await apis[""].get("/catalog/v1/items", q="食品")).json()["items"]
    path = f"/api/catalog/v1/guides/{items[-1]['code']}"
    body = await apis[""].get(path.removeprefix("/api"))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as constant:
        constant.write(body.text)
        constant.flush()
        port = free_port()
        reference = subprocess.Popen(  # noqa: ASYNC220, S603 - started before anything is measured
            [
                sys.executable,
                "-m",
                "uvicorn",
                "reference_app:app",
                "--port",
                str(port),
                "--no-access-log",
                "--log-level",
                "error",
            ],
            cwd=HERE,
            env={**os.environ, "ONESTOP_BENCH_CONSTANT": constant.name},
        )
        try:
            await until_open(port)
            ours, theirs = [], []
            for _ in range(ROUNDS):
                request = generator.get(path)
                load = await generator.run(
                    port_of(stack.document["services"]["catalog"]["url"]),
                    lambda r=request: r,
                    connections=16,
                    seconds=SECONDS,
                )
                ours.append(load.per_second)
                request = generator.get("/constant")
                load = await generator.run(port, lambda r=request: r, connections=16, seconds=SECONDS)
                theirs.append(load.per_second)
        finally:
            reference.terminate()
            reference.wait()
    report("P4", "guides/s", statistics.median(ours), statistics.median(theirs), ">= 2 (later 2.5)")


async def p6(stack: Stack, apis: dict[str, Any]) -> None:
    """Events per second from a commit to its effect; and how long one takes, when idle and at half of that."""
    await visibility.p6(stack, apis, await event_bench.p6(stack) / 2)


def p10() -> None:
    """First start, next start, memory of the six processes."""
    supervisor, first = stacks.start()
    stacks.stop(supervisor, forget=False)
    following = []
    for _ in range(3):
        supervisor, seconds = stacks.start()
        following.append(seconds)
        memory = stacks.memory_mb(Stack.read(stacks.NAME))
        stacks.stop(supervisor, forget=False)
    stacks.stop(stacks.start()[0])
    report("P10 first start (downloads kept)", "s", first, None, "<= 60")
    report("P10 next start", "s", statistics.median(following), None, "<= 10")
    report("P10 memory", "MB", memory, None, "<= 700")


ON_A_STACK: dict[str, Callable[[Stack, dict[str, Any]], Awaitable[None]]] = {
    "P4": p4,
    "P1": edge_bench.p1,
    "P2": submission_bench.p2,
    "P9": signin_bench.p9,
    "P11": case_bench.p11,
    "overload": overload_bench.overload,
    "P6-steady": steady_bench.p6_steady,
    "P6": p6,  # last: it leaves tasks in the inboxes that P11 would take for its own
}
