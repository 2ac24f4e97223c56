"""The ledger of 堵点 over HTTP: who may do what, what everybody reads, nothing half done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from svc_catalog.main import SERVICE
from svc_catalog.seed import fill_places

API = "/api/catalog/v1"
AGENCY = "11130371037100371Q"
OTHER = "1113037103710222X3"
FOUND = {
    "field": "social",
    "title": "异地就医备案须往返两地开具证明",
    "description": "两地经办机构各要求对方先出具证明。",
    "source": "群众反映",
}
SOLUTION = {
    "measure": "改为网上备案、即时办结。",
    "evidence": [{"kind": "document", "reference": "秦开医保〔2026〕8号", "note": "取消证明的通知"}],
}
SEEN = {"note": "现场试办一次，无需证明。"}


def staff(role: str, agency: str = AGENCY) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, given_roles=frozenset({role}))


SUPERVISOR, HEAD, EDITOR, CLERK = (staff(role) for role in ("supervisor", "head", "catalog_editor", "window_clerk"))


@pytest.fixture
async def client(service_client: Callable[..., Awaitable[Any]]) -> Any:
    opened = await service_client(SERVICE)
    async with opened.transaction() as tx:
        await fill_places(tx)
    return opened


@pytest.fixture
def due(client: Any) -> str:
    return (legal_day(client.context.clock()) + timedelta(days=60)).isoformat()


async def step(client: Any, who: Caller, one: dict[str, Any], name: str, body: Any) -> Any:
    address = f"{API}/obstacles/{one['id']}/{name}"
    return await client.as_(who).post(address, json=body, headers={"If-Match": f'"{one["version"]}"'})


async def found(client: Any, **changes: Any) -> dict[str, Any]:
    answer = await client.as_(EDITOR).post(f"{API}/obstacles", json=FOUND | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def assigned(client: Any, due: str, agency: str = AGENCY) -> dict[str, Any]:
    form = {"agency_code": agency, "due": due, "note": "牵头解决"}
    answer = await step(client, SUPERVISOR, await found(client), "assignment", form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_it_is_found_assigned_solved_sent_back_solved_again_and_verified(client: Any, due: str):
    one = await assigned(client, due)
    for who, name, form in (
        (HEAD, "solution", SOLUTION),
        (SUPERVISOR, "return", {"note": "窗口仍要求证明。", "due": due}),
        (HEAD, "solution", SOLUTION),
        (SUPERVISOR, "verification", SEEN),
    ):
        answer = await step(client, who, one, name, form)
        assert answer.status_code == 200, answer.text
        one = answer.json()
    shown = (await client.get(f"{API}/obstacles/{one['id']}")).json()
    assert (shown["state"], shown["light"]) == ("verified", "green")
    assert [it["happening"] for it in shown["steps"]] == [
        "found", "assigned", "solved", "sent-back", "solved", "verified"
    ]  # fmt: skip
    assert shown["steps"][4]["evidence"] == SOLUTION["evidence"]
    assert str(HEAD.sub) not in str(shown)
    audited = await client.context.pool.fetch("SELECT verb FROM audit WHERE key = $1::uuid ORDER BY at, id", one["id"])
    assert [row["verb"] for row in audited] == [f"obstacle.{it['happening']}" for it in shown["steps"]]


@pytest.mark.parametrize(
    ("who", "status"),
    [(staff("head", OTHER), 403), (SUPERVISOR, 403), (CLERK, 403), (Caller(), 401)],
    ids=["head of another agency", "supervisor", "clerk", "nobody"],
)
async def test_only_the_head_of_its_agency_reports_a_solution(client: Any, due: str, who: Caller, status: int):
    one = await assigned(client, due)
    assert (await step(client, who, one, "solution", SOLUTION)).status_code == status
    assert (await client.get(f"{API}/obstacles/{one['id']}")).json()["state"] == "assigned"


async def test_a_supervisor_who_reported_it_as_head_does_not_verify_it(client: Any, due: str):
    both = Caller(sub=uuid4(), kind="staff", agency=AGENCY, given_roles=frozenset({"head", "supervisor"}))
    one = (await step(client, both, await assigned(client, due), "solution", SOLUTION)).json()
    refused = await step(client, both, one, "verification", SEEN)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "somebody-else-verifies")
    assert (await step(client, SUPERVISOR, one, "verification", SEEN)).status_code == 200


async def test_wrong_input_is_named_by_its_place_and_leaves_nothing(client: Any, due: str):
    for changes, pointer in (
        ({"item_code": "11130371037100371Q4009999999000"}, "/item_code"),
        ({"description": "请联系13800138000"}, "/description"),
        ({"field": "weather"}, "/field"),
        ({"surplus": 1}, "/surplus"),
    ):
        refused = await client.as_(EDITOR).post(f"{API}/obstacles", json=FOUND | changes)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await client.get(f"{API}/obstacles")).json()["items"] == []
    one = await found(client)
    for form, pointer in (
        ({"agency_code": AGENCY, "due": "2026-01-05", "note": "牵头解决"}, "/due"),
        ({"agency_code": "91130371MA7001010P", "due": due, "note": "牵头解决"}, "/agency_code"),
    ):
        refused = await step(client, SUPERVISOR, one, "assignment", form)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    stale = await step(
        client, SUPERVISOR, one | {"version": 7}, "assignment", {**SEEN, "agency_code": AGENCY, "due": due}
    )
    assert stale.status_code == 412
    missing = await client.get(f"{API}/obstacles/{uuid4()}")
    assert (missing.status_code, missing.json()["type"].rpartition("/")[2]) == (404, "obstacle-not-found")


async def test_everybody_lists_them_by_field_state_and_agency_page_by_page(client: Any, due: str):
    first, second = await found(client), await assigned(client, due)
    third = await found(client, field="business")

    async def listed(**wanted: Any) -> list[str]:
        return [it["id"] for it in (await client.get(f"{API}/obstacles", params=wanted)).json()["items"]]

    assert await listed() == [third["id"], second["id"], first["id"]]
    assert await listed(field="social", state="found") == [first["id"]]
    assert await listed(agency=AGENCY) == [second["id"]]
    page = (await client.get(f"{API}/obstacles", params={"limit": 2})).json()
    assert [*(it["id"] for it in page["items"]), *await listed(cursor=page["next"])] == await listed()


async def test_totals_count_every_field_and_what_is_late(client: Any, due: str):
    late = await assigned(client, due)
    await found(client)
    await client.context.pool.execute(
        "UPDATE obstacle SET assigned_on = '2026-01-05', due = '2026-01-20' WHERE id = $1::uuid", late["id"]
    )
    totals = {it["field"]: it for it in (await client.get(f"{API}/obstacle-totals")).json()}
    assert totals["social"] == {"field": "social", "found": 1, "assigned": 1, "solved": 0, "verified": 0, "overdue": 1}
    assert {field: sum(int(it[state]) for state in ("found", "assigned")) for field, it in totals.items()} == {
        "identity": 0, "business": 0, "social": 2, "employment": 0, "residence": 0
    }  # fmt: skip
