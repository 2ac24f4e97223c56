"""Who may act for several says for whom; everybody else goes on at once."""

import re
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

COMPANY = "91130371MA7001010P"
OTHER_COMPANY = "91130371MA70083272"
PASSWORD = "碧海-金沙-2026"


def offered(shown: Any) -> dict[str, bool]:
    """Return the capacities of the page, and which of them stands chosen."""
    found = re.findall(r'<input type="radio" name="act" value="([^"]+)"( checked)?', shown.text)
    assert found, shown.text
    return {act: bool(checked) for act, checked in found}


async def asked_for_whom(browser: Any, asked: Any, username: str = "agent_of_two") -> Any:
    answered = await browser.sign_in(asked, username)
    assert answered.headers["location"].startswith("/choose?"), answered.headers["location"]
    return await browser.follow(answered)


async def act_of(gateway: Any, browser: Any, asked: Any, answered: Any) -> Any:
    tokens = (await browser.redeem(asked, browser.answer(answered)["code"])).json()
    keys = KeySet.import_key_set(gateway.context.state.ring.jwks())
    return jwt.decode(tokens["access_token"], keys, algorithms=["ES256"]).claims.get("act")


async def test_the_choice_is_in_the_token_and_in_the_audit_trail(gateway: Any, browser: Any):
    asked = browser.asked()
    shown = await asked_for_whom(browser, asked)
    assert offered(shown) == {COMPANY: False, OTHER_COMPANY: False, "self": True}
    assert "秦皇岛开发区渤海餐饮管理有限公司" in shown.text
    act = await act_of(gateway, browser, asked, await browser.fill_in(shown, act=OTHER_COMPANY))
    assert act["credit_code"] == OTHER_COMPANY
    rows = await gateway.context.pool.fetch(
        "SELECT verb, acting_for FROM audit WHERE verb IN ('capacity.chosen', 'grant.given', 'token.issued')"
    )
    assert {row["verb"]: str(row["acting_for"]) for row in rows} == dict.fromkeys(
        ("capacity.chosen", "grant.given", "token.issued"), act["sub"]
    )


@pytest.mark.parametrize("username", ["citizen", "agent", "reviewer"])
async def test_who_leaves_no_doubt_goes_on_at_once(browser: Any, username: str):
    assert browser.answer(await browser.sign_in(browser.asked(), username))["code"]


async def test_a_client_that_says_for_whom_is_believed(browser: Any):
    for act in ("self", COMPANY):
        assert browser.answer(await browser.sign_in(browser.asked(act=act, prompt="login"), "agent_of_two"))["code"]


async def test_each_client_is_told_once_in_a_session(gateway: Any, browser: Any):
    asked = browser.asked()
    await browser.fill_in(await asked_for_whom(browser, asked), act=COMPANY)
    again = browser.asked()
    assert (await act_of(gateway, browser, again, await browser.ask(again)))["credit_code"] == COMPANY
    elsewhere = browser.asked("web-2")
    shown = await browser.follow(await browser.ask(elsewhere))
    assert await act_of(gateway, browser, elsewhere, await browser.fill_in(shown, act="self")) is None
    assert (await act_of(gateway, browser, asked, await browser.ask(asked)))["credit_code"] == COMPANY


async def test_what_was_chosen_last_in_the_browser_stands_chosen_the_next_time(browser: Any, open_browser: Any):
    await browser.fill_in(await asked_for_whom(browser, browser.asked()), act=OTHER_COMPANY)
    browser.cookies.delete("onestop-session")
    assert offered(await asked_for_whom(browser, browser.asked()))[OTHER_COMPANY]
    browser.cookies.delete("onestop-session")
    assert offered(await asked_for_whom(browser, browser.asked("web-2")))["self"]
    assert offered(await asked_for_whom(open_browser(), browser.asked()))["self"]


async def test_a_client_may_have_the_person_choose_anew(gateway: Any, browser: Any):
    await browser.fill_in(await asked_for_whom(browser, browser.asked()), act=COMPANY)
    anew = browser.asked(prompt="select_account")
    shown = await browser.follow(await browser.ask(anew))
    assert offered(shown)[COMPANY]
    act = await act_of(gateway, browser, anew, await browser.fill_in(shown, act=OTHER_COMPANY))
    assert act["credit_code"] == OTHER_COMPANY
    once_more = browser.asked(prompt="select_account", act="self")
    assert offered(await browser.follow(await browser.ask(once_more)))[OTHER_COMPANY]


async def test_somebody_else_may_sign_in_in_place_of_choosing(browser: Any):
    await browser.fill_in(await asked_for_whom(browser, browser.asked()), act=COMPANY)
    shown = await browser.follow(await browser.ask(browser.asked(prompt="select_account")))
    other = re.search(r'<a href="(/sign-in\?[^"]+)"', shown.text)
    assert other
    form = await browser.get(other[1])
    assert browser.answer(await browser.fill_in(form, username="citizen", password=PASSWORD))["code"]


async def test_nobody_is_asked_by_a_silent_request(gateway: Any, browser: Any):
    await browser.tokens(browser.asked("web-2", act="self"), "agent_of_two")
    silent = browser.asked(prompt="none")
    assert await act_of(gateway, browser, silent, await browser.ask(silent)) is None
    shown = await browser.follow(await browser.ask(browser.asked()))
    await browser.fill_in(shown, act=COMPANY)
    assert (await act_of(gateway, browser, silent, await browser.ask(silent)))["credit_code"] == COMPANY


async def test_the_consent_page_says_for_whom(browser: Any):
    shown = await asked_for_whom(browser, browser.asked("department"))
    consent = await browser.follow(await browser.fill_in(shown, act=OTHER_COMPANY))
    assert "秦皇岛开发区渤海餐饮管理有限公司" in consent.text
    assert browser.answer(await browser.fill_in(consent, decision="approve"))["code"]


@pytest.mark.parametrize("act", ["91130371MA7001011P", "", "01a2199f-56fe-7abc-b476-8a813766431c"])
async def test_what_one_does_not_hold_cannot_be_chosen(browser: Any, act: str):
    shown = await asked_for_whom(browser, browser.asked())
    refused = await browser.fill_in(shown, act=act)
    assert refused.status_code == 403
    assert "您没有对方的有效授权" in refused.text
    assert offered(refused)["self"]


async def test_a_choice_that_another_site_sends_is_refused(browser: Any):
    shown = await asked_for_whom(browser, browser.asked())
    assert (await browser.fill_in(shown, act=COMPANY, csrf="x")).status_code == 403


async def test_our_own_pages_show_for_whom_and_let_one_change_it(browser: Any):
    await browser.tokens(browser.asked(act="self"), "agent_of_two")
    home = await browser.get("/account")
    assert "的名义办理" not in home.text
    link = re.search(r'<a href="(/choose\?next=/account)">', home.text)
    assert link
    back = await browser.fill_in(await browser.get(link[1]), act=OTHER_COMPANY)
    assert back.headers["location"] == "/account"
    assert "以“秦皇岛开发区渤海餐饮管理有限公司”的名义办理" in (await browser.follow(back)).text
    me = (await browser.get("/api/gateway/v1/me", headers={"Sec-Fetch-Site": "same-origin"})).json()
    assert me["act"]["credit_code"] == OTHER_COMPANY
    assert (await browser.get("/choose")).status_code == 200


async def test_who_is_not_signed_in_signs_in_before_he_chooses(browser: Any):
    assert (await browser.get("/choose?next=/account")).headers["location"].startswith("/sign-in?next=")
