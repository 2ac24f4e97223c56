"""On our own pages a person lets others act for him, acts for others, and ends either, without any script."""

import re
from typing import Any

import pytest

from gateway.messages.repository import latest

COMPANY = "91130371MA7001010P"
TERMS = {"valid_from": "2026-03-02", "valid_to": "2026-12-31", "items": ""}


async def pages(town: Any, username: str) -> Any:
    await town.signed_in(username)
    return town.browsers[username]


async def decide(browser: Any, decision: str, **typed: str) -> Any:
    """Press a button of the first mandate on the page that has it."""
    shown = await browser.get("/account/mandates")
    for form in re.findall(
        r"<form method=\"post\" action=\"(/account/mandates/[0-9a-f-]+)\">(.*?)</form>", shown.text, re.DOTALL
    ):
        if f'value="{decision}"' in form[1]:
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))
            return await browser.post(form[0], data=hidden | {"decision": decision} | typed)
    raise AssertionError(shown.text)


async def filled_in(town: Any, username: str, path: str, **typed: str) -> Any:
    browser = await pages(town, username)
    return await browser.fill_in(await browser.get(path), **{**TERMS, **typed})


async def state_of(town: Any, username: str = "citizen") -> str:
    """Return the state of the newest mandate as the page shows it."""
    shown = await (await pages(town, username)).get("/account/mandates")
    return str(re.findall(r"<dt>状态</dt>\s*<dd>(.*?)</dd>", shown.text)[0])


async def test_a_company_lets_somebody_act_and_he_agrees(town: Any):
    offered = await filled_in(
        town, "representative", "/account/mandates/give", principal=COMPANY, basis="", **town.names["citizen"]
    )
    assert offered.headers["location"] == "/account/mandates?done=offer"
    citizen = await pages(town, "citizen")
    shown = await citizen.get("/account/mandates")
    assert "秦皇岛开发区山海食品有限公司" in shown.text
    assert await state_of(town) == "待确认"
    assert (await decide(citizen, "confirm")).headers["location"] == "/account/mandates?done=confirm"
    assert await state_of(town) == "已生效 · 本人登录后确认"
    tokens = await town.signed_in("citizen", COMPANY)
    await decide(await pages(town, "representative"), "withdraw")
    assert await state_of(town) == "已撤回 · 本人登录后确认"
    assert (await citizen.userinfo(tokens["access_token"])).status_code == 401


async def test_a_person_lets_a_relative_act_and_the_relative_declines(town: Any):
    await filled_in(town, "mother", "/account/mandates/give", basis="parent", **town.names["nephew"])
    await decide(await pages(town, "nephew"), "decline")
    assert await state_of(town, "mother") == "已拒绝"


async def test_an_agent_of_a_township_asks_and_is_told_the_code(town: Any, gateway: Any):
    agent = await pages(town, "township_agent")
    assert "乡镇（街道）代办对象" in (await agent.get("/account/mandates/ask")).text
    asked = await filled_in(town, "township_agent", "/account/mandates/ask", basis="resident", **town.names["citizen"])
    assert asked.status_code == 303
    assert (await decide(agent, "send-code")).status_code == 303
    (message,) = await latest(town.pool, gateway.context.state.cipher, 1)
    code = message.message.parameters["code"]
    refused = await decide(agent, "code", code="x")
    assert (refused.status_code, "验证码不正确或已失效" in refused.text) == (422, True)
    assert (await decide(agent, "code", code=code)).headers["location"] == "/account/mandates?done=code"
    assert await state_of(town) == "已生效 · 本人手机验证码确认"


async def test_who_serves_no_township_is_not_offered_its_people(town: Any):
    for username in ("clerk", "mother"):
        shown = await (await pages(town, username)).get("/account/mandates/ask")
        assert "乡镇（街道）代办对象" not in shown.text
        refused = await filled_in(town, username, "/account/mandates/ask", basis="resident", **town.names["citizen"])
        assert refused.status_code == 422


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "赵小梅"}, "name"),
        ({"identity_number": "130371198803171021"}, "identity_number"),
        ({"valid_to": ""}, "valid_to"),
        ({"valid_to": "morgen"}, "valid_to"),
        ({"valid_from": ""}, "valid_from"),
        ({"basis": "uncle"}, "basis"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(town: Any, typed: dict[str, str], field: str):
    entered = {"basis": "child", **town.names["citizen"], **typed}
    refused = await filled_in(town, "mother", "/account/mandates/ask", **entered)
    assert refused.status_code == 422
    assert re.findall(r'<p class="wrong" id="([a-z_]+)-error">', refused.text) == [field]
    assert f'value="{entered["name"]}"' in refused.text


async def test_a_decision_that_another_site_sends_is_refused(town: Any):
    offered = await town.given_by_company()
    citizen = await pages(town, "citizen")
    forged = {"decision": "confirm", "version": "1", "csrf": "x"}
    assert (await citizen.post(f"/account/mandates/{offered['id']}", data=forged)).status_code == 403
    assert await state_of(town) == "待确认"


async def test_what_changed_meanwhile_is_not_decided(town: Any):
    offered = await town.given_by_company()
    citizen = await pages(town, "citizen")
    for version in ("7", "latest"):
        assert (await decide(citizen, "confirm", version=version)).status_code == 412
    stranger = await pages(town, "nephew")
    token = re.search(r'name="csrf" value="([^"]+)"', (await stranger.get("/account/mandates/ask")).text)
    assert token
    foreign = {"decision": "confirm", "version": "1", "csrf": token[1]}
    assert (await stranger.post(f"/account/mandates/{offered['id']}", data=foreign)).status_code == 403


async def test_letting_somebody_act_needs_a_recent_sign_in(town: Any, clock: Any):
    await town.given_by_company()
    citizen, mother = await pages(town, "citizen"), await pages(town, "mother")
    clock.pass_(minutes=11)
    again = await mother.get("/account/mandates/give")
    assert again.headers["location"].startswith("/sign-in?next=%2Faccount%2Fmandates%2Fgive")
    confirming = await decide(citizen, "confirm")
    assert confirming.headers["location"].startswith("/sign-in?next=%2Faccount%2Fmandates")
    assert (await decide(citizen, "decline")).headers["location"] == "/account/mandates?done=decline"
