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


async def test_two_clicks_at_once_open_one_draft(nobody: Api, agent: Api):
    items = expect(await nobody.get("/catalog/v1/items", q="开饭店"), 200, "search")["items"]
    code = next(item["code"] for item in items if item["name"] == ITEM)
    body = {"guide_code": code, "answers": {"business_type": "sales", "online_business": "no"}}

    async def clicked() -> list[httpx.Response] | None:
        answers = await asyncio.gather(*(agent.post("/intake/v1/cases", body, key="one-click") for _ in range(4)))
        return None if any(answer.status_code == httpx.codes.NOT_FOUND for answer in answers) else answers

    answers = await eventually(clicked, "intake knows the guide")
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
