"""堵点 through the door: an editor finds one, the supervisor assigns it, the head solves it, everybody reads it."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import httpx

from onestop_local.browser import Api, Browser
from onestop_local.checks import expect
from onestop_local.stack import Stack

AGENCY = "11130371037100371Q"


async def test_an_obstacle_is_solved_before_everybodys_eyes(stack: Stack):
    due = (datetime.now(UTC).date() + timedelta(days=60)).isoformat()  # noqa: TID251 - a stack lives at the present
    async with AsyncExitStack() as opened:

        async def api(person: str) -> Api:
            browser = await opened.enter_async_context(Browser(stack, person))
            made = Api(stack, await browser.sign_in("web"))
            opened.push_async_callback(made.close)
            return made

        supervisor, head = await api("supervisor"), await api("head")
        form = {
            "field": "business",
            "title": "食品经营许可变更住所须先注销",
            "description": "经营者变更住所时被要求先注销原许可。",
            "source": "群众反映",
        }
        one = expect(await supervisor.post("/catalog/v1/obstacles", form), 201, "登记堵点")
        path = f"/catalog/v1/obstacles/{one['id']}"
        assignment = {"agency_code": AGENCY, "due": due, "note": "按变更办理，不得要求注销。"}
        expect(await supervisor.post(f"{path}/assignment", assignment, etag='"1"'), 200, "交办堵点")
        evidence = [{"kind": "guide", "reference": "11130371037100371Q4000101005000", "note": "变更住所的办事指南"}]
        solution = {"measure": "修订办事指南，变更住所无需注销。", "evidence": evidence}
        expect(await supervisor.post(f"{path}/solution", solution, etag='"2"'), 403, "别人不能上报")
        expect(await head.post(f"{path}/solution", solution, etag='"2"'), 200, "上报解决情况")
        expect(await supervisor.post(f"{path}/verification", {"note": "试办属实。"}, etag='"3"'), 200, "核验销号")
        async with httpx.AsyncClient(base_url=stack.document["gateway"]["url"], trust_env=False) as anybody:
            seen = (await anybody.get(f"/api{path}")).json()
            assert [step["happening"] for step in seen["steps"]] == ["found", "assigned", "solved", "verified"]
            assert (await anybody.post(f"/api{path}/verification", json={})).status_code == 401
