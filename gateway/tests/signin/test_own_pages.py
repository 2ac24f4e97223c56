"""Pages of one's own account: for who is signed in, and reached again after the sign-in."""

from typing import Any
from urllib.parse import quote

import pytest

from gateway.signin.own_pages import own_path

PASSWORD = "碧海-金沙-2026"


async def test_the_account_asks_who_it_is_and_is_shown_after_the_sign_in(browser: Any):
    sent = await browser.get("/account")
    assert sent.headers["location"] == "/sign-in?next=%2Faccount"
    entered = await browser.fill_in(await browser.follow(sent), username="citizen", password=PASSWORD)
    shown = await browser.follow(entered)
    assert "您已登录" in shown.text
    assert "赵*" in shown.text or "赵**" in shown.text
    assert (await browser.get("/sign-in")).headers["location"] == "/account"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.test/",
        "//evil.test/account",
        "/account\\evil",
        "/accounts",
        "/oauth/token",
        "/account/../x",
        "/account#x",
    ],
)
async def test_a_sign_in_goes_on_to_nothing_but_our_own_pages(browser: Any, path: str):
    assert own_path(path) is None
    shown = await browser.get(f"/sign-in?next={quote(path, safe='')}")
    entered = await browser.fill_in(shown, username="citizen", password=PASSWORD)
    assert entered.headers["location"] == "/account"


async def test_a_wrong_password_does_not_forget_where_it_was_going(browser: Any):
    shown = await browser.get("/sign-in?next=%2Faccount%3Fa%3D1")
    again = await browser.fill_in(shown, username="citizen", password="falsch")
    entered = await browser.fill_in(again, username="citizen", password=PASSWORD)
    assert entered.headers["location"] == "/account?a=1"


async def test_the_account_offers_the_way_out(browser: Any):
    await browser.sign_in(browser.asked())
    shown = await browser.get("/account")
    assert (await browser.fill_in(shown)).status_code == 200
    assert (await browser.get("/account")).status_code == 303
