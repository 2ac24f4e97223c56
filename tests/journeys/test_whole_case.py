"""One whole case through the gateway: from a single sign-in to a disclosed licence."""

import asyncio

import httpx
import pytest

from onestop_local.browser import Api, Browser, SignInFailed
from onestop_local.checks import eventually, expect
from onestop_local.journey import ITEM, Journey
from onestop_local.stack import Stack

pytestmark = pytest.mark.timeout(180)


async def test_the_whole_case_from_one_sign_in_to_a_disclosed_licence(stack: Stack):
    told: list[str] = []
    async with Journey(stack, lambda who, what: told.append(f"{who}：{what}")) as journey:
        case = await journey.run()
    assert case.licence["number"].startswith("JY")
    assert len(told) >= 15


async def test_one_sign_in_serves_two_applications(stack: Stack):
    async with Browser(stack, "citizen") as browser:
        assert (await browser.sign_in("web")).password_asked
        assert not (await browser.sign_in("web_2")).password_asked
        assert not (await browser.sign_in("hall")).password_asked


async def test_everybody_of_the_stack_can_sign_in(stack: Stack):
    for person in stack.document["people"]:
        async with Browser(stack, person) as browser:
            session = await browser.sign_in("web")
        api = Api(stack, session)
        me = expect(await api.get("/gateway/v1/me"), 200, person)
        await api.close()
        assert me


async def test_a_wrong_password_is_refused(stack: Stack):
    people = {**stack.document["people"], "citizen": {**stack.document["people"]["citizen"], "password": "wrong"}}
    async with Browser(Stack(stack.name, {**stack.document, "people": people}), "citizen") as browser:
        with pytest.raises(SignInFailed):
            await browser.sign_in("web")


@pytest.fixture
async def nobody(stack: Stack):
    api = Api(stack)
    yield api
    await api.close()


@pytest.fixture
async def agent(stack: Stack):
    async with Browser(stack, "agent") as browser:
        api = Api(stack, await browser.sign_in("web"))
        yield api
        await api.close()


async def food_item(nobody: Api) -> str:
    items = expect(await nobody.get("/catalog/v1/items", q="开饭店"), 200, "search")["items"]
    return str(next(item["code"] for item in items if item["name"] == ITEM))


async def draft(nobody: Api, agent: Api) -> tuple[str, str]:
    code = await food_item(nobody)

    async def opened() -> httpx.Response | None:
        answer = await agent.post("/intake/v1/cases", {"guide_code": code, "answers": {}})
        return None if answer.status_code == 404 else answer

    answer = await eventually(opened, "draft")
    if answer.status_code == 422:
        answers = {"business_type": "sales", "online_business": "no"}
        answer = await agent.post("/intake/v1/cases", {"guide_code": code, "answers": answers})
    case = expect(answer, 201, "draft")
    return f"/intake/v1/cases/{case['id']}", answer.headers["etag"]


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body = answer.json()
    assert body["title"]
    assert any("一" <= character <= "鿿" for character in body["title"])
    return answer.status_code, body["type"]


async def test_wrong_input_gets_a_clear_answer_in_chinese(nobody: Api, agent: Api):
    assert problem(await nobody.get("/catalog/v1/guides/nowhere")) == (404, "/problems/unknown-item")
    assert problem(await nobody.get("/nowhere/v1/x"))[0] == 404
    assert problem(await agent.post("/intake/v1/cases", {"guide_code": "nowhere"})) == (404, "/problems/unknown-item")
    path, etag = await draft(nobody, agent)
    assert problem(await agent.put(f"{path}/form", {"form": {}}, etag='"99"')) == (412, "/problems/stale-version")
    assert problem(await nobody.get(path))[0] in {401, 404}
    refused = await agent.post(f"{path}/submission", etag=etag)
    assert problem(refused)[0] == 422
    assert all(error["pointer"] for error in refused.json()["errors"])
    assert problem(await agent.upload(f"{path}/materials/M01", b"", "application/pdf", file_name="a.pdf"))[0] == 422
    text = await agent.upload(f"{path}/materials/M01", b"hello", "text/plain", file_name="a.txt")
    assert problem(text)[0] == 415
    disguised = await agent.upload(f"{path}/materials/M01", b"MZ not a pdf", "application/pdf", file_name="a.pdf")
    assert problem(disguised)[0] in {415, 422}
    large = await agent.upload(f"{path}/materials/M01", b"%PDF-1.4" + bytes(21 << 20), "application/pdf", file_name="a")
    assert problem(large)[0] == 413
    assert problem(await nobody.get("/credit/v1/records", credit_code="91130371MA7001011P"))[0] == 422
    assert problem(await agent.get("/workflow/v1/tasks/018f3b1c-7e4a-7c21-9a55-000000000071"))[0] == 404
    assert problem(await agent.post(f"{path}/acceptance", etag=etag))[0] == 403


async def test_a_missing_key_and_a_bad_token_are_refused(stack: Stack):
    url = stack.document["gateway"]["url"]
    async with Browser(stack, "agent") as browser:
        session = await browser.sign_in("web")
    async with httpx.AsyncClient(base_url=url) as http:
        bearer = {"Authorization": f"Bearer {session.access_token}"}
        without_key = await http.post("/api/intake/v1/cases", json={"guide_code": "x"}, headers=bearer)
        assert problem(without_key) == (400, "/problems/idempotency-key-required")
        bad = await http.get("/api/intake/v1/cases", headers={"Authorization": f"Bearer {session.access_token}x"})
        assert problem(bad)[0] == 401
        forged = await http.get("/api/intake/v1/cases", headers={"Onestop-Assertion": "x"})
        assert forged.json()["items"] == []  # the header is taken away at the edge: nobody asks


async def test_two_clicks_at_once_open_one_draft(nobody: Api, agent: Api):
    code = await food_item(nobody)
    await draft(nobody, agent)
    body = {"guide_code": code, "answers": {"business_type": "sales", "online_business": "no"}}
    answers = await asyncio.gather(*(agent.post("/intake/v1/cases", body, key="one-click") for _ in range(4)))
    assert len({expect(answer, 201, "open")["id"] for answer in answers}) == 1


async def test_the_documentation_is_served_by_ourselves(stack: Stack):
    url = stack.document["gateway"]["url"]
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as http:
        document = (await http.get("/openapi.json")).json()
        page = await http.get("/docs")
        explained = await http.get("/problems/corrections-already-named")
    assert {path.split("/")[2] for path in document["paths"] if path.startswith("/api/")} == {
        "catalog", "intake", "workflow", "datashare", "credit", "gateway",
    }  # fmt: skip
    assert page.status_code == 200
    assert "https://" not in page.text.replace(url, "").split("<body")[0]
    assert "补正" in explained.text


async def test_every_process_says_that_it_lives_and_is_ready(stack: Stack):
    addresses = [stack.document["gateway"]["url"], *(one["url"] for one in stack.document["services"].values())]
    async with httpx.AsyncClient() as http:
        for address in addresses:
            assert (await http.get(f"{address}/livez")).status_code == 200
            assert (await http.get(f"{address}/readyz")).status_code == 200
