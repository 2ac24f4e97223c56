"""P2: durable submissions at svc-intake, beside pgbench writing the same rows on the same server.

A submission writes what repeats are answered with, the case, its history, audit and event, in a transaction that waits
for the disk; so does pgbench. Both have the same number of connections.
"""

import asyncio
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import generator
import stack as stacks
from measure import ROUNDS, SECONDS, port_of, report

from onestop_local.postgres import binary
from onestop_local.stack import Home, Stack
from onestop_runtime.assertion import HEADER, load_signing_key, make_assertion
from onestop_runtime.caller import Caller, Party

CONNECTIONS = 16
DRAFTS = int(1000 * SECONDS)
"""Drafts of a round; more than can be submitted in it."""
SCRIPT = Path(__file__).with_name("pgbench.sql")
_GROUND = """
CREATE SCHEMA bench; SET search_path = bench;
CREATE TABLE bench_idempotency (key uuid PRIMARY KEY, body text);
CREATE TABLE bench_case (id int PRIMARY KEY, state text, version int);
CREATE TABLE bench_history (id bigserial PRIMARY KEY, case_id int, body text);
CREATE TABLE bench_audit (id bigserial PRIMARY KEY, case_id int, body text);
CREATE TABLE bench_outbox (id bigserial PRIMARY KEY, case_id int, body text);
INSERT INTO bench_case SELECT n, 'draft', 1 FROM generate_series(1, 20000) n;
SET search_path = public;
"""


async def p2(stack: Stack, apis: dict[str, Any]) -> None:
    """Submissions of complete drafts by one agent, each with a key of its own."""
    (journey,) = await stacks.drafts(stack, apis, 1)
    intake = stack.document["services"]["intake"]
    connection = await asyncpg.connect(intake["dsn"])
    ours, theirs = [], []
    try:
        await connection.execute(_GROUND)
        for number in range(ROUNDS + 1):
            drafts = await _copies(connection, UUID(journey.case.id))
            headers = {HEADER: await _assertion(stack, connection, drafts[0]), "If-Match": journey.case.etag}
            submitted = await _submit(port_of(intake["url"]), headers, drafts)
            reference = await asyncio.to_thread(_pgbench, intake["dsn"])
            if number:  # in the first round connections are opened and plans made
                ours.append(submitted)
                theirs.append(reference)
        await connection.execute("DROP SCHEMA bench CASCADE")
    finally:
        await connection.close()
    report("P2", "submissions/s", statistics.median(ours), statistics.median(theirs), ">= 0.3 (later 0.5)")


async def _copies(connection: asyncpg.Connection, draft: UUID) -> list[UUID]:
    """Return copies of a draft; they share its files, which a submission does not touch."""
    columns = await connection.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 'case_file' AND column_name <> 'id'"
    )
    rows = await connection.fetch(
        f"INSERT INTO case_file (id, {columns}) SELECT gen_random_uuid(), {columns} "  # noqa: S608 - its own columns
        "FROM case_file, generate_series(1, $2) WHERE id = $1 RETURNING id",
        draft,
        DRAFTS,
    )
    return [row["id"] for row in rows]


async def _assertion(stack: Stack, connection: asyncpg.Connection, draft: UUID) -> str:
    """Return what the gateway would tell svc-intake about the agent."""
    case = await connection.fetchrow("SELECT * FROM case_file WHERE id = $1", draft)
    company = Party(case["applicant_id"], case["applicant_code"], case["applicant_name"])
    agent = Caller(case["opened_by"], "natural", company, case["mandate_id"], "2", client="web", channel="web")
    (key,) = Home.of(stack.name).directory.rglob("assertion-gateway*")
    return make_assertion(agent, load_signing_key(key), issuer="onestop-gateway", audience="svc-intake")


async def _submit(port: int, headers: dict[str, str], drafts: list[UUID]) -> float:
    """Return submissions per second."""
    left = iter(drafts)

    def following() -> bytes | None:
        case_id = next(left, None)
        if case_id is None:
            raise SystemExit("P2: too few drafts")
        own = headers | {"Idempotency-Key": str(uuid4())}
        return generator.post(f"/api/intake/v1/cases/{case_id}/submission", own)

    load = await generator.run(port, following, connections=CONNECTIONS, seconds=SECONDS)
    if load.wrong:
        raise SystemExit(f"P2: {load.wrong} of {load.answers} submissions failed")
    return load.per_second


def _pgbench(dsn: str) -> float:
    """Return transactions per second."""
    said = subprocess.run(  # noqa: S603
        [str(binary("pgbench")), "-n", "-c", str(CONNECTIONS), "-j", "1", "-T", str(max(int(SECONDS), 1)),
         "-M", "prepared", "-f", str(SCRIPT), dsn],
        env={**os.environ, "PGOPTIONS": "-c search_path=bench"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(next(line for line in said.splitlines() if line.startswith("tps")).split()[2])
