"""What the person who is signed in sees of himself, and nobody else's."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from onestop_local.testing.client import signing_key
from onestop_runtime.assertion import GATEWAY, make_assertion
from onestop_runtime.caller import Caller


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_an_agent_sees_for_whom_he_acts_and_could_act(browser: Any):
    tokens = await browser.tokens(browser.asked(act="91130371MA70083272"), "agent_of_two")
    me = (await browser.get("/api/gateway/v1/me", headers=bearer(tokens))).json()
    assert (me["kind"], me["name"], me["act"]["credit_code"]) == ("natural", "吴**", "91130371MA70083272")
    assert me["roles"] == ["agent", "natural"]
    assert [it["act"] for it in me["capacities"]] == ["91130371MA7001010P", "91130371MA70083272", "self"]
    mandates = (await browser.get("/api/gateway/v1/mandates", headers=bearer(tokens))).json()
    assert [(it["legal_person"]["credit_code"], it["valid"]) for it in mandates] == [
        ("91130371MA7001010P", True),
        ("91130371MA70083272", True),
    ]


async def test_staff_see_who_they_are(browser: Any):
    tokens = await browser.tokens(browser.asked(), "reviewer")
    me = (await browser.get("/api/gateway/v1/me", headers=bearer(tokens))).json()
    assert (me["kind"], me["agency"]) == ("staff", "11130371037100371Q")
    assert me["roles"] == ["reviewer", "staff"]
    assert (await browser.get("/api/gateway/v1/mandates", headers=bearer(tokens))).json() == []


@pytest.mark.parametrize("path", ["/api/gateway/v1/me", "/api/gateway/v1/mandates", "/api/gateway/v1/sessions"])
async def test_who_is_not_signed_in_is_asked_to(browser: Any, path: str):
    response = await browser.get(path)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    wrong = await browser.get(path, headers={"Authorization": "Bearer x.y.z"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/invalid-token")


async def test_an_expired_token_is_refused_by_name_and_place(browser: Any, clock: Any):
    old = bearer(await browser.tokens(browser.asked(), "agent"))
    clock.pass_(minutes=11)
    refused = await browser.get("/api/gateway/v1/me", headers=old)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-token")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#Authorization"]
    assert refused.headers["www-authenticate"].startswith("Bearer ")
    assert "已过期" in refused.json()["title"]


async def test_an_assertion_from_outside_is_not_looked_at(browser: Any):
    caller = Caller(sub=uuid4(), kind="staff", given_roles=frozenset({"admin"}))
    forged = make_assertion(caller, signing_key(GATEWAY), issuer=GATEWAY, audience="svc-gateway")
    response = await browser.get("/api/gateway/v1/me", headers={"Onestop-Assertion": forged})
    assert response.status_code == 401


async def test_a_session_speaks_for_pages_of_the_same_origin_only(browser: Any):
    await browser.tokens(browser.asked())
    own = {"Sec-Fetch-Site": "same-origin"}
    assert (await browser.get("/api/gateway/v1/me", headers=own)).json()["name"] == "赵**"
    for site in ("cross-site", "same-site", "none"):
        assert (await browser.get("/api/gateway/v1/me", headers={"Sec-Fetch-Site": site})).status_code == 401
    assert (await browser.get("/api/gateway/v1/me")).status_code == 401


async def test_a_session_changes_something_for_our_own_origin_only(browser: Any):
    await browser.tokens(browser.asked())
    own = {"Sec-Fetch-Site": "same-origin"}
    session = (await browser.get("/api/gateway/v1/sessions", headers=own)).json()[0]["id"]
    path = f"/api/gateway/v1/sessions/{session}"
    for origin in (
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.test"},
        {"Origin": "http://gateway.test.evil.test"},
    ):
        assert (await browser.delete(path, headers=own | origin)).status_code == 401
    assert (await browser.delete(path, headers=own | {"Origin": "http://gateway.test"})).status_code == 204


async def test_a_person_sees_and_ends_his_own_sessions(browser: Any, open_browser: Callable[[], Any]):
    tokens = await browser.tokens(browser.asked())
    elsewhere = open_browser()
    lost = await elsewhere.tokens(elsewhere.asked())
    listed = (await browser.get("/api/gateway/v1/sessions", headers=bearer(tokens))).json()
    assert len(listed) == 2
    newest = f"/api/gateway/v1/sessions/{listed[0]['id']}"
    stranger = open_browser()
    foreign = await stranger.tokens(stranger.asked(), "agent")
    refused = await stranger.delete(newest, headers=bearer(foreign))
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/session-not-found")
    assert (await browser.delete(newest, headers=bearer(tokens))).status_code == 204
    assert (await browser.delete(newest, headers=bearer(tokens))).status_code == 404
    assert (await elsewhere.userinfo(lost["access_token"])).status_code == 401
    assert (await elsewhere.ask(elsewhere.asked())).headers["location"].startswith("/sign-in?")
    assert (await browser.userinfo(tokens["access_token"])).status_code == 200
