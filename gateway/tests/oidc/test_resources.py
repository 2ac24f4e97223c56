"""Where tokens are good."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

RESOURCE = "https://pushing.test/api"
OURS = "http://gateway.test"


async def tokens_for(browser: Any, resource: str, **more: str) -> Any:
    asked = browser.asked(prompt="login", resource=resource)
    return await browser.redeem(asked, await browser.code(asked), **more)


async def introspect(browser: Any, token: str, client_id: str) -> Any:
    return (await browser.post("/oauth/introspect", data={"token": token}, headers=browser.proof_of(client_id))).json()


async def test_a_token_for_another_resource_is_good_there_and_not_here(browser: Any):
    tokens = (await tokens_for(browser, RESOURCE)).json()
    told = await introspect(browser, tokens["access_token"], "pushing")
    assert (told["active"], told["aud"], told["client_id"], told["acr"]) == (True, RESOURCE, "web", "2")
    assert await introspect(browser, tokens["access_token"], "hall") == {"active": False}
    assert await introspect(browser, tokens["refresh_token"], "pushing") == {"active": False}
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.get("/api/gateway/v1/me", headers=bearer)).status_code == 401
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    refreshed = (await browser.refresh(tokens["refresh_token"], resource=RESOURCE)).json()
    assert (await introspect(browser, refreshed["access_token"], "pushing"))["aud"] == RESOURCE


async def test_a_token_for_us_is_none_for_who_serves_something_else(browser: Any, gateway: Any):
    tokens = (await tokens_for(browser, OURS)).json()
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200
    assert await introspect(browser, tokens["access_token"], "pushing") == {"active": False}
    await gateway.context.pool.execute("UPDATE client SET resources = $1 WHERE client_id = 'pushing'", [OURS])
    assert await introspect(browser, tokens["access_token"], "pushing") == {"active": False}


async def test_a_token_for_another_resource_may_be_taken_back(browser: Any):
    tokens = (await tokens_for(browser, RESOURCE)).json()
    await browser.post("/oauth/revoke", data={"token": tokens["access_token"], "client_id": "web"})
    assert await introspect(browser, tokens["access_token"], "pushing") == {"active": False}


@pytest.mark.parametrize("resource", ["https://elsewhere.test", "x", f"{RESOURCE}/", f"{OURS}/", f"{RESOURCE}#x"])
async def test_a_resource_that_nobody_serves_is_refused(browser: Any, resource: str):
    told = browser.answer(await browser.ask(browser.asked(resource=resource)))
    assert told["error"] == "invalid_target"
    pushed = await browser.push(browser.asked(resource=resource))
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_target")


async def test_who_serves_nothing_any_more_gets_no_tokens(browser: Any, gateway: Any):
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'pushing'")
    assert browser.answer(await browser.ask(browser.asked(resource=RESOURCE)))["error"] == "invalid_target"


async def test_the_resource_is_chosen_when_the_person_is_asked_and_never_after(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    assert (await browser.redeem(asked, code, resource=RESOURCE)).json()["error"] == "invalid_target"
    tokens = (await browser.redeem(asked, code, resource=OURS)).json()
    refused = await browser.refresh(tokens["refresh_token"], resource=RESOURCE)
    assert refused.json()["error"] == "invalid_target"
    assert (await browser.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_departments_own_token_is_for_one_resource_too(browser: Any, clock: Any, department_key: ECKey):
    async def ask(proof_id: str, resource: str) -> Any:
        exp = int(clock().timestamp()) + 60
        claims = {"iss": "department", "sub": "department", "aud": OURS, "exp": exp, "jti": proof_id}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256"}, claims, department_key, algorithms=["ES256"]),
            "resource": resource,
        }
        return (await browser.post("/oauth/token", data=form)).json()

    tokens = await ask("1", RESOURCE)
    assert (await introspect(browser, tokens["access_token"], "pushing"))["kind"] == "system"
    assert (await ask("2", "https://elsewhere.test"))["error"] == "invalid_target"
