"""What is sent as a guide is looked at field by field; the search shows exactly the guides that can be read."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import Caller
from svc_catalog.main import SERVICE
from svc_catalog.schemas.guides import GUIDE_EXAMPLE, GuideVersionView
from svc_catalog.seed import fill_places
from svc_catalog.seed.loader import guides
from svc_catalog.service.shape import shaped

API = "/api/catalog/v1"
AGENCY, UNKNOWN = "11130371037100371Q", "11440100007482575H"
FOOD = json.dumps(next(guide for guide in guides() if guide["name"] == "食品（含保健食品）经营许可核发"))


def staff(*roles: str, agency: str = AGENCY) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, given_roles=frozenset(roles))


EDITOR, PUBLISHER, BOTH = (
    staff("catalog_editor"),
    staff("catalog_publisher"),
    staff("catalog_editor", "catalog_publisher"),
)
CITIZEN = Caller(sub=uuid4(), kind="natural")


@pytest.fixture
async def client(service_client: Callable[..., Awaitable[ServiceClient]]) -> ServiceClient:
    opened = await service_client(SERVICE)
    async with opened.transaction() as tx:
        await fill_places(tx)
    return opened


async def write(client: ServiceClient, guide: dict[str, Any], who: Caller = EDITOR) -> Any:
    return await client.as_(who).post(f"{API}/guide-versions", json={"guide": guide})


async def step(client: ServiceClient, who: Caller, version: dict[str, Any], name: str, body: Any = None) -> Any:
    address = f"{API}/guide-versions/{version['id']}/{name}"
    return await client.as_(who).post(address, json=body, headers={"If-Match": f'"{version["version"]}"'})


async def publish(client: ServiceClient, guide: dict[str, Any]) -> dict[str, Any]:
    version: dict[str, Any] = (await write(client, guide)).json()
    for who, name in ((EDITOR, "check"), (PUBLISHER, "approval"), (PUBLISHER, "publication")):
        answer = await step(client, who, version, name)
        assert answer.status_code == 200, answer.text
        version = {**version, **answer.json()}
    return version


async def test_the_guide_that_the_documentation_shows_can_be_published(client: ServiceClient):
    published = await publish(client, GUIDE_EXAMPLE)
    (documented,) = GuideVersionView.model_config["json_schema_extra"]["examples"]
    assert published["content_hash"] == documented["content_hash"]


def changed(pointer: str, value: Any) -> dict[str, Any]:
    guide: dict[str, Any] = json.loads(FOOD)
    *steps, last = pointer.strip("/").split("/")
    place: Any = guide
    for part in steps:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return guide


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/surplus", 1, "unknown-field"),
        ("/limits/promised_day", 3, "unknown-field"),
        ("/materials/1/colour", "red", "unknown-field"),
        ("/questions/0/options/1/hint", "x", "unknown-field"),
        ("/limits/promised_days", "bald", "not-a-number"),
        ("/materials/0/need", "9", "not-in-list"),
        ("/result/licence_category", "特别", "wrong-form"),
        ("/valid_from", "gestern", "not-a-date"),
        ("/agency/code", UNKNOWN, "unknown-agency"),
        ("/agency/name", "秦皇岛市行政审批局", "other-name"),
        ("/form", {"type": "no-such-type"}, "not-a-schema"),
        ("/form", {"properties": {"phone": {"type": "string", "pattern": "("}}}, "not-a-schema"),
        ("/form", {"properties": {"phone": {"$ref": "https://elsewhere.invalid/phone"}}}, "not-a-schema"),
    ],
)
async def test_a_wrong_field_is_named_with_its_place(client: ServiceClient, pointer: str, value: Any, code: str):
    editor = staff("catalog_editor", agency=value) if pointer == "/agency/code" else EDITOR
    answer = await write(client, changed(pointer, value), editor)
    assert answer.status_code == 422, answer.text
    (wrong,) = answer.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == (f"/guide{pointer}", code)
    assert not wrong["detail"].isascii()
    assert await client.context.pool.fetchval("SELECT count(*) FROM item") == 0


def test_a_category_that_is_not_said_leaves_no_trace_in_the_hash():
    unsaid = json.loads(FOOD)
    del unsaid["result"]["licence_category"]
    assert "licence_category" not in shaped(unsaid)["result"]
    assert shaped(changed("/result/licence_category", None)) == shaped(unsaid)
    assert shaped(changed("/result/licence_category", "其他-补发"))["result"]["licence_category"] == "其他-补发"


@pytest.mark.parametrize(("escape", "status"), [("\\u0000", 422), ("\\ud800", 400)], ids=["no-text", "no-json"])
async def test_text_that_cannot_be_kept_is_refused(client: ServiceClient, escape: str, status: int):
    body = json.dumps({"guide": changed("/form/title", "HERE")}).replace("HERE", escape)
    headers = {"Content-Type": "application/json"}
    answer = await client.as_(EDITOR).post(f"{API}/guide-versions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


async def test_a_draft_keeps_its_agency_and_needs_its_version(client: ServiceClient):
    editor, draft = client.as_(EDITOR), (await write(client, json.loads(FOOD))).json()
    address = f"{API}/guide-versions/{draft['id']}"
    better = {"guide": changed("/contact", "0335-0000102")}
    assert (await editor.put(address, json=better)).status_code == 428
    assert (await editor.put(address, json=better, headers={"If-Match": '"7"'})).status_code == 412
    done = await editor.put(address, json=better, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, '"2"')
    moved = {"guide": changed("/agency", {"code": UNKNOWN, "name": "别处"})}
    refused = await editor.put(address, json=moved, headers={"If-Match": '"2"'})
    assert refused.json()["errors"][0]["pointer"] == "/guide/agency/code"


async def test_a_colleague_who_rewrote_a_draft_does_not_approve_it(client: ServiceClient):
    draft = (await write(client, json.loads(FOOD))).json()
    address = f"{API}/guide-versions/{draft['id']}"
    rewritten = await client.as_(BOTH).put(address, json={"guide": json.loads(FOOD)}, headers={"If-Match": '"1"'})
    checked = (await step(client, EDITOR, rewritten.json(), "check")).json()
    refused = await step(client, BOTH, checked, "approval")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/four-eyes-needed")
    assert (await step(client, PUBLISHER, checked, "approval")).status_code == 200


EXPECTED = {"in force": 200, "suspension": 409, "withdrawal": 404, "draft": 404, "expiry": 404, "replaced": 200}


@pytest.fixture
async def codes(client: ServiceClient) -> dict[str, str]:
    """Return the code of one item per way in which a guide may stand."""
    made = {}
    for number, end in enumerate(EXPECTED):
        base = f"000101001{number:03}"
        guide = changed("/base_code", base) | {"code": f"{AGENCY}4{base}", "name": f"食品经营许可{number}"}
        made[end] = guide["code"]
        if end == "draft":
            await write(client, guide)
            continue
        if end == "expiry":
            guide["valid_to"] = (client.context.clock() + timedelta(days=1)).date().isoformat()
        version = await publish(client, guide)
        if end in {"suspension", "withdrawal", "replaced"}:
            name = "suspension" if end == "replaced" else end
            assert (await step(client, PUBLISHER, version, name, {"reason": "依据修订"})).status_code == 200
        if end == "replaced":
            await publish(client, guide | {"contact": "0335-0000102"})
    return made


@pytest.mark.parametrize("who", [None, CITIZEN, EDITOR, PUBLISHER], ids=["anonymous", "citizen", "editor", "publisher"])
async def test_the_search_and_the_guide_agree(client: ServiceClient, codes: dict[str, str], who: Caller | None):
    client.context.clock = lambda: datetime.now(UTC) + timedelta(days=3)  # noqa: TID251 - three days later
    asking = client.as_(who) if who else client
    items = (await asking.get(f"{API}/items", params={"q": "食品"})).json()["items"]
    read = {end: (await asking.get(f"{API}/guides/{code}")).status_code for end, code in codes.items()}
    assert read == EXPECTED
    assert {item["code"] for item in items} == {codes[end] for end, status in read.items() if status == 200}
    assert {item["code"]: item["version"] for item in items}[codes["replaced"]] == 2


async def test_one_character_finds_filters_narrow_and_punctuation_finds_nothing(
    client: ServiceClient, codes: dict[str, str]
):
    async def found(**params: Any) -> int:
        return len((await client.get(f"{API}/items", params=params)).json()["items"])

    assert await found() == await found(q="食") == await found(q="审批局") == len(codes) - 3
    assert (
        await found(q="食品", item_type="20") == await found(q="食品", agency=UNKNOWN) == await found(q="，。！") == 0
    )


async def test_versions_of_an_item_follow_each_other_without_a_gap(client: ServiceClient, codes: dict[str, str]):
    second, first = (await client.get(f"{API}/guides/{codes['replaced']}/versions")).json()
    assert (first["ended_at"], second["ended_at"]) == (second["published_at"], None)


async def test_a_copy_that_another_process_made_old_is_seen_through(
    client: ServiceClient, codes: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    address = f"{API}/guides/{codes['in force']}"
    assert (await client.get(address)).status_code == 200
    await client.context.pool.execute(
        "UPDATE item SET state = 'suspended', version = version + 1 WHERE code = $1", codes["in force"]
    )
    assert (await client.get(address)).status_code == 200
    monkeypatch.setattr("svc_catalog.service.public_guides.FRESH_SECONDS", 0.0)
    assert (await client.get(address)).status_code == 409
