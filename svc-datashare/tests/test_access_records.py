"""The company reads who looked at its data; nobody changes what is written."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from onestop_local.testing.client import ServiceClient

EXCHANGE = "/api/datashare/v1/exchange/FR-YYZZ-001"
RECORDS = "/api/datashare/v1/access-records"


async def test_the_company_sees_who_looked_for_whom_in_which_case_and_what_for(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    shown = (await client.as_(people.intake).post(EXCHANGE, json=question)).json()
    (record,) = (await client.as_(people.agent).get(RECORDS)).json()["items"]
    assert record["id"] == shown["access_id"]
    assert record["consumer"] == {"code": question["agency"], "name": "秦皇岛经济技术开发区行政审批局"}
    assert (record["case_id"], record["purpose"], record["outcome_name"]) == (
        question["case_id"], question["purpose"], "已提供",
    )  # fmt: skip
    assert set(record["fields"]) == set(shown["fields"])


async def test_refused_calls_are_seen_as_well(client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]):
    await client.as_(people.intake).post(EXCHANGE, json=question | {"agency": "111303710371048158"})
    (record,) = (await client.as_(people.agent).get(RECORDS)).json()["items"]
    assert (record["outcome_name"], record["refusal"], record["consumer"]["name"]) == (
        "已拒绝", "no-grant", "111303710371048158",
    )  # fmt: skip


async def test_another_company_sees_nothing_of_it(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    shown = (await client.as_(people.intake).post(EXCHANGE, json=question)).json()
    other = client.as_(people.agent_2)
    assert (await other.get(RECORDS)).json() == {"items": [], "next": None}
    answer = await other.get(f"{RECORDS}/{shown['access_id']}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/access-record-not-found")
    assert (await client.get(RECORDS)).json()["items"] == []


async def test_the_pages_join_without_gap_or_repeat(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    asked = [(await client.as_(people.intake).post(EXCHANGE, json=question)).json()["access_id"] for _ in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page = (
            await client.as_(people.agent).get(RECORDS, params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [record["id"] for record in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert sorted(seen) == sorted(asked)
    assert seen == sorted(seen, reverse=True)


async def test_a_cursor_of_another_list_is_refused(client: ServiceClient, people: SimpleNamespace):
    answer = await client.as_(people.agent).get(RECORDS, params={"cursor": "bm9uc2Vuc2U"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-cursor")


@pytest.mark.parametrize("statement", ["UPDATE access_record SET purpose = 'x'", "DELETE FROM access_record",
                                       "TRUNCATE access_record"])  # fmt: skip
async def test_the_ledger_is_written_once(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], statement: str
):
    await client.as_(people.intake).post(EXCHANGE, json=question)
    with pytest.raises(asyncpg.RestrictViolationError):
        await client.context.pool.execute(statement)


async def test_no_answer_leaves_when_its_record_cannot_be_written(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    await client.context.pool.execute("ALTER TABLE access_record ADD CONSTRAINT never CHECK (service = '') NOT VALID")
    answer = await client.as_(people.intake).post(EXCHANGE, json=question)
    assert answer.status_code == 500
    assert "山海" not in answer.text
