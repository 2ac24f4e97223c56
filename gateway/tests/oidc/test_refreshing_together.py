"""Refreshes that wait at the same time share a transaction, and none is another's."""

import asyncio
from collections.abc import Callable
from typing import Any


async def test_of_many_who_refresh_at_once_each_gets_his_own(gateway: Any, open_browser: Callable[[], Any]):
    browsers = [open_browser() for _ in range(12)]
    people = ("citizen", "reviewer", "agent")
    families = [
        await browser.tokens(browser.asked(act="self"), people[number % 3]) for number, browser in enumerate(browsers)
    ]
    before = await gateway.context.pool.fetchval("SELECT count(*) FROM audit WHERE verb = 'token.issued'")
    refreshed = await asyncio.gather(
        *(browser.refresh(it["refresh_token"]) for browser, it in zip(browsers, families, strict=True))
    )
    assert [(it.status_code, it.json().get("error")) for it in refreshed] == [(200, None)] * 12
    known = [(await browsers[0].userinfo(it.json()["access_token"])).json()["preferred_username"] for it in refreshed]
    assert known == [people[number % 3] for number in range(12)]
    assert len({it.json()["refresh_token"] for it in refreshed}) == 12
    after = await gateway.context.pool.fetchval("SELECT count(*) FROM audit WHERE verb = 'token.issued'")
    assert after - before == 12


async def test_who_refreshes_what_is_used_ends_his_own_family_and_no_other(
    browser: Any, open_browser: Callable[[], Any]
):
    other = open_browser()
    lost, kept = await browser.tokens(browser.asked(act="self")), await other.tokens(other.asked(act="self"))
    assert (await browser.refresh(lost["refresh_token"])).status_code == 200
    replayed, fresh = await asyncio.gather(browser.refresh(lost["refresh_token"]), other.refresh(kept["refresh_token"]))
    assert (replayed.status_code, fresh.status_code) == (400, 200)
    assert (await other.refresh(fresh.json()["refresh_token"])).status_code == 200


async def test_another_clients_token_is_neither_used_nor_known(browser: Any):
    tokens = await browser.tokens(browser.asked(act="self"))
    foreign = await browser.refresh(tokens["refresh_token"], "mobile")
    assert (foreign.status_code, foreign.json()["error"]) == (400, "invalid_grant")
    assert (await browser.refresh(tokens["refresh_token"])).status_code == 200


async def test_what_is_more_than_was_granted_leaves_the_token_good(browser: Any):
    tokens = await browser.tokens(browser.asked(act="self", scope="openid"))
    more = await browser.refresh(tokens["refresh_token"], scope="openid phone")
    assert more.json()["error"] == "invalid_scope"
    assert (await browser.refresh(tokens["refresh_token"])).status_code == 200
