"""A township's agent applies for a resident who has agreed; the resident sees what was done for him."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from onestop_local.browser import Api, Browser
from onestop_local.checks import eventually, expect
from onestop_local.people import PEOPLE
from onestop_local.stack import Stack

pytestmark = pytest.mark.timeout(180)

ITEM = "80周岁以上老年人高龄津贴发放"
PDF = b"%PDF-1.7\n" + b"0" * 2000
CITIZEN = next(person for person in PEOPLE if person.key == "citizen")


class Town:
    """The people of the stack, each in his own browser."""

    def __init__(self, stack: Stack, opened: AsyncExitStack) -> None:
        self._stack = stack
        self._opened = opened
        self._browsers: dict[str, Browser] = {}

    async def api(self, person: str, act: str | None = None) -> Api:
        if person not in self._browsers:
            self._browsers[person] = await self._opened.enter_async_context(Browser(self._stack, person))
        api = Api(self._stack, await self._browsers[person].sign_in("web", act))
        self._opened.push_async_callback(api.close)
        return api


@pytest.fixture
async def town(stack: Stack):
    async with AsyncExitStack() as opened:
        yield Town(stack, opened)


@pytest.fixture
async def mandate(town: Town):
    """Have the resident agree that the agent applies for him; it ends with the test."""
    agent, citizen = await town.api("township_agent"), await town.api("citizen")
    today = datetime.now(UTC).date()  # noqa: TID251 - a stack lives at the present
    asked = {
        "basis": "resident",
        "principal": {"name": CITIZEN.name, "identity_number": CITIZEN.identity_number},
        "valid_from": (today - timedelta(days=1)).isoformat(),
        "valid_to": (today + timedelta(days=180)).isoformat(),
    }
    waiting = expect(await agent.post("/gateway/v1/mandate-requests", asked), 201, "申请代办")
    path = f"/gateway/v1/mandates/{waiting['id']}"
    given = expect(await citizen.post(f"{path}/confirmation", etag='"1"'), 200, "确认授权")
    yield given
    answer = await citizen.get(path)
    if answer.json()["state"] == "given":
        expect(await citizen.post(f"{path}/withdrawal", etag=answer.headers["etag"]), 200, "撤回授权")


async def guide_of(api: Api) -> dict[str, Any]:
    items = expect(await api.get("/catalog/v1/items", q="高龄津贴"), 200, "搜索")["items"]
    code = next(item["code"] for item in items if item["name"] == ITEM)
    guide = expect(await api.get(f"/catalog/v1/guides/{code}"), 200, "办事指南")
    found: dict[str, Any] = guide.get("guide", guide)
    return found


def form_of(guide: dict[str, Any]) -> dict[str, Any]:
    known = {"applicant_name": CITIZEN.name, "identity_number": CITIZEN.identity_number, "phone": CITIZEN.phone}
    return {name: known.get(name, "6217000010000000000") for name in guide["form"]["required"]}


async def submitted(agent: Api, guide: dict[str, Any]) -> dict[str, Any]:
    """Apply for the resident, to the receipt."""
    answers = {question["id"]: question["options"][0]["value"] for question in guide["questions"]}
    body = {"guide_code": guide["code"], "answers": answers}

    async def opened() -> httpx.Response | None:
        answer = await agent.post("/intake/v1/cases", body)
        return None if answer.status_code == 404 else answer

    answer = await eventually(opened, "受理服务取得办事指南")
    case = expect(answer, 201, "新建申请")
    path = f"/intake/v1/cases/{case['id']}"
    answer = await agent.put(f"{path}/form", {"form": form_of(guide)}, etag=answer.headers["etag"])
    assert expect(answer, 200, "填写申请表")["form_problems"] == []
    for one in case["materials"]:
        if one["need"] == "1":
            answer = await agent.upload(f"{path}/materials/{one['code']}", PDF, "application/pdf", file_name="a.pdf")
    expect(await agent.post(f"{path}/submission", etag=answer.headers["etag"]), 201, "提交")
    return case


async def test_a_township_agent_applies_for_a_resident_who_has_agreed(town: Town, mandate: dict[str, Any]):
    agent = await town.api("township_agent", mandate["principal"]["id"])
    guide = await guide_of(agent)
    case = await submitted(agent, guide)
    path = f"/intake/v1/cases/{case['id']}"
    assert case["applicant"] == {**case["applicant"], "kind": "natural", "name": "赵**"}

    citizen = await town.api("citizen")
    seen = expect(await citizen.get(path), 200, "本人查看")
    assert (seen["state"], seen["agent"]) == ("submitted", {"name": "马**", "agency": "1113037103710740XG"})
    listed = expect(await citizen.get("/intake/v1/cases"), 200, "本人的办件")["items"]
    assert case["id"] in {one["id"] for one in listed}

    for stranger in (await town.api("citizen_2"), await town.api("township_agent"), await town.api("agent")):
        assert (await stranger.get(path)).status_code == 404
        listed = expect(await stranger.get("/intake/v1/cases"), 200, "别人的办件")["items"]
        assert case["id"] not in {one["id"] for one in listed}


async def test_what_was_agreed_ends_for_every_service_at_once(town: Town, mandate: dict[str, Any]):
    agent, citizen = await town.api("township_agent", mandate["principal"]["id"]), await town.api("citizen")
    expect(await agent.get("/intake/v1/cases"), 200, "代办员查看")
    path = f"/gateway/v1/mandates/{mandate['id']}/withdrawal"
    expect(await citizen.post(path, etag=f'"{mandate["version"]}"'), 200, "撤回授权")
    refused = await agent.get("/intake/v1/cases")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-token")
