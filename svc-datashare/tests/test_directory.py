"""A resource comes into the directory by two people's hands, and every data element has one source."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from onestop_local.testing.client import ServiceClient

RESOURCES = "/api/datashare/v1/resources"


async def published(client: ServiceClient, people: SimpleNamespace, form: dict[str, Any]) -> dict[str, Any]:
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    where = f"{RESOURCES}/{form['code']}"
    assert (await steward.post(RESOURCES, json=form)).status_code == 201
    assert (await steward.post(f"{where}/publication", headers={"If-Match": '"1"'})).status_code == 200
    answer = await admin.post(f"{where}/publication-review", headers={"If-Match": '"2"'}, json={"approved": True})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_resource_is_published_after_a_second_person_agrees(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    found = await published(client, people, new_resource)
    assert (found["state"], found["state_name"], found["version"]) == ("published", "已发布", 3)
    assert found["catalogue_code"] == "30700201/000001"
    assert found["sensitivity"] == 3
    event = await client.context.pool.fetchrow("SELECT type, sequence FROM outbox WHERE key = $1", UUID(found["id"]))
    assert event["type"] == "cn.onestop.datashare.resource.published.v1"
    history = """
        SELECT h.state FROM resource_history h JOIN resource r ON r.id = h.resource_id
        WHERE r.code = $1 ORDER BY h.version
    """
    states = await client.context.pool.fetch(history, new_resource["code"])
    assert [row["state"] for row in states] == ["created", "publication_review", "published"]


async def test_who_submits_does_not_review(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    both = people.steward
    await client.context.pool.execute("UPDATE data_authority SET agency = $1", both.agency)
    steward = client.as_(both)
    await steward.post(RESOURCES, json=new_resource)
    where = f"{RESOURCES}/{new_resource['code']}"
    await steward.post(f"{where}/publication", headers={"If-Match": '"1"'})
    answer = await steward.post(f"{where}/publication-review", headers={"If-Match": '"2"'}, json={"approved": True})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/reviewed-by-submitter")
    answer = await client.as_(people.steward_2).post(
        f"{where}/publication-review", headers={"If-Match": '"2"'}, json={"approved": True}
    )
    assert answer.json()["state"] == "published"


async def test_a_review_that_says_no_states_why(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    where = f"{RESOURCES}/{new_resource['code']}"
    await steward.post(RESOURCES, json=new_resource)
    await steward.post(f"{where}/publication", headers={"If-Match": '"1"'})
    answer = await admin.post(f"{where}/publication-review", headers={"If-Match": '"2"'}, json={"approved": False})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")
    refusal = {"approved": False, "reason": "共享条件的依据没有写明"}
    answer = await admin.post(f"{where}/publication-review", headers={"If-Match": '"2"'}, json=refusal)
    assert (answer.json()["state"], answer.json()["reason"]) == ("created", "共享条件的依据没有写明")


async def test_one_data_element_has_one_source(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    new_resource["items"][0]["element"] = "FR.MC"
    steward = client.as_(people.steward)
    await steward.post(RESOURCES, json=new_resource)
    answer = await steward.post(f"{RESOURCES}/{new_resource['code']}/publication", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/authoritative-source-taken")
    assert "“名称”的权威来源已登记为秦皇岛经济技术开发区市场监督管理局" in answer.json()["detail"]


async def test_two_claims_at_the_same_moment_leave_one_source(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    """The use case looks first; the database has the last word when both look before either writes."""
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    where = f"{RESOURCES}/{new_resource['code']}"
    await steward.post(RESOURCES, json=new_resource)
    await steward.post(f"{where}/publication", headers={"If-Match": '"1"'})
    rival = await client.context.pool.acquire()
    transaction = rival.transaction()
    await transaction.start()
    await rival.execute(
        "INSERT INTO authoritative_source (element, item_name, resource_id, provider, provider_name, since) "
        "SELECT 'SP.XKZBH', '许可证编号', id, provider, provider_name, now() FROM resource WHERE code = 'FR-YYZZ-001'"
    )
    review = admin.post(f"{where}/publication-review", headers={"If-Match": '"2"'}, json={"approved": True})
    async with asyncio.TaskGroup() as group:
        reviewing = group.create_task(review)
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        while not await client.context.pool.fetchval(waiting):
            assert not reviewing.done()
        await transaction.commit()
    await client.context.pool.release(rival)
    answer = reviewing.result()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/authoritative-source-taken")


async def test_the_source_is_free_again_when_its_resource_is_withdrawn(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    await published(client, people, new_resource)
    where = f"{RESOURCES}/{new_resource['code']}"
    reason = {"reason": "并入上级部门的资源"}
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    assert (await steward.post(f"{where}/withdrawal", headers={"If-Match": '"3"'}, json=reason)).status_code == 200
    answer = await admin.post(f"{where}/withdrawal-review", headers={"If-Match": '"4"'}, json={"approved": True})
    assert answer.json()["state"] == "withdrawn"
    successor = new_resource | {"code": "SP-JYXK-002"}
    successor["classification"] = new_resource["classification"] | {"serial": 2}
    assert (await published(client, people, successor))["state"] == "published"


async def test_a_withdrawal_may_be_refused(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    await published(client, people, new_resource)
    where = f"{RESOURCES}/{new_resource['code']}"
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    await steward.post(f"{where}/withdrawal", headers={"If-Match": '"3"'}, json={"reason": "不想提供"})
    refusal = {"approved": False, "reason": "仍有部门在使用"}
    answer = await admin.post(f"{where}/withdrawal-review", headers={"If-Match": '"4"'}, json=refusal)
    assert answer.json()["state"] == "published"


async def test_metadata_that_contradicts_itself_is_named_in_full(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    new_resource |= {"share_type": "3", "openness": "2"}
    new_resource["items"][1]["masking"] = "none"
    answer = await client.as_(people.steward).post(RESOURCES, json=new_resource)
    assert answer.status_code == 422
    assert {wrong["pointer"] for wrong in answer.json()["errors"]} == {
        "/share_basis",
        "/open_condition",
        "/items/1/masking",
    }


async def test_a_code_is_used_once(client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]):
    steward = client.as_(people.steward)
    await steward.post(RESOURCES, json=new_resource)
    answer = await steward.post(RESOURCES, json=new_resource)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/resource-code-taken")


async def test_a_draft_can_be_described_anew_and_a_published_resource_not(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]
):
    steward = client.as_(people.steward)
    await steward.post(RESOURCES, json=new_resource)
    where = f"{RESOURCES}/{new_resource['code']}"
    description = {key: value for key, value in new_resource.items() if key != "code"} | {"name": "食品经营许可证信息"}
    stale = await steward.put(where, headers={"If-Match": '"7"'}, json=description)
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    answer = await steward.put(where, headers={"If-Match": '"1"'}, json=description)
    assert (answer.json()["name"], answer.headers["etag"]) == ("食品经营许可证信息", '"2"')
    answer = await steward.put(f"{RESOURCES}/FR-YYZZ-001", headers={"If-Match": '"3"'}, json=description)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-resource-state")


@pytest.mark.parametrize(
    ("who", "status", "problem"),
    [("anonymous", 401, "not-signed-in"), ("agent", 403, "not-permitted"), ("reviewer", 403, "not-permitted")],
)
async def test_only_a_data_steward_enters_resources(
    client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any], who: str, status: int, problem: str
):
    answer = await client.as_(getattr(people, who)).post(RESOURCES, json=new_resource)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")


async def test_the_directory_is_searched_by_name(client: ServiceClient, people: SimpleNamespace):
    answer = await client.as_(people.reviewer).get(RESOURCES, params={"q": "营业执照"})
    assert [found["code"] for found in answer.json()["items"]] == ["FR-YYZZ-001"]
    assert (await client.as_(people.reviewer).get(RESOURCES, params={"q": "100%"})).json()["items"] == []
    assert (await client.get(RESOURCES)).json()["items"] == []  # not open to the public without condition
    assert (await client.get(f"{RESOURCES}/FR-YYZZ-001")).status_code == 404
