"""A code sent to the phone of an account signs in, and tells nobody which accounts there are."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from onestop_runtime.sql import Statement

CITIZENS_PHONE = "15400000007"


async def asked(browser: Any, account: str) -> httpx.Response:
    response: httpx.Response = await browser.fill_in(await browser.get("/sign-in/code"), account=account)
    return response


async def test_a_code_signs_in_and_says_so(gateway: Any, browser: Any):
    page = await browser.follow(await asked(browser, "Citizen"))
    entered = await browser.fill_in(page, code=await browser.code_to(CITIZENS_PHONE))
    assert entered.headers["location"] == "/account"
    row = await gateway.context.pool.fetchrow("SELECT methods FROM session ORDER BY id DESC LIMIT 1")
    assert row["methods"] == ["sms"]
    assert (await browser.fill_in(page, code=await browser.code_to(CITIZENS_PHONE))).status_code == 422


async def test_a_phone_names_the_account_whose_it_alone_is(browser: Any):
    page = await browser.follow(await asked(browser, "154 0000 0012"))
    assert await browser.code_to("15400000012")
    entered = await browser.fill_in(page, code=await browser.code_to("15400000012"))
    assert entered.headers["location"] == "/account"


@pytest.mark.parametrize("account", ["nobody-at-all", "15499999999", "15400000005", "", "x" * 300, "\u0000"])
async def test_who_has_no_phone_of_his_own_gets_the_same_answer_and_no_message(browser: Any, account: str):
    sent = await asked(browser, account)
    if account == "\u0000":
        assert sent.status_code == 400
        return
    assert sent.headers["location"] == "/sign-in/code/typed"
    assert "还没有短信" in (await browser.get("/mailbox")).text
    shown = await browser.follow(sent)
    refused = await browser.fill_in(shown, code="123456")
    known = await browser.fill_in(shown, code="123457")
    assert refused.status_code == 422
    assert re.sub(r'value="[^"]*"', "", refused.text) == re.sub(r'value="[^"]*"', "", known.text)


async def test_the_same_is_done_whether_there_is_an_account_or_not(browser: Any, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        plain = getattr(Statement, name)

        async def noted(self: Statement, *given: Any, plain: Any = plain, **values: Any) -> Any:
            done.append(self.text)
            return await plain(self, *given, **values)

        monkeypatch.setattr(Statement, name, noted)
    pages = [await browser.get("/sign-in/code") for _ in range(2)]
    told = []
    for page, account in zip(pages, ("agent", "nobody-at-all"), strict=True):
        done.clear()
        await browser.fill_in(page, account=account)
        told.append(list(done))
    assert len(told[0]) == len(told[1])
    differ = [pair for pair in zip(*told, strict=True) if pair[0] != pair[1]]
    assert differ == [("RELEASE SAVEPOINT unsent", "ROLLBACK TO SAVEPOINT unsent")]


async def test_asking_too_often_is_refused_for_known_and_unknown_alike(browser: Any):
    for account in ("citizen", "nobody-at-all"):
        assert (await asked(browser, account)).status_code == 303
        again = await asked(browser, account)
        assert (again.status_code, again.headers["retry-after"]) == (429, "60")


async def test_one_phone_under_two_names_is_woken_up_once_and_nobody_learns_that(
    browser: Any, open_browser: Callable[[], Any]
):
    stranger = open_browser()
    assert (await asked(browser, "agent_of_two")).status_code == 303
    assert (await asked(stranger, "15400000012")).status_code == 303
    assert len(await browser.messages_to("15400000012")) == 1


async def test_strangers_who_ask_do_not_keep_the_owner_from_his_code(browser: Any, open_browser: Callable[[], Any]):
    await browser.sign_in(browser.asked())
    stranger = open_browser()
    assert (await asked(stranger, "citizen")).status_code == 303
    assert (await asked(stranger, "citizen")).status_code == 429
    page = await browser.get("/sign-in/code")
    assert (await browser.fill_in(page, account="citizen")).status_code == 303
    assert len(await browser.messages_to(CITIZENS_PHONE)) == 2


async def test_a_code_of_another_browser_signs_nobody_in(browser: Any, open_browser: Callable[[], Any]):
    await asked(browser, "citizen")
    thief = open_browser()
    page = await thief.get("/sign-in/code/typed")
    assert (await thief.fill_in(page, code=await browser.code_to(CITIZENS_PHONE))).status_code == 422
