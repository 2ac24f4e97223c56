"""The benchmarks. Each prints its figure, the reference's and the ratio; references run in the same run, in turns."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import edge_bench
import event_bench
import generator
import stack as stacks
from measure import ROUNDS, SECONDS, port_of, report, until_open
from office import Office

from onestop_local.ports import free_port
from onestop_local.postgres import binary
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


async def p2(stack: Stack, apis: dict[str, Any]) -> None:
    """Durable submission at svc-intake through the gateway's token check, beside pgbench on the same server."""
    each = 100
    ready = await stacks.drafts(stack, apis, each * ROUNDS)
    token = apis["agent/web"]._http.headers["authorization"]
    dsn = stack.document["services"]["intake"]["dsn"]
    connection = await asyncpg.connect(dsn)
    await connection.execute("""
        CREATE SCHEMA bench; SET search_path = bench;
        CREATE TABLE bench_idempotency (key uuid PRIMARY KEY, body text);
        CREATE TABLE bench_case (id int PRIMARY KEY, state text, version int);
        CREATE TABLE bench_history (id bigserial PRIMARY KEY, case_id int, body text);
        CREATE TABLE bench_audit (id bigserial PRIMARY KEY, case_id int, body text);
        CREATE TABLE bench_outbox (id bigserial PRIMARY KEY, case_id int, body text);
        INSERT INTO bench_case SELECT n, 'draft', 1 FROM generate_series(1, 20000) n;
    """)
    ours, theirs = [], []
    try:
        for number in range(ROUNDS):
            batch = ready[number * each : (number + 1) * each]
            requests = [
                generator.post(
                    f"/api{journey.case.path}/submission",
                    {"Authorization": token, "Idempotency-Key": str(uuid4()), "If-Match": journey.case.etag},
                )
                for journey in batch
            ]
            gateway = port_of(stack.document["gateway"]["url"])
            load = await generator.run(gateway, lambda r=requests: r.pop() if r else None, connections=16)
            if load.wrong:
                raise SystemExit(f"P2: {load.wrong} of {load.answers} submissions failed")
            ours.append(load.per_second)
            theirs.append(await asyncio.to_thread(_pgbench, dsn))
    finally:
        await connection.execute("DROP SCHEMA bench CASCADE")
        await connection.close()
    report("P2", "submissions/s", statistics.median(ours), statistics.median(theirs), ">= 0.3 (later 0.5)")


def _pgbench(dsn: str) -> float:
    done = subprocess.run(  # noqa: S603
        [str(binary("pgbench")), "-n", "-c", "16", "-j", "1", "-T", str(int(SECONDS)), "-M", "prepared",
         "-f", str(HERE / "pgbench.sql"), dsn],
        env={**os.environ, "PGOPTIONS": "-c search_path=bench"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])


async def p11(stack: Stack, apis: dict[str, Any]) -> None:
    """Whole cases: submitted, accepted, reviewed, decided, licensed, disclosed; nothing beside them on the machine."""
    figures = []
    for number in range(3):
        ready = await stacks.drafts(stack, apis, 120)
        began = time.monotonic()
        await Office(port_of(stack.document["gateway"]["url"]), apis, ready).work()
        await _until_disclosed(stack, len(ready) * (number + 1))
        figures.append(len(ready) / (time.monotonic() - began))
    report("P11", "cases/s", statistics.median(figures), None, ">= 20 (later 60)")


async def _until_disclosed(stack: Stack, count: int) -> None:
    connection = await asyncpg.connect(stack.document["services"]["credit"]["dsn"])
    try:
        while await connection.fetchval("SELECT count(*) FROM record WHERE state = 'disclosed'") < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


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
    "P2": p2,
    "P6": event_bench.p6,
    "P11": p11,
}
