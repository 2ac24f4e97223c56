"""A person closes his account on a page of ours."""

from typing import Any

PAGE = "/account/security/erasure"


async def test_who_confirms_by_his_user_name_is_erased_and_signed_out(gateway: Any, browser: Any, open_browser: Any):
    elsewhere = open_browser()
    tokens = await elsewhere.tokens(elsewhere.asked())
    page = await browser.visit(PAGE)
    assert f'href="{PAGE}"' in (await browser.get("/account/security")).text
    wrong = await browser.fill_in(page, PAGE, username="agent")
    assert (wrong.status_code, "请输入您自己的用户名" in wrong.text, 'id="username-error"' in wrong.text) == (
        422,
        True,
        True,
    )
    assert (await elsewhere.userinfo(tokens["access_token"])).status_code == 200
    done = await browser.fill_in(page, PAGE, username=" Citizen ")
    assert (done.status_code, "账号已注销" in done.text) == (200, True)
    assert (await browser.get("/account")).status_code == 303
    assert (await elsewhere.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.sign_in(browser.asked())).status_code == 422
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM audit WHERE verb = 'person.erased'") == 1


async def test_who_still_serves_an_agency_is_told_what_comes_first(browser: Any):
    refused = await browser.fill_in(await browser.visit(PAGE, "reviewer"), PAGE, username="reviewer")
    assert (refused.status_code, "请先免去任职" in refused.text) == (409, True)
    assert (await browser.get("/account")).status_code == 200


async def test_it_takes_a_recent_sign_in_and_a_form_of_ours(browser: Any, clock: Any):
    page = await browser.visit(PAGE)
    forged = await browser.post(PAGE, data={"csrf": "x", "username": "citizen"})
    assert forged.status_code == 403
    clock.pass_(minutes=11)
    late = await browser.fill_in(page, PAGE, username="citizen")
    assert late.headers["location"].startswith("/sign-in?next=")
