"""A person sees where he is signed in, and signs out there."""

from collections.abc import Callable
from typing import Any

FIREFOX = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"}


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_the_page_names_each_browser_and_ends_one(browser: Any, open_browser: Callable[[], Any]):
    other = open_browser()
    other.headers.update(FIREFOX)
    await other.sign_in(other.asked())
    await browser.sign_in(browser.asked())
    shown = await browser.get("/account/sessions")
    assert "Firefox · Windows" in shown.text
    assert shown.text.count("退出该登录") == 1
    assert shown.text.count("本浏览器") == 1
    await browser.fill_in(shown, "/account/sessions")
    assert (await other.get("/account")).status_code == 303
    assert (await browser.get("/account")).status_code == 200


async def test_a_session_of_somebody_else_is_not_ended(browser: Any, open_browser: Callable[[], Any], gateway: Any):
    await browser.sign_in(browser.asked())
    stranger = open_browser()
    await stranger.sign_in(stranger.asked(), "agent")
    theirs = await gateway.context.pool.fetchval("SELECT id FROM session ORDER BY id DESC LIMIT 1")
    other = open_browser()
    await other.sign_in(other.asked())
    shown = await browser.get("/account/sessions")
    for session in (str(theirs), "", "x"):
        assert (await browser.fill_in(shown, "/account/sessions", session=session)).status_code == 404
    assert (await stranger.get("/account")).status_code == 200


async def test_all_others_are_ended_at_once(browser: Any, open_browser: Callable[[], Any]):
    others = [open_browser() for _ in range(3)]
    tokens = [await other.tokens(other.asked()) for other in others]
    await browser.sign_in(browser.asked())
    await browser.fill_in(await browser.get("/account/sessions"), "/account/sessions", decision="all")
    assert [(await other.get("/account")).status_code for other in others] == [303] * 3
    assert [(await browser.userinfo(it["access_token"])).status_code for it in tokens] == [401] * 3
    assert (await browser.get("/account")).status_code == 200


async def test_an_application_signs_its_person_out_everywhere(browser: Any, open_browser: Callable[[], Any]):
    other = open_browser()
    await other.sign_in(other.asked())
    tokens = await browser.tokens(browser.asked())
    listed = (await browser.get("/api/gateway/v1/sessions", headers=bearer(tokens))).json()
    assert [it["methods"] for it in listed] == [["pwd"], ["pwd"]]
    assert (await browser.delete("/api/gateway/v1/sessions", headers=bearer(tokens))).status_code == 204
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert [(await it.get("/account")).status_code for it in (browser, other)] == [303, 303]
