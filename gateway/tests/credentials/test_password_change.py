"""A new password needs the old one and a recent sign-in, and ends the sessions elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest

PASSWORD = "碧海-金沙-2026"
NEW = "山海关的老龙头真好看"
PATH = "/account/security/password"


async def test_a_changed_password_ends_the_other_sessions_and_its_owner_is_told(
    browser: Any, open_browser: Callable[[], Any]
):
    other = open_browser()
    lost = await other.tokens(other.asked())
    kept = await browser.tokens(browser.asked())
    done = await browser.fill_in(await browser.get(PATH), old=PASSWORD, password=NEW)
    assert done.headers["location"] == "/account/security?done=password"
    assert (await browser.get("/account")).status_code == 200
    assert (await browser.userinfo(kept["access_token"])).status_code == 200
    assert (await other.get("/account")).status_code == 303
    assert (await other.userinfo(lost["access_token"])).status_code == 401
    assert "密码已修改" in (await browser.messages_to("15400000007"))[0]
    assert (await other.sign_in(other.asked())).status_code == 422
    assert other.answer(await other.sign_in(other.asked(), password=NEW))["code"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("falsch", NEW, None), (PASSWORD, "zhaoxiaomei1988", "password"), (PASSWORD, "kurz", "password")],
)
async def test_a_wrong_old_or_an_easy_new_password_changes_nothing(browser: Any, old: str, new: str, field: str | None):
    await browser.sign_in(browser.asked())
    refused = await browser.fill_in(await browser.get(PATH), old=old, password=new)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert field is None or f'id="{field}-error"' in refused.text
    assert browser.answer(await browser.sign_in(browser.asked(prompt="login")))["code"]


async def test_who_sits_at_an_open_browser_cannot_guess_the_password(browser: Any):
    await browser.sign_in(browser.asked())
    page = await browser.get(PATH)
    guesses = [(await browser.fill_in(page, old=f"falsch{n}", password=NEW)).status_code for n in range(12)]
    assert guesses == [422] * 10 + [429] * 2
