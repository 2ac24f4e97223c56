"""Anybody reads what is disclosed; wrong questions are answered in Chinese with their place."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from svc_credit.seed import seed

RECORDS = "/api/credit/v1/records"
SUBJECTS = "/api/credit/v1/subjects"
COMPANY, OTHER = "91130371MA7001010P", "91130371MA70083272"
Granted = Callable[..., dict[str, Any]]
Tell = Callable[..., Any]


async def test_the_pages_show_every_record_once_the_latest_decision_first(
    client: ServiceClient, tell: Tell, granted: Granted
):
    days = [f"2026-03-{day:02}" for day in (2, 9, 9, 9, 11, 20, 20)]
    for day in days:
        await tell("decision.made", granted(decided_on=day))
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(RECORDS, params={"credit_code": COMPANY, "limit": 2, **cursor})).json()
        seen += page["items"]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert [record["decided_on"] for record in seen] == sorted(days, reverse=True)
    assert len({record["id"] for record in seen}) == 7


async def test_the_query_is_narrowed_by_agency_kind_and_days(client: ServiceClient, tell: Tell, granted: Granted):
    bureau = {"code": "11130371037106669W", "name": "秦皇岛经济技术开发区市场监督管理局"}
    await tell("decision.made", granted(decided_on="2026-03-02"))
    await tell("decision.made", granted(decided_on="2026-03-09", agency=bureau))

    async def count(**filters: str) -> int:
        return len((await client.get(RECORDS, params=filters)).json()["items"])

    assert await count() == 2
    assert await count(agency_code=bureau["code"]) == 1
    assert await count(kind="licence") == 2
    assert await count(kind="penalty") == 0
    assert await count(decided_from="2026-03-03") == 1
    assert await count(decided_from="2026-03-02", decided_to="2026-03-02") == 1
    assert await count(state="pending") == 0


async def test_a_record_shows_where_one_may_turn_against_the_decision(
    client: ServiceClient, tell: Tell, granted: Granted
):
    await tell("decision.made", granted())
    (record,) = (await client.get(RECORDS)).json()["items"]
    assert (await client.get(f"{RECORDS}/{record['id']}")).json()["remedies"] is None
    await tell("agency.changed", {
        "agency_id": str(uuid4()), "code": record["agency"]["code"], "name": "秦皇岛经济技术开发区行政审批局",
        "short_name": "秦开审批", "region": "130371", "valid_from": "2019-01-01",
        "remedies": {"review_authority": "秦皇岛市人民政府", "court": "秦皇岛市海港区人民法院"},
    })  # fmt: skip
    answer = await client.get(f"{RECORDS}/{record['id']}")
    assert answer.json()["remedies"]["court"] == "秦皇岛市海港区人民法院"
    assert answer.headers["etag"] == f'"{record["version"]}"'


async def test_the_file_of_a_company_counts_and_shows_the_latest(client: ServiceClient, tell: Tell, granted: Granted):
    for day in range(2, 14):
        await tell("decision.made", granted(decided_on=f"2026-03-{day:02}"))
    file = (await client.get(f"{SUBJECTS}/{COMPANY.lower()}")).json()
    assert (file["credit_code"], file["name"]) == (COMPANY, "秦皇岛开发区山海食品有限公司")
    assert (file["records"], file["kinds"]) == ({"licence": 12}, {"licence": "行政许可"})
    assert len(file["latest"]) == 10
    assert file["latest"][0]["decided_on"] == "2026-03-13"


async def test_a_seeded_company_has_an_empty_file_and_an_unknown_one_none(client: ServiceClient):
    data = {"companies": [{"id": str(uuid4()), "credit_code": OTHER, "name": "秦皇岛开发区渤海餐饮管理有限公司"}]}
    await seed(client.transaction, data)
    await seed(client.transaction, data)
    assert (await client.get(f"{SUBJECTS}/{OTHER}")).json()["records"] == {}
    answer = await client.get(f"{SUBJECTS}/{COMPANY}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/credit-subject-not-found")


async def test_a_company_known_from_the_seed_keeps_its_one_file(client: ServiceClient, tell: Tell, granted: Granted):
    decision = granted()
    company = {"id": decision["applicant"]["id"], "credit_code": COMPANY, "name": "旧名称"}
    await seed(client.transaction, {"companies": [company]})
    await tell("decision.made", decision)
    file = (await client.get(f"{SUBJECTS}/{COMPANY}")).json()
    assert (file["name"], file["records"]) == ("秦皇岛开发区山海食品有限公司", {"licence": 1})
    assert await client.context.pool.fetchval("SELECT count(*) FROM subject") == 1


@pytest.mark.parametrize(
    ("address", "pointer", "code"),
    [
        (f"{RECORDS}?credit_code=91130371MA7001011P", "?credit_code", "invalid-credit-code"),
        (f"{RECORDS}?agency_code=123", "?agency_code", "invalid-credit-code"),
        (f"{SUBJECTS}/91130371MA7001010Q", "{credit_code}", "invalid-credit-code"),
        (f"{SUBJECTS}/11010519491231002X", "{credit_code}", "invalid-credit-code"),
        (f"{RECORDS}?kind=gossip", "?kind", "not-in-list"),
        (f"{RECORDS}?decided_from=yesterday", "?decided_from", "not-a-date"),
        (f"{RECORDS}?limit=1000", "?limit", "too-large"),
        (f"{RECORDS}/17", "{record_id}", "not-an-id"),
    ],
)
async def test_a_wrong_question_is_named_with_its_place(client: ServiceClient, address: str, pointer: str, code: str):
    answer = await client.get(address)
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["pointer"]) == (422, pointer)
    assert wrong["code"].startswith(code) or code in wrong["code"]
    assert not wrong["detail"].isascii()


async def test_a_made_up_cursor_is_refused(client: ServiceClient):
    answer = await client.get(RECORDS, params={"cursor": "x"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-cursor")


async def test_a_natural_persons_record_is_for_the_person_and_the_agency_only(
    client: ServiceClient, tell: Tell, granted: Granted, people: SimpleNamespace
):
    person = {"id": str(people.citizen.sub), "kind": "natural", "credit_code": None, "name": "李*"}
    await tell("decision.made", granted(applicant=person))
    (mine,) = (await client.as_(people.citizen).get(RECORDS)).json()["items"]
    assert (mine["audience"], mine["subject"]["name"]) == ("restricted", "李*")
    where = f"{RECORDS}/{mine['id']}"
    assert (await client.as_(people.head).get(where)).status_code == 200
    for stranger in (client, client.as_(people.citizen_2), client.as_(people.agent), client.as_(people.other_head)):
        assert (await stranger.get(where)).status_code == 404
        assert (await stranger.get(RECORDS)).json()["items"] == []


async def test_a_withdrawn_record_leaves_the_public(
    client: ServiceClient, tell: Tell, granted: Granted, people: SimpleNamespace
):
    await tell("decision.made", granted())
    (record,) = (await client.get(RECORDS)).json()["items"]
    where, form = f"{RECORDS}/{record['id']}/withdrawal", {"reason": "原许可决定已被依法撤销"}
    version = {"If-Match": '"2"'}
    assert (await client.post(where, json=form, headers=version)).status_code == 401
    assert (await client.as_(people.other_head).post(where, json=form, headers=version)).status_code == 403
    assert (await client.as_(people.head).post(where, json=form)).status_code == 428
    assert (await client.as_(people.head).post(where, json=form, headers={"If-Match": '"1"'})).status_code == 412
    done = await client.as_(people.head).post(where, json=form, headers=version)
    assert (done.status_code, done.json()["state_name"]) == (200, "已撤下")
    assert done.json()["withdrawal_due_on"] == "2026-03-25"
    assert (await client.get(f"{RECORDS}/{record['id']}")).status_code == 404
    assert (await client.as_(people.agent).get(f"{RECORDS}/{record['id']}")).json()["state"] == "withdrawn"
    assert (await client.get(f"{SUBJECTS}/{COMPANY}")).json()["records"] == {}
    types = await client.context.pool.fetch("SELECT type, sequence FROM outbox ORDER BY id")
    assert [(row["type"].split(".")[-2], row["sequence"]) for row in types] == [("disclosed", 1), ("withdrawn", 2)]
    again = await client.as_(people.head).post(where, json=form, headers={"If-Match": '"3"'})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/wrong-credit-record-state")
