"""Guides live from draft to publication; everybody reads and finds what is published; lists are imported safely."""

import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from onestop_messages.catalog import CalendarChanged, GuidePublished, GuideSuspended
from onestop_runtime.caller import Caller
from svc_catalog.main import SERVICE
from svc_catalog.seed import fill_places, seed
from svc_catalog.seed.loader import guides

API = "/api/catalog/v1"
AGENCY = "11130371037100371Q"
LIST = Path(__file__).parents[3] / "shared" / "data" / "items-guangan.csv"
FOOD = next(guide for guide in guides() if guide["name"] == "食品（含保健食品）经营许可核发")
Open = Callable[..., Awaitable[Any]]


def staff(role: str, agency: str = AGENCY) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, given_roles=frozenset({role}))


EDITOR, PUBLISHER = staff("catalog_editor"), staff("catalog_publisher")


@pytest.fixture
async def client(service_client: Open) -> Any:
    opened = await service_client(SERVICE)
    async with opened.transaction() as tx:
        await fill_places(tx)
    return opened


async def step(client: Any, who: Caller, version: dict[str, Any], name: str, body: Any = None) -> Any:
    address = f"{API}/guide-versions/{version['id']}/{name}"
    return await client.as_(who).post(address, json=body, headers={"If-Match": f'"{version["version"]}"'})


async def published(client: Any, **changes: Any) -> dict[str, Any]:
    version = (await client.as_(EDITOR).post(f"{API}/guide-versions", json={"guide": {**FOOD, **changes}})).json()
    for who, name in ((EDITOR, "check"), (PUBLISHER, "approval"), (PUBLISHER, "publication")):
        answer = await step(client, who, version, name)
        assert answer.status_code == 200, answer.text
        version = {**version, **answer.json(), "position": answer.headers.get("position-token")}
    return version


async def test_agencies_led_from_above_send_who_complains_to_the_agency_above_them(client: Any):
    async with client.transaction() as tx:
        rows = await tx.connection.fetch("SELECT short_name, review_authority FROM agency")
    named = {row["short_name"]: row["review_authority"] for row in rows}
    assert {agency: authority for agency, authority in named.items() if authority != "秦皇岛市人民政府"} == {
        "秦开税": "国家税务总局秦皇岛市税务局",
        "秦开烟": "秦皇岛市烟草专卖局",
    }  # 行政复议法（2023）24, 27


