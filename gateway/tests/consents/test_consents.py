"""A person sees what he lets applications have, and takes it back at once."""

import re
from typing import Any

import pytest


@pytest.fixture
async def department(browser: Any) -> Any:
    """Let a department's application in, as the citizen; return the code with which it gets tokens."""
    asked = browser.asked("department", scope="openid profile phone")
    consent = await browser.follow(await browser.sign_in(asked, "citizen"))
    assert browser.answer(await browser.fill_in(consent, decision="approve"))["code"]
    return asked


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def accesses(browser: Any, tokens: dict[str, Any]) -> dict[str, dict[str, Any]]:
    listed = (await browser.get("/api/gateway/v1/consents", headers=bearer(tokens))).json()
    return {it["client_id"]: it for it in listed}


async def test_a_person_sees_who_has_what_since_when(browser: Any, department: Any, clock: Any):
    assert department
    tokens = await browser.tokens(browser.asked(prompt="login"), "citizen")
    clock.pass_(minutes=5)
    renewed = (await browser.refresh(tokens["refresh_token"])).json()
    found = await accesses(browser, renewed)
    assert set(found) == {"department", "web"}
    assert found["department"]["scopes"] == ["openid", "phone", "profile"]
    assert (found["department"]["first_party"], found["web"]["first_party"]) == (False, True)
    assert found["web"]["since"] < found["web"]["used_at"]
    assert found["department"]["used_at"] < found["web"]["used_at"]


async def test_what_is_taken_back_is_refused_at_once_and_asked_for_anew(browser: Any, department: Any):
    own = await browser.tokens(browser.asked(prompt="login"), "citizen")
    path = "/api/gateway/v1/consents"
    assert (await browser.delete(f"{path}/department", headers=bearer(own))).status_code == 204
    assert set(await accesses(browser, own)) == {"web"}
    assert (await browser.ask(department)).headers["location"].startswith("/consent?")
    assert (await browser.delete(f"{path}/web", headers=bearer(own))).status_code == 204
    assert (await browser.userinfo(own["access_token"])).status_code == 401
    assert (await browser.refresh(own["refresh_token"])).json()["error"] == "invalid_grant"


async def test_what_was_never_given_is_not_found(browser: Any):
    tokens = await browser.tokens(browser.asked(), "citizen")
    for client_id in ("department", "nobody"):
        refused = await browser.delete(f"/api/gateway/v1/consents/{client_id}", headers=bearer(tokens))
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/access-not-found")


async def test_nobody_takes_back_for_somebody_else(browser: Any, department: Any, open_browser: Any):
    assert department
    other = open_browser()
    tokens = await other.tokens(other.asked(), "agent")
    assert set(await accesses(other, tokens)) == {"web"}
    refused = await other.delete("/api/gateway/v1/consents/department", headers=bearer(tokens))
    assert refused.status_code == 404
    own = await browser.tokens(browser.asked(prompt="login"), "citizen")
    assert "department" in await accesses(browser, own)


async def test_the_page_shows_applications_and_people_and_takes_back(browser: Any, department: Any, gateway: Any):
    assert department
    shown = await browser.get("/account/access")
    assert "市场监督管理局业务系统" in shown.text
    assert "您的手机号码" in shown.text
    done = await browser.fill_in(shown, client="department")
    assert done.headers["location"] == "/account/access?done=withdrawn"
    after = await browser.follow(done)
    assert "市场监督管理局业务系统" not in after.text
    assert "没有应用可以使用您的信息" in after.text
    assert (await browser.post("/account/access", data=browser.hidden(after) | {"csrf": "x"})).status_code == 403
    row = await gateway.context.pool.fetchrow("SELECT key, actor, detail FROM audit WHERE verb = 'consent.withdrawn'")
    assert row["key"] == row["actor"]
    assert row["detail"] == {"client": "department"}


async def test_the_page_names_who_acts_for_whom(browser: Any):
    await browser.tokens(browser.asked(), "agent")
    shown = await browser.get("/account/access")
    assert re.search(r"<li>秦皇岛开发区山海食品有限公司 · 已生效 · 长期</li>", shown.text)
