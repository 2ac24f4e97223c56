"""Tricks at the authorization endpoint: where the answer goes, what it is bound to, who is told."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://web.test/callback/",
        "https://web.test/callback?x=1",
        "https://web.test/callback#x",
        "https://web.test/Callback",
        "https://web.test/callback/../evil",
        "https://web.test:443/callback",
        "https://web.test@evil.test/callback",
        "https://evil.test/callback",
        "http://web.test/callback",
        "https://web.test.evil.test/callback",
        "//web.test/callback",
        "/callback",
        "javascript:alert(1)",
        "http://127.0.0.1:5000/callback",
    ],
)
async def test_an_address_that_is_not_registered_letter_by_letter_gets_nothing(browser: Any, redirect_uri: str):
    response = await browser.ask(browser.asked("web", redirect_uri))
    assert response.status_code == 400
    assert "location" not in response.headers
    assert "返回地址未登记" in response.text


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:1/callback/x",
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1:80@evil.test/callback",
        "http://localhost:5000/callback",
        "https://127.0.0.1:5000/callback",
        "http://127.0.0.1:5000\\@evil.test/callback",
        "http://127.0.0.2:5000/callback",
        "http://[::1]:5000/other",
        "http://127.0.0.1:5000/callback#x",
        "http://127.0.0.1:123456/callback",
        "cn.onestop.mobile:/other",
    ],
)
async def test_a_native_client_may_choose_the_port_and_nothing_else(browser: Any, redirect_uri: str):
    response = await browser.ask(browser.asked("mobile", redirect_uri))
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize("client_id", ["unknown", "", "web\u0000", "WEB"])
async def test_a_client_that_is_not_registered_is_told_nothing(browser: Any, client_id: str):
    response = await browser.ask(browser.asked(client_id, "https://web.test/callback"))
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "nothing"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "99999999999"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.test/request"}, "request_uri_not_supported"),
        ({"act": "somebody"}, "invalid_request"),
        ({"nonce": "n" * 600}, "invalid_request"),
        ({"id_token_hint": "no.token.atall"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_wrong_request_is_answered_to_its_client_with_state_and_issuer(
    browser: Any, changes: dict[str, str | None], error: str
):
    told = browser.answer(await browser.ask(browser.asked(**changes)))
    assert (told["error"], told["state"], told["iss"]) == (error, "st-1", "http://gateway.test")
    assert told["error_description"].isascii()
    assert "code" not in told


async def test_a_parameter_that_is_given_twice_is_refused_before_anything_else(browser: Any):
    parameters = [*browser.asked().parameters.items(), ("redirect_uri", "https://evil.test/")]
    response = await browser.get("/oauth/authorize", params=parameters)
    assert response.status_code == 400
    assert "location" not in response.headers


async def test_what_is_no_utf8_or_far_too_much_is_refused(browser: Any):
    for query in ("client_id=%ff", "&".join(f"a{n}=1" for n in range(100)), "client_id=" + "x" * 65_000):
        assert (await browser.get(f"/oauth/authorize?{query}")).status_code in {400, 414}


async def test_a_code_needs_the_verifier_it_was_asked_with(browser: Any):
    for changes in ({"code_verifier": None}, {"code_verifier": "x" * 43}, {"code_verifier": "short"}):
        asked = browser.asked(prompt="login")
        refused = await browser.redeem(asked, await browser.code(asked), **changes)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
        again = await browser.redeem(asked, "x", **changes)
        assert again.json()["error"] == "invalid_grant"


async def test_a_wrong_verifier_uses_the_code_up(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    await browser.redeem(asked, code, code_verifier="x" * 43)
    assert (await browser.redeem(asked, code)).json()["error"] == "invalid_grant"


async def test_a_code_is_bound_to_its_redirect_address(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    refused = await browser.redeem(asked, code, redirect_uri="https://web.test/other")
    assert refused.json()["error"] == "invalid_grant"


async def test_a_code_is_bound_to_its_client_and_survives_a_thief(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    stolen = await browser.redeem(asked, code, client_id="web-2")
    assert stolen.json()["error"] == "invalid_grant"
    assert (await browser.redeem(asked, code)).status_code == 200


async def test_a_code_lives_for_a_minute(browser: Any, clock: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    clock.pass_(seconds=61)
    assert (await browser.redeem(asked, code)).json()["error"] == "invalid_grant"


async def test_an_old_sign_in_does_not_do_when_a_fresh_one_is_asked_for(browser: Any, clock: Any):
    await browser.tokens(browser.asked())
    clock.pass_(minutes=10)
    assert browser.answer(await browser.ask(browser.asked(prompt="none")))["code"]
    for changes in ({"prompt": "login"}, {"max_age": "60"}, {"max_age": "0"}):
        asked = browser.asked(**changes)
        shown = await browser.follow(await browser.ask(asked))
        assert 'name="password"' in shown.text
        again = await browser.fill_in(shown, username="citizen", password="碧海-金沙-2026")
        assert browser.answer(again)["code"]
        clock.pass_(minutes=10)
    refused = browser.answer(await browser.ask(browser.asked(prompt="none", max_age="60")))
    assert refused["error"] == "login_required"


async def test_somebody_else_is_not_passed_off_as_the_expected_person(browser: Any):
    tokens = await browser.tokens(browser.asked())
    await browser.tokens(browser.asked(prompt="login"), "agent")
    asked = browser.asked(prompt="none", id_token_hint=tokens["id_token"])
    assert browser.answer(await browser.ask(asked))["error"] == "login_required"


async def test_a_suspended_client_is_let_in_no_more(browser: Any, gateway: Any):
    tokens = await browser.tokens(browser.asked())
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
    assert (await browser.ask(browser.asked())).status_code == 400
    refused = await browser.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