async def test_a_guide_is_written_checked_approved_published_and_read(client: Any):
    version = await published(client)
    answer = await client.get(f"{API}/guides/{FOOD['code']}")
    assert answer.json()["guide"] == FOOD
    assert answer.headers["etag"] == f'"{version["content_hash"]}"'
    same = await client.get(f"{API}/guides/{FOOD['code']}", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    row = await client.context.pool.fetchrow("SELECT payload FROM outbox WHERE type = $1", GuidePublished.TYPE)
    event = GuidePublished.model_validate_json(row["payload"])
    assert (event.version_number, event.content_hash) == (1, version["content_hash"])


async def test_a_kept_guide_is_the_same_as_a_read_one_and_needs_no_database(client: Any):
    await published(client)
    address = f"{API}/guides/{FOOD['code']}"
    read, kept = await client.get(address), await client.get(address)
    assert (kept.content, kept.headers["etag"]) == (read.content, read.headers["etag"])
    same = await client.get(address, headers={"If-None-Match": kept.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_new_version_is_seen_at_once_and_the_old_one_is_history(client: Any):
    await published(client)
    await client.get(f"{API}/guides/{FOOD['code']}")
    await published(client, contact="0335-0000999")
    assert (await client.get(f"{API}/guides/{FOOD['code']}")).json()["guide"]["contact"] == "0335-0000999"
    versions = (await client.get(f"{API}/guides/{FOOD['code']}/versions")).json()
    assert [(one["number"], one["state"]) for one in versions] == [(2, "published"), (1, "superseded")]


async def test_who_publishes_finds_it_at_once_also_where_another_process_keeps_the_former_guide(
    client: Any, service_client: Open
):
    await published(client)
    other = await service_client(SERVICE, dsn=client.context.settings.dsn)
    address = f"{API}/guides/{FOOD['code']}"
    await other.get(address)
    other.context.state._kept[FOOD["code"]].looked_at = math.inf  # it would be believed for ever
    position = {"Position-Token": (await published(client, contact="0335-0000999"))["position"]}
    assert (await other.get(address)).json()["guide"]["contact"] == FOOD["contact"]
    seen = await other.get(address, headers=position)
    assert (seen.json()["guide"]["contact"], seen.headers["position-state"]) == ("0335-0000999", "reached")
    found = await other.get(f"{API}/items", params={"q": FOOD["name"]}, headers=position)
    assert (found.json()["items"][0]["code"], found.headers["position-state"]) == (FOOD["code"], "reached")


async def test_a_vague_clause_keeps_a_guide_from_being_approved(client: Any):
    materials = json.loads(json.dumps(FOOD["materials"]))
    materials[0]["name"] = "其他材料"
    draft = await client.as_(EDITOR).post(f"{API}/guide-versions", json={"guide": {**FOOD, "materials": materials}})
    checked = (await step(client, EDITOR, draft.json(), "check")).json()
    assert (checked["state"], checked["findings"][0]["pointer"]) == ("draft", "/materials/0/name")
    refused = await step(client, PUBLISHER, {**draft.json(), **checked}, "approval")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/wrong-guide-state")


async def test_who_wrote_a_guide_does_not_approve_it(client: Any):
    both = Caller(
        sub=uuid4(), kind="staff", agency=AGENCY, given_roles=frozenset({"catalog_editor", "catalog_publisher"})
    )
    draft = (await client.as_(both).post(f"{API}/guide-versions", json={"guide": FOOD})).json()
    checked = (await step(client, both, draft, "check")).json()
    refused = await step(client, both, {**draft, **checked}, "approval")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/four-eyes-needed")


async def test_another_agency_neither_writes_nor_sees_a_draft(client: Any):
    stranger = staff("catalog_editor", "11130371037106669W")
    assert (await client.as_(stranger).post(f"{API}/guide-versions", json={"guide": FOOD})).status_code == 403
    draft = (await client.as_(EDITOR).post(f"{API}/guide-versions", json={"guide": FOOD})).json()
    assert (await client.as_(stranger).get(f"{API}/guide-versions/{draft['id']}")).status_code == 404
    assert (await client.get(f"{API}/guide-versions/{draft['id']}")).status_code == 404
    assert (await client.get(f"{API}/guides/{FOOD['code']}")).status_code == 404


async def test_a_guide_that_lacks_something_names_every_field(client: Any):
    wrong = {name: part for name, part in FOOD.items() if name not in {"name", "limits"}}
    answer = await client.as_(EDITOR).post(f"{API}/guide-versions", json={"guide": wrong})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/guide/name", "/guide/limits"}


async def test_a_suspended_item_says_so(client: Any):
    version = await published(client)
    await client.get(f"{API}/guides/{FOOD['code']}")
    assert (await step(client, PUBLISHER, version, "suspension", {"reason": "依据修订"})).status_code == 200
    answer = await client.get(f"{API}/guides/{FOOD['code']}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/item-suspended")
    assert (await client.get(f"{API}/items", params={"q": "食品"})).json()["items"] == []
    assert await client.context.pool.fetchval("SELECT count(*) FROM outbox WHERE type = $1", GuideSuspended.TYPE) == 1


@pytest.fixture
async def seeded(client: Any) -> Any:
    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        async with client.transaction() as tx:
            yield tx

    await seed(begin, {})
    events = await client.context.pool.fetchval("SELECT count(*) FROM outbox")
    await seed(begin, {})
    assert await client.context.pool.fetchval("SELECT count(*) FROM outbox") == events
    return client


async def test_the_seed_is_found_by_two_characters_by_what_people_say_and_page_by_page(seeded: Any):
    async def find(text: str) -> list[str]:
        names, cursor = [], None
        while True:
            params = {"q": text, "limit": 7} | ({"cursor": cursor} if cursor else {})
            page = (await seeded.get(f"{API}/items", params=params)).json()
            names += [item["name"] for item in page["items"]]
            if not (cursor := page["next"]):
                return names

    everything = await find("")
    assert len(everything) == len(set(everything)) >= 110
    assert "食品（含保健食品）经营许可核发" in await find("食品")
    assert "食品（含保健食品）经营许可核发" in await find("开饭店")
    assert "中国内地公民婚姻登记" in await find("结婚")
    assert await find("没有这样的事项") == []


async def test_the_seed_brings_places_and_a_calendar_with_provisional_years(seeded: Any):
    assert len((await seeded.get(f"{API}/agencies")).json()) == 22
    assert (await seeded.get(f"{API}/halls")).json()[0]["code"] == "130371-H01"
    assert {one["code"] for one in (await seeded.get(f"{API}/regions")).json()} >= {"130371", "130371100"}
    years = {one["year"]: one["published"] for one in (await seeded.get(f"{API}/calendar")).json()}
    assert years[2026] is True
    assert years[2027] is False
    rows = await seeded.context.pool.fetch("SELECT payload FROM outbox WHERE type = $1", CalendarChanged.TYPE)
    assert {CalendarChanged.model_validate_json(row["payload"]).year for row in rows} == set(years)


@pytest.mark.needs(str(LIST))
async def test_a_real_list_of_another_district_is_tried_then_imported_and_again_changes_nothing(client: Any):
    data = LIST.read_bytes()
    editor = client.as_(EDITOR)
    headers = {"Content-Type": "text/csv"}
    tried = (await editor.post(f"{API}/item-imports", content=data, headers=headers)).json()
    assert (tried["dry_run"], tried["rows"]) == (True, 1135)
    assert await client.context.pool.fetchval("SELECT count(*) FROM imported_item") == 0
    real = await editor.post(f"{API}/item-imports", params={"dry_run_id": tried["id"]}, content=data, headers=headers)
    assert (real.status_code, real.json()["added"]) == (201, tried["added"])
    again = await editor.post(f"{API}/item-imports", params={"dry_run_id": tried["id"]}, content=data, headers=headers)
    assert (again.json()["added"], again.json()["unchanged"]) == (0, tried["added"])
    report = (await editor.get(f"{API}/item-imports/{tried['id']}")).json()["report"]
    wrong_rows = {error["row"] for error in report}
    assert len(wrong_rows) + tried["added"] == 1135
    assert all(error["explanation"] for error in report)


async def test_each_wrong_row_is_named_and_spoils_no_other(client: Any):
    data = (
        "department,main_item,name,type_code,implementation_code\n"
        "教育局,未分类,教师资格认定,1,11440100007482575H3440118009000\n"
        ",未分类,无部门,1,A-1\n"
        "教育局,未分类,类型错误,00,A-2\n"
        f"教育局,未分类,编码过长,1,{'9' * 60}\n"
        "教育局,未\0分类,空字符,1,A-3\n"
    ).encode()
    tried = (await client.as_(EDITOR).post(f"{API}/item-imports", content=data)).json()
    assert tried["added"] == 1
    assert {(error["row"], error["column"]) for error in tried["report"]} == {
        (3, "department"), (4, "type_code"), (5, "implementation_code"), (6, "main_item"),
    }  # fmt: skip


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a,b\n1,2\n", b""])
async def test_a_file_that_is_no_item_list_is_refused(client: Any, data: bytes):
    answer = await client.as_(EDITOR).post(f"{API}/item-imports", content=data)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-an-item-list")


async def test_a_list_is_not_imported_without_its_trial_nor_by_anybody(client: Any):
    data = b"department,main_item,name,type_code,implementation_code\n"
    without = await client.as_(EDITOR).post(f"{API}/item-imports", params={"dry_run_id": str(uuid4())}, content=data)
    assert (without.status_code, without.json()["type"]) == (409, "/problems/dry-run-needed")
    assert (await client.post(f"{API}/item-imports", content=data)).status_code == 401
    assert (await client.as_(PUBLISHER).post(f"{API}/item-imports", content=data)).status_code == 403


async def test_a_real_run_names_the_trial_it_follows(client: Any):
    data = b"department,main_item,name,type_code,implementation_code\n"
    editor, address = client.as_(EDITOR), f"{API}/item-imports"
    bare = await editor.post(address, params={"dry_run": "false"}, content=data)
    assert (bare.status_code, bare.json()["type"]) == (409, "/problems/dry-run-needed")
    assert bare.json()["errors"][0]["pointer"] == "?dry_run_id"
    tried = (await editor.post(address, params={"dry_run": "true"}, content=data)).json()
    real = await editor.post(address, params={"dry_run": "false", "dry_run_id": tried["id"]}, content=data)
    assert (real.status_code, real.json()["dry_run"]) == (201, False)
    assert (await editor.post(address, params={"dry_run_id": tried["id"]}, content=data + b"x")).status_code == 409


async def test_a_list_is_csv_and_not_too_large(client: Any):
    editor, address = client.as_(EDITOR), f"{API}/item-imports"
    wrong = await editor.post(address, content=b"{}", headers={"Content-Type": "application/json"})
    assert (wrong.status_code, wrong.json()["type"]) == (415, "/problems/not-csv")
    assert wrong.json()["errors"][0]["pointer"] == "#Content-Type"
    large = await editor.post(address, content=b"x" * (10 * 1024 * 1024 + 1))
    assert (large.status_code, large.json()["type"]) == (413, "/problems/body-too-large")


async def test_one_year_of_the_calendar_can_be_asked_for(client: Any):
    (year,) = (await client.get(f"{API}/calendar", params={"year": 2019})).json()
    assert {"2019-02-02", "2019-02-03"} <= set(year["workdays"])
    assert (await client.get(f"{API}/calendar", params={"year": 2018})).json() == []
    assert (await client.get(f"{API}/calendar", params={"year": 1})).status_code == 422
