"""Tricks with how a request is written: things said twice, in two places, too large, or in a form nobody reads."""

import base64
import json
from typing import Any

import pytest

SECRET = "hall_secret-0123456789abcdefghijklmnop"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ENDPOINTS = ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect", "/oauth/device_authorization")


def basic(client_id: str = "hall", secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def test_a_parameter_that_is_given_twice_is_refused_at_every_endpoint(browser: Any):
    for endpoint in ENDPOINTS:
        for twice in ("client_id=web&client_id=web", "client_id=web&a=1&a=2", "client_id=&client_id=web"):
            refused = await browser.post(endpoint, content=twice, headers=FORM)
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request"), (endpoint, twice)
    for endpoint in ("/oauth/authorize", "/oauth/end-session"):
        for refused in (
            await browser.get(f"{endpoint}?client_id=web&client_id=web-2"),
            await browser.post(endpoint, content="client_id=web&client_id=web-2", headers=FORM),
        ):
            assert refused.status_code == 400, endpoint
            assert "location" not in refused.headers


async def test_what_stands_in_the_address_of_a_posted_request_does_not_count(browser: Any):
    asked = browser.asked()
    code = await browser.code(asked)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asked.redirect_uri,
        "code_verifier": asked.verifier,
    }
    in_address = await browser.post("/oauth/token", params={"client_id": "web"}, data=form)
    assert (in_address.status_code, in_address.json()["error"]) == (401, "invalid_client")
    in_both = await browser.post(
        "/oauth/token", params={"code": "x", "client_id": "web-2"}, data=form | {"client_id": "web"}
    )
    assert in_both.status_code == 200
    token = in_both.json()["access_token"]
    for refused in (
        await browser.get("/oauth/userinfo", params={"access_token": token}),
        await browser.post("/oauth/userinfo", data={"access_token": token}),
    ):
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_header_that_is_given_twice_is_refused(browser: Any, key_holder: Any):
    asked = browser.asked("hall")
    code = await browser.code(asked)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asked.redirect_uri,
        "code_verifier": asked.verifier,
    }
    proof = basic()["Authorization"]
    for second in (proof, basic("old")["Authorization"], "Bearer x"):
        headers = [("Authorization", proof), ("Authorization", second)]
        refused = await browser.post("/oauth/token", data=form, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    proofs = [("Authorization", proof), ("DPoP", key_holder.proof()), ("DPoP", key_holder.proof())]
    refused = await browser.post("/oauth/token", data=form, headers=proofs)
    assert refused.json()["error"] == "invalid_dpop_proof"
    token = (await browser.post("/oauth/token", data=form, headers=basic())).json()["access_token"]
    twice = [("Authorization", f"Bearer {token}")] * 2
    for path in ("/oauth/userinfo", "/api/gateway/v1/me"):
        assert (await browser.get(path, headers=twice)).status_code == 401


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded2", ""],
)
async def test_a_body_that_is_no_form_is_not_guessed_at(browser: Any, media_type: str):
    body = b'{"grant_type":"client_credentials"}'
    for endpoint in ENDPOINTS:
        refused = await browser.post(endpoint, content=body, headers={"Content-Type": media_type} if media_type else {})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request"), endpoint


@pytest.mark.parametrize("body", ["a=%ff", "a=%00", "client_id=web%0d%0aSet-Cookie:x", "a=%zz%", "\u00e9=1", "a=1;b=2"])
async def test_what_cannot_be_read_is_refused_and_never_echoed(browser: Any, body: str):
    for endpoint in ENDPOINTS:
        refused = await browser.post(endpoint, content=body.encode(), headers=FORM)
        assert refused.status_code in {400, 401}, endpoint
        assert refused.json()["error"] in {"invalid_request", "invalid_client"}
        assert "Set-Cookie" not in refused.text


async def test_what_is_too_large_is_refused_before_it_is_worked_on(browser: Any):
    large = "x" * 9000
    refused = [
        await browser.post("/oauth/token", data={"grant_type": "x", "client_id": "web", "code": "x" * 70_000}),
        await browser.post("/oauth/token", content="&".join(f"a{n}=1" for n in range(61)), headers=FORM),
        await browser.post("/oauth/par", data=browser.asked(state="s" * 2000).parameters),
        await browser.post(
            "/oauth/par", data=browser.asked(claims=json.dumps({"id_token": {"x" * 5000: None}})).parameters
        ),
        await browser.post("/oauth/par", data=browser.asked(scope=" ".join(["openid"] * 500)).parameters),
    ]
    assert [it.status_code for it in refused] == [413, 400, 400, 400, 400]
    department = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"{large}.{large}.{large}",
    }
    assert (await browser.post("/oauth/token", data=department)).json()["error"] == "invalid_client"
    proof = {"DPoP": f"{large}.{large}.{large}", **basic()}
    answer = await browser.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=proof)
    assert answer.json()["error"] == "invalid_dpop_proof"
    for path in ("/oauth/userinfo", "/api/gateway/v1/me"):
        assert (await browser.get(path, headers={"Authorization": f"Bearer {large}"})).status_code == 401
    asked_about = await browser.post("/oauth/introspect", data={"token": large}, headers=basic())
    assert asked_about.json() == {"active": False}
    assert (await browser.get("/oauth/end-session", params={"id_token_hint": large})).status_code == 400


async def test_an_answer_with_tokens_or_a_code_is_kept_by_nobody(browser: Any):
    asked = browser.asked()
    redirected = await browser.sign_in(asked)
    redeemed = await browser.redeem(asked, browser.answer(redirected)["code"])
    told = await browser.userinfo(redeemed.json()["access_token"])
    pushed = await browser.push(browser.asked())
    for answer in (redirected, redeemed, told, pushed):
        assert answer.headers["cache-control"] == "no-store"
    assert redirected.headers["referrer-policy"] == "no-referrer"
