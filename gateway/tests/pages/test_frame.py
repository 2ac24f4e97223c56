"""What all pages have in common: whom they show, what runs on them, where an address leads that is none."""

import re
from typing import Any

import pytest

COMPANY = "91130371MA7001010P"
NAME = "秦皇岛开发区山海食品有限公司"
ACCOUNT = (
    "/account",
    "/account/security",
    "/account/security/password",
    "/account/security/phone",
    "/account/security/phone/code",
    "/account/security/authenticator",
    "/account/security/erasure",
    "/account/sessions",
    "/account/identities",
    "/account/mandates",
    "/account/mandates/give",
    "/account/mandates/ask",
    "/account/access",
    "/account/records",
)
CONSENTED = {"scope": "openid profile", "prompt": "consent"}


async def test_every_page_of_the_account_says_for_whom_one_acts(browser: Any):
    await browser.sign_in(browser.asked(), "agent")
    for address in ACCOUNT:
        shown = await browser.get(address)
        assert shown.status_code == 200, address
        assert f"以“{NAME}”的名义办理" in shown.text, address
        assert "切换办理身份" in shown.text, address
    chosen = await browser.get("/choose")
    await browser.fill_in(chosen, act="self")
    for address in ACCOUNT:
        shown = (await browser.get(address)).text
        assert ("周** · 以本人名义办理" in shown, "”的名义办理" in shown) == (True, False), address


@pytest.mark.parametrize(
    ("act", "said"), [(COMPANY, f"周**，您以“{NAME}”的名义办理。"), ("self", "周**，您以本人名义办理。")]
)
async def test_who_is_asked_for_consent_sees_for_whom_he_gives_it(browser: Any, act: str, said: str):
    asked = await browser.sign_in(browser.asked("foreign", act=act, **CONSENTED), "agent")
    assert said in (await browser.follow(asked)).text


async def test_a_device_that_can_act_for_nobody_else_says_so(browser: Any):
    asking = {"client_id": "tv", "scope": "openid profile"}
    code = (await browser.post("/oauth/device_authorization", data=asking)).json()["user_code"]
    shown = await browser.fill_in(await browser.visit("/device"), "/device", user_code=code)
    assert "赵**，您以本人名义办理。" in shown.text
    another = await browser.post("/oauth/device_authorization", data=asking)
    await browser.sign_in(browser.asked(prompt="login"), "agent")
    page = await browser.get("/device")
    choosing = await browser.fill_in(page, "/device", user_code=another.json()["user_code"])
    assert ('<select id="act"' in choosing.text, NAME in choosing.text) == (True, True)


@pytest.mark.parametrize(
    ("username", "level", "hints"), [("weak_admin", "已验证手机，尚未实名", 1), ("citizen", "已实名", 0)]
)
async def test_a_person_sees_how_surely_he_is_known_and_what_to_do_about_it(
    browser: Any, username: str, level: str, hints: int
):
    shown = (await browser.visit("/account", username)).text
    assert (level in shown, shown.count("带身份证到综合窗口")) == (True, hints)


async def test_nothing_runs_on_a_page_but_our_own_scripts_at_their_very_addresses(browser: Any):
    await browser.visit("/account")
    for address, count in {"/register": 1, "/account": 1, "/sign-in?next=/account": 2, "/account/security": 2}.items():
        shown = await browser.get(address)
        sources = re.findall(r'<script src="(/assets/[a-z]+-[0-9a-f]{16}\.js)" defer></script>', shown.text)
        policy = shown.headers["content-security-policy"]
        allowed = re.search(r"script-src ([^;]+);", policy)
        assert allowed
        assert allowed[1].split() == [f"http://gateway.test{source}" for source in sources], address
        assert (len(sources), len(re.findall("<script", shown.text))) == (count, count), address
        assert ("connect-src" in policy) == (count == 2), address
        for source in sources:
            script = await browser.get(source)
            assert script.headers["content-type"].startswith("text/javascript")
            assert "immutable" in script.headers["cache-control"]


async def test_an_address_that_is_none_is_told_to_people_by_a_page_and_to_programs_by_a_problem(browser: Any):
    looking = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = await browser.get("/account/nothing", headers=looking)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert ("没有这个地址" in page.text, 'href="/account"' in page.text) == (True, True)
    for address, headers in (("/account/nothing", {}), ("/oauth/nothing", looking), ("/api/gateway/v1/x", looking)):
        problem = await browser.get(address, headers=headers)
        assert (problem.status_code, problem.json()["type"]) == (404, "/problems/not-found"), address
    wrong = await browser.post("/account", headers=looking)
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")
    assert (await browser.get("/", headers=looking)).headers["location"] == "/account"


async def test_who_asks_for_a_code_too_soon_is_led_to_where_the_first_one_is_typed(browser: Any):
    for address, typed in {
        "/register": {"phone": "13800000017"},
        "/sign-in/code": {"account": "citizen"},
        "/recover": {"phone": "15400000005", "name": "周海燕", "identity_number": "130371198506121246"},
    }.items():
        page = await browser.get(address)
        leads_to = (await browser.fill_in(page, **typed)).headers["location"]
        again = await browser.fill_in(page, **typed)
        assert (again.status_code, f'<a href="{leads_to}">已收到验证码' in again.text) == (429, True), address
