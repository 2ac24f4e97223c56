"""A pushed request: what its client said before, once, within a minute, and for nobody else."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.housekeeping import delete_what_is_over


async def test_a_browser_comes_with_a_handle_and_the_client_gets_what_it_pushed(browser: Any, gateway: Any):
    asked = browser.asked("pushing")
    pushed = await browser.push(asked)
    assert (pushed.status_code, pushed.headers["cache-control"]) == (201, "no-store")
    assert pushed.json()["expires_in"] == 60
    assert pushed.json()["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    shown = await browser.follow(await browser.ask_pushed(pushed, "pushing"))
    told = browser.answer(await browser.fill_in(shown, username="citizen", password="碧海-金沙-2026"))
    assert (told["state"], told["iss"]) == ("st-1", "http://gateway.test")
    redeemed = await browser.redeem(asked, told["code"], browser.proof_of("pushing"))
    assert redeemed.status_code == 200
    verbs = await gateway.context.pool.fetch("SELECT client FROM audit WHERE verb = 'authorization-request.pushed'")
    assert [row["client"] for row in verbs] == ["pushing"]


async def test_what_stands_in_the_address_beside_the_handle_does_not_count(browser: Any):
    await browser.tokens(browser.asked())
    pushed = await browser.push(browser.asked(scope="openid"))
    more = {"scope": "openid profile phone", "state": "other", "redirect_uri": "https://evil.test/", "act": "x"}
    told = await browser.ask_pushed(pushed, **more)
    assert told.headers["location"].startswith("https://web.test/callback?")
    assert browser.answer(told)["state"] == "st-1"


async def test_a_public_client_may_push_too(browser: Any):
    pushed = await browser.push(browser.asked())
    assert (await browser.ask_pushed(pushed)).headers["location"].startswith("/sign-in?")


async def test_of_ten_browsers_with_one_handle_one_is_let_in(browser: Any, open_browser: Callable[[], Any]):
    await browser.tokens(browser.asked())
    pushed = await browser.push(browser.asked())
    strangers = [open_browser() for _ in range(5)]
    shown = [await one.follow(await one.ask_pushed(pushed)) for one in strangers]
    answers = await asyncio.gather(
        *(browser.ask_pushed(pushed) for _ in range(5)),
        *(
            one.fill_in(page, username="agent", password="碧海-金沙-2026")
            for one, page in zip(strangers, shown, strict=True)
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 9
    assert all("location" not in answer.headers for answer in answers if answer.status_code == 400)
    assert (await browser.ask_pushed(pushed)).status_code == 400


async def test_a_page_may_be_opened_again_until_somebody_has_signed_in(browser: Any, clock: Any):
    pushed = await browser.push(browser.asked())
    first, again = [await browser.follow(await browser.ask_pushed(pushed)) for _ in range(2)]
    clock.pass_(minutes=29)
    assert (await browser.ask_pushed(pushed)).status_code == 400
    told = browser.answer(await browser.fill_in(again, username="citizen", password="碧海-金沙-2026"))
    assert told["state"] == "st-1"
    late = await browser.fill_in(first, username="citizen", password="碧海-金沙-2026")
    assert (late.status_code, "location" in late.headers) == (400, False)


async def test_who_declines_may_think_again(browser: Any):
    pushed = await browser.post("/oauth/par", data=browser.asked("foreign").parameters)
    for decision, told in (("decline", "error"), ("approve", "code")):
        shown = await browser.ask_pushed(pushed, "foreign")
        page = await browser.follow(shown)
        if 'name="password"' in page.text:
            page = await browser.follow(await browser.fill_in(page, username="citizen", password="碧海-金沙-2026"))
        assert told in browser.answer(await browser.fill_in(page, decision=decision))
    assert (await browser.ask_pushed(pushed, "foreign")).status_code == 400


async def test_a_handle_lives_for_a_minute(browser: Any, gateway: Any, clock: Any):
    pushed = await browser.push(browser.asked())
    clock.pass_(seconds=61)
    refused = await browser.ask_pushed(pushed)
    assert (refused.status_code, "location" in refused.headers) == (400, False)
    assert "本次登录请求已失效" in refused.text
    await delete_what_is_over(gateway.context.pool, clock())
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM pushed_request") == 1
    clock.pass_(minutes=30)
    await delete_what_is_over(gateway.context.pool, clock())
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM pushed_request") == 0


async def test_a_handle_is_bound_to_its_client_and_survives_a_thief(browser: Any):
    pushed = await browser.push(browser.asked())
    assert (await browser.ask_pushed(pushed, "web-2")).status_code == 400
    missing = await browser.get("/oauth/authorize", params={"request_uri": pushed.json()["request_uri"]})
    assert missing.status_code == 400
    assert (await browser.ask_pushed(pushed)).status_code == 303


@pytest.mark.parametrize("handle", ["", "x", "x" * 43, "\u4e2d"])
async def test_a_handle_that_was_made_up_is_answered_to_nobody(browser: Any, handle: str):
    asked = browser.asked(request_uri=f"urn:ietf:params:oauth:request_uri:{handle}")
    refused = await browser.ask(asked)
    assert (refused.status_code, "location" in refused.headers) == (400, False)


async def test_who_has_to_push_may_do_nothing_else(browser: Any):
    told = browser.answer(await browser.ask(browser.asked("pushing")))
    assert (told["error"], told["state"]) == ("invalid_request", "st-1")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://evil.test/"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"client_id": "web-2"}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_refused_when_it_is_pushed(browser: Any, changes: dict[str, str | None], error: str):
    whole = browser.asked("hall").parameters | changes
    parameters = {name: value for name, value in whole.items() if value is not None}
    refused = await browser.post("/oauth/par", data=parameters, headers=browser.proof_of("hall"))
    assert (refused.status_code, refused.json()["error"]) == (400, error)


async def test_who_does_not_prove_himself_may_not_push(browser: Any):
    parameters = browser.asked("hall").parameters
    for headers in ({}, {"Authorization": "Basic aGFsbDp3cm9uZw=="}):
        refused = await browser.post("/oauth/par", data=parameters, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_what_is_pushed_twice_over_or_in_the_address_is_refused(browser: Any):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    twice = await browser.post("/oauth/par", content="client_id=web&state=a&state=b", headers=headers)
    assert twice.json()["error"] == "invalid_request"
    assert (await browser.get("/oauth/par", params=browser.asked().parameters)).status_code == 405


async def test_a_client_that_was_suspended_meanwhile_is_not_let_in(browser: Any, gateway: Any):
    pushed = await browser.push(browser.asked())
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
    assert (await browser.ask_pushed(pushed)).status_code == 400
