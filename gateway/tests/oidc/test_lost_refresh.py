"""A client that lost the answer to its refresh: who holds the key may come again, once and soon."""

import asyncio
from collections.abc import Callable
from typing import Any


async def bound(browser: Any, holder: Any) -> str:
    asked = browser.asked(prompt="login")
    redeemed = await browser.redeem(asked, await browser.code(asked), holder.headers())
    return str(redeemed.json()["refresh_token"])


async def refresh(browser: Any, holder: Any, token: str) -> Any:
    return await browser.refresh(token, headers=holder.headers())


async def test_who_holds_the_key_gets_another_answer_and_the_lost_one_is_void(
    browser: Any, gateway: Any, key_holder: Any, clock: Any
):
    token = await bound(browser, key_holder)
    lost = (await refresh(browser, key_holder, token)).json()
    clock.pass_(seconds=50)
    answered = await refresh(browser, key_holder, token)
    assert answered.status_code == 200
    goes_on = await refresh(browser, key_holder, answered.json()["refresh_token"])
    assert goes_on.status_code == 200
    verbs = await gateway.context.pool.fetch("SELECT client FROM audit WHERE verb = 'refresh-token.repeated'")
    assert [row["client"] for row in verbs] == ["web"]
    assert (await refresh(browser, key_holder, lost["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await refresh(browser, key_holder, goes_on.json()["refresh_token"])).json()["error"] == "invalid_grant"


async def test_there_is_no_third_answer(browser: Any, key_holder: Any):
    token = await bound(browser, key_holder)
    await refresh(browser, key_holder, token)
    second = (await refresh(browser, key_holder, token)).json()
    assert (await refresh(browser, key_holder, token)).json()["error"] == "invalid_grant"
    assert (await refresh(browser, key_holder, second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_after_a_minute_it_is_a_replay(browser: Any, key_holder: Any, clock: Any):
    token = await bound(browser, key_holder)
    first = (await refresh(browser, key_holder, token)).json()
    clock.pass_(seconds=61)
    assert (await refresh(browser, key_holder, token)).json()["error"] == "invalid_grant"
    assert (await refresh(browser, key_holder, first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_who_used_the_answer_did_not_lose_it(browser: Any, key_holder: Any):
    token = await bound(browser, key_holder)
    second = (await refresh(browser, key_holder, token)).json()
    third = (await refresh(browser, key_holder, second["refresh_token"])).json()
    assert (await refresh(browser, key_holder, token)).json()["error"] == "invalid_grant"
    assert (await refresh(browser, key_holder, third["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_token_that_is_not_bound_counts_strictly_once(browser: Any):
    tokens = await browser.tokens(browser.asked())
    second = (await browser.refresh(tokens["refresh_token"])).json()
    assert (await browser.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await browser.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_key_that_comes_later_does_not_open_what_was_used_without_one(browser: Any, key_holder: Any):
    tokens = await browser.tokens(browser.asked())
    second = (await browser.refresh(tokens["refresh_token"])).json()
    assert (await refresh(browser, key_holder, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await browser.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_stranger_neither_repeats_nor_ends_anything(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    token = await bound(browser, key_holder)
    await refresh(browser, key_holder, token)
    assert (await refresh(browser, new_key_holder(), token)).json()["error"] == "invalid_grant"
    assert (await browser.refresh(token)).json()["error"] == "invalid_grant"
    assert (await refresh(browser, key_holder, token)).status_code == 200


async def test_a_client_with_a_secret_repeats_with_the_key_of_the_lost_answer(
    browser: Any, key_holder: Any, new_key_holder: Callable[..., Any]
):
    proof, asked, other = browser.proof_of("hall"), browser.asked("hall"), new_key_holder()
    redeemed = await browser.redeem(asked, await browser.code(asked), proof | key_holder.headers())
    token = redeemed.json()["refresh_token"]
    await browser.refresh(token, "hall", proof | other.headers())
    assert (await browser.refresh(token, "hall", proof | other.headers())).status_code == 200
    assert (await browser.refresh(token, "hall", proof | key_holder.headers())).json()["error"] == "invalid_grant"


async def test_of_ten_at_once_two_are_answered_and_the_family_ends(browser: Any, key_holder: Any):
    token = await bound(browser, key_holder)
    answers = await asyncio.gather(*(refresh(browser, key_holder, token) for _ in range(10)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 2
    for tokens in won:
        assert (await refresh(browser, key_holder, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_of_ten_repeats_at_once_one_is_answered(browser: Any, key_holder: Any):
    token = await bound(browser, key_holder)
    await refresh(browser, key_holder, token)
    answers = await asyncio.gather(*(refresh(browser, key_holder, token) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
