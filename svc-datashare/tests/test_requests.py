"""From the request to the grant, in time and by the right hands."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from onestop_local.testing.client import ServiceClient

REQUESTS = "/api/datashare/v1/resource-requests"
GRANTS = "/api/datashare/v1/grants"


@pytest.fixture
def form() -> dict[str, Any]:
    return {
        "resource_code": "FR-YYZZ-001",
        "service": "svc-intake",
        "fields": ["name", "state", "legal_representative"],
        "unmasked_fields": ["legal_representative"],
        "purpose": "办理烟花爆竹经营许可时核对负责人",
        "basis": "《烟花爆竹安全管理条例》第十九条",
        "valid_from": "2026-03-09",
        "valid_to": "2026-12-31",
    }


async def test_the_platform_and_the_provider_answer_and_a_scoped_grant_is_given(
    client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]
):
    answer = await client.as_(people.head).post(REQUESTS, json=form)
    assert answer.status_code == 201, answer.text
    asked = answer.json()
    assert (asked["state_name"], asked["step_name"], asked["terms"]["consumer"]["code"]) == (
        "待审核", "平台审核", people.head.agency,
    )  # fmt: skip
    assert asked["due"]["on"] == "2026-03-23"
    assert "政务数据共享条例" in asked["due"]["source"]
    where = f"{REQUESTS}/{asked['id']}"
    answer = await client.as_(people.admin).post(
        f"{where}/review", headers={"If-Match": '"1"'}, json={"approved": True}
    )
    assert answer.json()["step_name"] == "提供部门答复"
    answer = await client.as_(people.steward).post(
        f"{where}/review", headers={"If-Match": '"2"'}, json={"approved": True}
    )
    done = answer.json()
    assert (done["state"], done["step"], done["due"]) == ("completed", None, None)
    grant = (await client.as_(people.head).get(f"{GRANTS}/{done['grant_id']}")).json()
    assert grant["terms"] == asked["terms"]
    assert grant["in_force"]
    event = await client.context.pool.fetchrow("SELECT type FROM outbox WHERE key = $1", UUID(done["grant_id"]))
    assert event["type"] == "cn.onestop.datashare.grant.given.v1"
    reviews = await client.context.pool.fetch(
        "SELECT step, due_on FROM request_review WHERE request_id = $1 ORDER BY version", UUID(asked["id"])
    )
    assert [(row["step"], str(row["due_on"])) for row in reviews] == [
        (None, "None"),
        ("platform", "2026-03-23"),
        ("provider", "2026-03-23"),
    ]


async def test_a_late_answer_shows_as_late(
    client: ServiceClient, people: SimpleNamespace, form: dict[str, Any], clock: Any
):
    asked = (await client.as_(people.head).post(REQUESTS, json=form)).json()
    clock.forward(days=15)
    due = (await client.as_(people.head).get(f"{REQUESTS}/{asked['id']}")).json()["due"]
    assert (due["late"], due["provisional"]) == (True, True)  # no calendar of 2026 has been told of


async def test_each_side_reviews_its_own_step(client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]):
    asked = (await client.as_(people.head).post(REQUESTS, json=form)).json()
    review = f"{REQUESTS}/{asked['id']}/review"
    early = await client.as_(people.steward).post(review, headers={"If-Match": '"1"'}, json={"approved": True})
    assert (early.status_code, early.json()["type"]) == (403, "/problems/not-permitted")
    await client.as_(people.admin).post(review, headers={"If-Match": '"1"'}, json={"approved": True})
    again = await client.as_(people.admin).post(review, headers={"If-Match": '"2"'}, json={"approved": True})
    assert again.status_code == 403
    stranger = await client.as_(people.reviewer).post(review, headers={"If-Match": '"2"'}, json={"approved": True})
    assert (stranger.status_code, stranger.json()["type"]) == (404, "/problems/resource-request-not-found")


async def test_a_refusal_states_its_reason_and_gives_nothing(
    client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]
):
    asked = (await client.as_(people.head).post(REQUESTS, json=form)).json()
    review = f"{REQUESTS}/{asked['id']}/review"
    admin = client.as_(people.admin)
    answer = await admin.post(review, headers={"If-Match": '"1"'}, json={"approved": False, "reason": "  "})
    assert answer.status_code == 422
    answer = await admin.post(review, headers={"If-Match": '"1"'}, json={"approved": False, "reason": "超出履职范围"})
    assert (answer.json()["state"], answer.json()["reason"]) == ("returned", "超出履职范围")
    assert answer.json()["grant_id"] is None


async def test_fields_that_do_not_exist_are_pointed_at(
    client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]
):
    form |= {"fields": ["name", "turnover"], "unmasked_fields": []}
    answer = await client.as_(people.head).post(REQUESTS, json=form)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/fields/1")


async def test_a_window_clerk_asks_for_no_data(client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]):
    assert (await client.as_(people.reviewer).post(REQUESTS, json=form)).status_code == 403
    assert (await client.post(REQUESTS, json=form)).status_code == 401


async def test_a_request_is_taken_back(client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]):
    asked = (await client.as_(people.head).post(REQUESTS, json=form)).json()
    where = f"{REQUESTS}/{asked['id']}/withdrawal"
    answer = await client.as_(people.head).post(where, headers={"If-Match": '"1"'}, json={"reason": "不再需要"})
    assert (answer.json()["state_name"], answer.json()["reason"]) == ("失效", "不再需要")


async def test_a_grant_is_revoked_by_its_provider_only_once(client: ServiceClient, people: SimpleNamespace):
    of_the_bureau = {"consumer": people.head.agency}
    (grant,) = (await client.as_(people.steward).get(GRANTS, params=of_the_bureau)).json()["items"]
    where = f"{GRANTS}/{grant['id']}/revocation"
    reason = {"reason": "使用目的已消失"}
    forbidden = await client.as_(people.head).post(where, headers={"If-Match": '"1"'}, json=reason)
    assert (forbidden.status_code, forbidden.json()["type"]) == (403, "/problems/not-permitted")
    unversioned = await client.as_(people.steward).post(where, json=reason)
    assert (unversioned.status_code, unversioned.json()["type"]) == (428, "/problems/version-required")
    answer = await client.as_(people.steward).post(where, headers={"If-Match": '"1"'}, json=reason)
    assert (answer.json()["state_name"], answer.json()["in_force"]) == ("已撤销", False)
    again = await client.as_(people.steward).post(where, headers={"If-Match": '"2"'}, json=reason)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/grant-already-revoked")
    hidden = await client.as_(people.agent).get(f"{GRANTS}/{grant['id']}")
    assert hidden.status_code == 404
