"""Tricks at signing out: being sent elsewhere, being signed out by somebody else."""

from collections.abc import Callable
from typing import Any

import pytest

END = "/oauth/end-session"


async def signed_in(browser: Any) -> bool:
    response = await browser.ask(browser.asked())
    return response.headers.get("location", "").startswith("https://")


@pytest.mark.parametrize(
    "uri",
    ["https://evil.test/", "https://web.test/other", "https://web.test", "https://web-2.test/", "//evil.test", "/"],
)
async def test_only_a_registered_address_is_gone_to(browser: Any, uri: str):
    tokens = await browser.tokens(browser.asked())
    for parameters in ({"id_token_hint": tokens["id_token"]}, {"client_id": "web"}, {}):
        response = await browser.get(END, params={**parameters, "post_logout_redirect_uri": uri})
        assert response.status_code == 400
        assert "location" not in response.headers
    assert await signed_in(browser)


async def test_without_proof_the_person_is_asked_first(browser: Any):
    await browser.tokens(browser.asked())
    shown = await browser.get(
        END, params={"client_id": "web", "post_logout_redirect_uri": "https://web.test/", "state": "s"}
    )
    assert "是否退出登录" in shown.text
    assert await signed_in(browser)
    gone = await browser.fill_in(shown)
    assert gone.headers["location"] == "https://web.test/?state=s"
    assert not await signed_in(browser)


async def test_a_confirmation_that_another_site_sends_is_refused(browser: Any):
    await browser.tokens(browser.asked())
    shown = await browser.get(END)
    assert (await browser.fill_in(shown, csrf="x")).status_code == 403
    assert (await browser.fill_in(shown, post_logout_redirect_uri="https://evil.test/")).status_code == 400
    assert await signed_in(browser)


async def test_somebody_elses_hint_signs_nobody_else_out(browser: Any, open_browser: Callable[[], Any]):
    attacker = open_browser()
    foreign = (await attacker.tokens(attacker.asked(), "agent"))["id_token"]
    await browser.tokens(browser.asked())
    shown = await browser.get(END, params={"id_token_hint": foreign})
    assert "是否退出登录" in shown.text
    assert await signed_in(browser)


async def test_a_hint_that_is_none_is_refused(browser: Any):
    tokens = await browser.tokens(browser.asked())
    header, payload, _ = tokens["id_token"].split(".")
    for hint in ("x", f"{header}.{payload}.AAAA", tokens["access_token"]):
        assert (await browser.get(END, params={"id_token_hint": hint})).status_code == 400
    other_client = {"id_token_hint": tokens["id_token"], "client_id": "web-2"}
    assert (await browser.get(END, params=other_client)).status_code == 400
    assert await signed_in(browser)


async def test_an_expired_hint_still_serves(browser: Any, clock: Any):
    tokens = await browser.tokens(browser.asked())
    clock.pass_(hours=1)
    response = await browser.post(
        END, data={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://web.test/"}
    )
    gone = await browser.follow(response)
    assert gone.headers["location"] == "https://web.test/"
    assert not await signed_in(browser)


async def test_who_is_signed_out_already_is_sent_back_all_the_same(browser: Any):
    tokens = await browser.tokens(browser.asked())
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://web.test/"}
    for _ in range(2):
        assert (await browser.get(END, params=parameters)).headers["location"] == "https://web.test/"
    assert "已退出" in (await browser.get(END)).text


async def test_nobody_is_sent_to_a_client_that_is_suspended(browser: Any, gateway: Any):
    tokens = await browser.tokens(browser.asked())
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
    for proof in ({"id_token_hint": tokens["id_token"]}, {"client_id": "web"}):
        response = await browser.get(END, params={**proof, "post_logout_redirect_uri": "https://web.test/"})
        assert (response.status_code, "location" in response.headers) == (400, False)
    ended = await browser.get(END, params={"id_token_hint": tokens["id_token"]})
    assert "已退出" in ended.text
