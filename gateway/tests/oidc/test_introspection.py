"""Who may learn what a token is worth, and what everybody else is told: nothing."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

INACTIVE = {"active": False}


async def tokens_of_hall(browser: Any) -> dict[str, Any]:
    asked = browser.asked("hall", prompt="login")
    redeemed = await browser.redeem(asked, await browser.code(asked), browser.proof_of("hall"))
    tokens: dict[str, Any] = redeemed.json()
    return tokens


async def introspect(browser: Any, token: str, **more: str) -> Any:
    response = await browser.post("/oauth/introspect", data={"token": token, **more}, headers=browser.proof_of("hall"))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    return response.json()


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something-else"])
async def test_a_client_learns_what_its_tokens_are_worth_whatever_it_takes_them_for(browser: Any, hint: str):
    tokens = await tokens_of_hall(browser)
    told = await introspect(browser, tokens["access_token"], token_type_hint=hint)
    assert (told["active"], told["client_id"], told["token_type"]) == (True, "hall", "Bearer")
    assert (told["scope"], told["iss"], told["kind"]) == ("openid profile", "http://gateway.test", "natural")
    assert told["exp"] - told["iat"] == 600
    assert "name" not in told
    refresh = await introspect(browser, tokens["refresh_token"], token_type_hint=hint)
    assert (refresh["active"], refresh["sub"], refresh["scope"]) == (True, told["sub"], "openid profile")
    assert "token_type" not in refresh


async def test_asking_about_a_refresh_token_does_not_use_it(browser: Any):
    tokens = await tokens_of_hall(browser)
    assert (await introspect(browser, tokens["refresh_token"]))["active"]
    refreshed = await browser.refresh(tokens["refresh_token"], "hall", browser.proof_of("hall"))
    assert refreshed.status_code == 200
    assert await introspect(browser, tokens["refresh_token"]) == INACTIVE
    assert (await introspect(browser, refreshed.json()["refresh_token"]))["active"]


async def test_tokens_of_another_client_look_like_no_tokens(browser: Any):
    others = await browser.tokens(browser.asked())
    for token in (others["access_token"], others["refresh_token"], others["id_token"], "unknown", "a.b.c", "é"):
        assert await introspect(browser, token) == INACTIVE


async def test_what_has_ended_is_not_active(browser: Any, gateway: Any, clock: Any):
    revoked, expired = await tokens_of_hall(browser), await tokens_of_hall(browser)
    await browser.post("/oauth/revoke", data={"token": revoked["refresh_token"]}, headers=browser.proof_of("hall"))
    for name in ("access_token", "refresh_token"):
        assert await introspect(browser, revoked[name]) == INACTIVE
    clock.pass_(minutes=11)
    assert await introspect(browser, expired["access_token"]) == INACTIVE
    assert (await introspect(browser, expired["refresh_token"]))["active"]
    await gateway.context.pool.execute("UPDATE session SET ended_at = now()")
    assert await introspect(browser, expired["refresh_token"]) == INACTIVE


async def test_a_refresh_token_for_a_mandate_that_ended_is_not_active(browser: Any, gateway: Any):
    asked = browser.asked("hall")
    tokens = (await browser.redeem(asked, await browser.code(asked, "agent"), browser.proof_of("hall"))).json()
    assert (await introspect(browser, tokens["refresh_token"]))["active"]
    await gateway.context.pool.execute("UPDATE mandate SET state = 'withdrawn', ended_at = now()")
    assert await introspect(browser, tokens["refresh_token"]) == INACTIVE


async def test_a_forged_token_is_not_active(browser: Any):
    claims = jwt.decode(
        (await tokens_of_hall(browser))["access_token"],
        ECKey.import_key((await browser.get("/oauth/jwks")).json()["keys"][0]),
        algorithms=["ES256"],
    ).claims
    key = ECKey.generate_key("P-256")
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims, key, algorithms=["ES256"])
    assert await introspect(browser, forged) == INACTIVE


async def test_who_proves_nothing_may_not_ask(browser: Any):
    token = (await browser.tokens(browser.asked()))["access_token"]
    wrong = {"Authorization": browser.proof_of("hall")["Authorization"][:-4] + "AAAA"}
    for form, headers in (({"client_id": "web"}, {}), ({"client_id": "hall"}, {}), ({}, {}), ({}, wrong)):
        response = await browser.post("/oauth/introspect", data={"token": token, **form}, headers=headers)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_a_malformed_question_is_refused(browser: Any):
    body = "token=a&token=b"
    headers = browser.proof_of("hall") | {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/oauth/introspect", content=body, headers=headers)).json()["error"] == "invalid_request"
    assert (await browser.post("/oauth/introspect", content="", headers=headers)).json()["error"] == "invalid_request"
    assert (await browser.get("/oauth/introspect")).status_code == 405


async def test_every_question_is_in_the_audit_trail(browser: Any, gateway: Any):
    tokens = await tokens_of_hall(browser)
    await introspect(browser, tokens["access_token"])
    await introspect(browser, "unknown")
    rows = await gateway.context.pool.fetch("SELECT client, detail FROM audit WHERE verb = 'token.introspected'")
    assert [(row["client"], row["detail"]) for row in rows] == [("hall", {"active": True}), ("hall", {"active": False})]
