"""P2: durable submissions at svc-intake, beside pgbench leaving the same rows on the same server.

A submission leaves what repeats are answered with, the case, its history, audit and event, in a transaction that waits
for the disk. So does pgbench, without HTTP, law and reading: the values of a true submission into tables and indexes
like those of svc-intake, in four round trips. Both have the same number of requests open.
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

CONNECTIONS = 32
DRAFTS = int(6000 * SECONDS)
"""Drafts of a round; more than can be submitted in it."""
EVENT = stacks.ROOT / "contracts" / "events" / "examples" / "case.submitted.v1" / "company.json"
_TABLES = ("idempotency", "case_file", "timeline_entry", "audit", "outbox")
_SCRIPT = """
\\set n random(1, {drafts})
BEGIN;
INSERT INTO idempotency {idempotency};
UPDATE case_file SET {case} WHERE id = lpad(to_hex(:n::int), 32, '0')::uuid;
INSERT INTO timeline_entry {timeline};
WITH audited AS (INSERT INTO audit {audit}) INSERT INTO outbox {outbox};
COMMIT;
"""


async def p2(stack: Stack, apis: dict[str, Any]) -> None:
    """Submissions of complete drafts by one agent, each with a key of its own."""
    (journey,) = await stacks.drafts(stack, apis, 1)
    intake = stack.document["services"]["intake"]
    script = Home.of(stack.name).directory / "submission.sql"
    connection = await asyncpg.connect(intake["dsn"])
    ours, theirs = [], []
    try:
        for number in range(ROUNDS + 1):
            drafts = await _copies(connection, UUID(journey.case.id), DRAFTS)
            headers = {HEADER: await _assertion(stack, connection, drafts[0]), "If-Match": journey.case.etag}
            submitted = await _submit(port_of(intake["url"]), headers, drafts)
            script.write_text(await _same_rows(connection, UUID(journey.case.id), drafts[0]))
            reference = await asyncio.to_thread(pgbench, intake["dsn"], script, CONNECTIONS)
            if number:  # in the first round connections are opened and plans made
                ours.append(submitted)
                theirs.append(reference)
        await connection.execute("DROP SCHEMA bench CASCADE")
    finally:
        await connection.close()
    report("P2", "submissions/s", statistics.median(ours), statistics.median(theirs), ">= 0.3 (later 0.5)")


async def _copies(connection: asyncpg.Connection, draft: UUID, count: int, schema: str = "public") -> list[UUID]:
    """Return copies of a draft; they share its files, which a submission does not touch."""
    columns = await connection.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 'case_file' AND column_name <> 'id'"
    )
    number = "gen_random_uuid()" if schema == "public" else "lpad(to_hex(n), 32, '0')::uuid"
    rows = await connection.fetch(
        f"INSERT INTO {schema}.case_file (id, {columns}) SELECT {number}, {columns} "  # noqa: S608 - its own columns
        "FROM public.case_file, generate_series(1, $2) AS n WHERE id = $1 RETURNING id",
        draft,
        count,
    )
    return [row["id"] for row in rows]


async def _same_rows(connection: asyncpg.Connection, draft: UUID, submitted: UUID) -> str:
    """Return what pgbench is to do: turn drafts into rows like those of `submitted`, in tables made for it."""
    await connection.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    for table in _TABLES:
        await connection.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} INCLUDING ALL)")
    await _copies(connection, draft, DRAFTS, "bench")
    before = await row_of(connection, "case_file", "id = $1", draft)
    after = await row_of(connection, "case_file", "id = $1", submitted) | {"case_number": "gen_random_uuid()::text"}
    changed = {name: value for name, value in after.items() if name != "id" and value != before[name]}
    answer = await row_of(connection, "idempotency", "created_at = (SELECT max(created_at) FROM idempotency)")
    entry = await row_of(connection, "timeline_entry", "case_id = $1 AND happening = 'submitted'", submitted)
    audit = await row_of(connection, "audit", "verb = 'case.submitted'") | {"key": "gen_random_uuid()"}
    event = {
        "bucket": "1", "topic": "'case'", "key": "gen_random_uuid()", "sequence": "1", "version": "2",
        "type": "'case.submitted.v1'", "event_id": "gen_random_uuid()", "occurred_at": "now()",
        "payload": await connection.fetchval("SELECT quote_literal($1::bytea)", EVENT.read_bytes()),
    }  # fmt: skip
    return _SCRIPT.format(
        drafts=DRAFTS,
        case=", ".join(f"{name} = {value}" for name, value in changed.items()),
        idempotency=inserted(answer | {"key": "gen_random_uuid()::text"}),
        timeline=inserted(entry),
        audit=inserted(audit),
        outbox=inserted(event),
    )


async def row_of(connection: asyncpg.Connection, table: str, condition: str, *given: Any) -> dict[str, str]:
    """Return the columns of one row, written in SQL."""
    fields = await connection.fetch(
        "SELECT field.key, quote_nullable(field.value) AS literal "  # noqa: S608 - names of ours
        f"FROM (SELECT * FROM {table} WHERE {condition} LIMIT 1) AS row, "
        "jsonb_each_text(to_jsonb(row)) AS field",
        *given,
    )
    return {field["key"]: field["literal"] for field in fields}


def inserted(row: dict[str, str]) -> str:
    given = {name: value for name, value in row.items() if name != "id"}
    return f"({', '.join(given)}) VALUES ({', '.join(given.values())})"


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


def pgbench(dsn: str, script: Path, connections: int) -> float:
    """Return transactions per second of a script on the tables of the schema `bench`."""
    said = subprocess.run(  # noqa: S603
        [str(binary("pgbench")), "-n", "-c", str(connections), "-j", "1", "-T", str(max(int(SECONDS), 1)),
         "-M", "prepared", "-f", str(script), dsn],
        env={**os.environ, "PGOPTIONS": "-c search_path=bench"}, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip
    return float(next(line for line in said.splitlines() if line.startswith("tps")).split()[2])
