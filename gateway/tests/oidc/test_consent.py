"""A client that is not ours gets nothing before the person agrees."""

from typing import Any

PASSWORD = "碧海-金沙-2026"


async def show_consent(browser: Any, asked: Any) -> Any:
    return await browser.follow(await browser.sign_in(asked, "agent"))


async def test_the_person_is_asked_once_and_told_what_for(browser: Any, gateway: Any):
    asked = browser.asked("department")
    shown = await show_consent(browser, asked)
    assert "市场监督管理局业务系统" in shown.text
    assert "您的姓名和办理身份" in shown.text
    assert "秦皇岛开发区山海食品有限公司" in shown.text
    assert browser.answer(await browser.fill_in(shown, decision="approve"))["code"]
    assert browser.answer(await browser.ask(browser.asked("department")))["code"]
    given = await gateway.context.pool.fetchval("SELECT detail FROM audit WHERE verb = 'consent.given'")
    assert given == {"client": "department", "scopes": ["openid", "profile"]}


async def test_more_than_was_agreed_to_is_asked_again(browser: Any):
    await browser.fill_in(await show_consent(browser, browser.asked("department")), decision="approve")
    more = await browser.ask(browser.asked("department", scope="openid phone"))
    assert more.headers["location"].startswith("/consent?")
    again = await browser.ask(browser.asked("department", prompt="consent"))
    assert again.headers["location"].startswith("/consent?")
    silent = browser.answer(await browser.ask(browser.asked("department", scope="openid phone", prompt="none")))
    assert silent["error"] == "consent_required"


async def test_a_person_who_declines_gives_nothing(browser: Any):
    asked = browser.asked("department")
    for decision in ("deny", "something"):
        shown = await show_consent(browser, browser.asked("department", prompt="login"))
        refused = browser.answer(await browser.fill_in(shown, decision=decision))
        assert (refused["error"], refused["state"]) == ("access_denied", "st-1")
    assert (await browser.ask(asked)).headers["location"].startswith("/consent?")


async def test_consent_that_another_site_sends_is_refused(browser: Any):
    shown = await show_consent(browser, browser.asked("department"))
    response = await browser.fill_in(shown, decision="approve", csrf="x")
    assert response.status_code == 403


async def test_consent_counts_only_while_the_person_is_signed_in(browser: Any):
    shown = await show_consent(browser, browser.asked("department"))
    browser.cookies.delete("onestop-session")
    response = await browser.fill_in(shown, decision="approve")
    assert response.headers["location"].startswith("/sign-in?")


async def test_our_own_clients_do_not_ask(browser: Any):
    assert browser.answer(await browser.sign_in(browser.asked("web-2", prompt="consent")))["code"]
