"""On a whole stack: what is taken away by hand, or dropped on its way, is named; what is put back adds up again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from onestop_local.browser import Api
from onestop_local.checks import eventually, expect
from onestop_local.journey import Journey
from onestop_local.reconciling import PATH, compare, unresolved
from onestop_local.registry import signed_in
from onestop_local.stack import Stack

pytestmark = pytest.mark.timeout(180)
TOPIC = "onestop.workflow.proceeding"


@asynccontextmanager
async def database(stack: Stack, service: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.document["services"][service]["dsn"])
    try:
        yield connection
    finally:
        await connection.close()


async def about(api: Api, case_id: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return what does not add up of a case."""
    return {
        (one["leg"], one["flaw"], one["service"]): one for one in await unresolved(api) if one["case_id"] == case_id
    }


async def put_back(connection: asyncpg.Connection, table: str, rows: list[asyncpg.Record]) -> None:
    for row in rows:
        columns = ", ".join(row.keys())
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        overriding = "OVERRIDING SYSTEM VALUE " if table == "outbox" else ""
        await connection.execute(
            f"INSERT INTO {table} ({columns}) {overriding}VALUES ({places})",
            *row.values(),
        )


async def test_a_lost_event_and_a_deleted_row_are_named_until_they_are_put_back(stack: Stack):
    """The decision's event is kept from the relay and dropped; the licence is deleted from the register."""
    async with Journey(stack) as journey, signed_in(stack, "operator") as operator:
        for step in ("sign_in", "find_item", "open_case", "prove_by_sharing", "hand_in", "submit_twice", "accept",
                     "review", "check_on_site"):  # fmt: skip
            await getattr(journey, step)()
        case = journey.case
        async with database(stack, "workflow") as workflow, database(stack, "datashare") as datashare:
            await workflow.execute(
                "INSERT INTO outbox_quarantine (topic, key, outbox_id, error) VALUES ($1, $2::text::uuid, 0, 'test')",
                TOPIC,
                case.proceeding_id,
            )
            await journey.decide()
            dropped = await workflow.fetch(
                "DELETE FROM outbox WHERE topic = $1 AND key = $2::text::uuid RETURNING *", TOPIC, case.proceeding_id
            )
            await workflow.execute("DELETE FROM outbox_quarantine WHERE key = $1::text::uuid", case.proceeding_id)
            assert dropped[-1]["type"] == "cn.onestop.workflow.decision.made.v1"

            async def registered() -> bool:
                query = "SELECT count(*) FROM licence WHERE case_id = $1::text::uuid"
                return bool(await datashare.fetchval(query, case.id))

            await eventually(registered, "the licence is registered")
            deleted = await datashare.fetch("DELETE FROM licence WHERE case_id = $1::text::uuid RETURNING *", case.id)

            run = await compare(operator)
            assert run["error"] is None
            assert not run["result"]["balanced"]
            found = await about(operator, case.id)
            assert {place: one["stage"] for place, one in found.items()} == {
                ("notice", "missing", "intake"): "lost",
                ("disclosure", "missing", "credit"): "lost",
                ("certificate", "missing", "datashare"): "effect_gone",
            }
            for leg, service in (("notice", "intake"), ("disclosure", "credit")):
                event = found[leg, "missing", service]["event"]
                assert (event["type"], event["key"]) == (dropped[-1]["type"], case.proceeding_id)
                assert event["sequence"] == dropped[0]["sequence"]

            await put_back(workflow, "outbox", dropped)
            await put_back(datashare, "licence", deleted)
        await journey.read_disclosure()
        await compare(operator)
        assert await about(operator, case.id) == {}


async def test_everybody_reads_the_totals_and_nobody_else_the_cases(stack: Stack):
    async with Journey(stack) as journey:
        nobody, citizen = journey.nobody(), await journey.api("citizen")
        told = expect(await nobody.get(PATH), 200, "totals")
        cases = told["cases"]
        assert cases["submitted"] == sum(number for name, number in cases.items() if name != "submitted")
        expect(await nobody.get(f"{PATH}/findings"), 401, "findings without signing in")
        expect(await citizen.get(f"{PATH}/findings"), 403, "findings for a citizen")
        expect(await citizen.post(f"{PATH}/runs", {}), 403, "a check for a citizen")
    async with httpx.AsyncClient(base_url=stack.document["gateway"]["url"]) as http:
        assert (await http.get("/system/v1/ledger/books/accepted/days")).status_code == 404
