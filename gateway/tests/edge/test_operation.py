"""What operators see of the edge, and what our own API asks of who comes."""

from typing import Any

import pytest

from gateway.edge.table import ROUTES


async def bearer_of(browser: Any, username: str) -> dict[str, str]:
    tokens = await browser.tokens(browser.asked(), username)
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def bearer_of_a_foreign_client(browser: Any, scope: str) -> dict[str, str]:
    asked = browser.asked("foreign", scope=scope)
    shown = await browser.follow(await browser.sign_in(asked))
    code = browser.answer(await browser.fill_in(shown, decision="approve"))["code"]
    tokens = (await browser.redeem(asked, code)).json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_who_operates_the_platform_sees_every_route(browser: Any):
    shown = await browser.get("/api/gateway/v1/routes", headers=await bearer_of(browser, "admin"))
    assert shown.status_code == 200
    rows = {(row["method"], row["path"]): row for row in shown.json()}
    assert len(rows) == len(ROUTES)
    assert rows["POST", "/api/intake/v1/cases/{case_id}/submission"] == {
        "service": "intake",
        "method": "POST",
        "path": "/api/intake/v1/cases/{case_id}/submission",
        "public": False,
        "scope": "intake:write",
        "acr": 2,
        "rate": {"seconds": 60, "person": 120, "client": 12000, "address": 1200},
        "body_bytes": 1048576,
        "seconds": 30.0,
        "deprecated": None,
        "sunset": None,
    }


async def test_who_does_not_operate_it_does_not(browser: Any):
    refused = await browser.get("/api/gateway/v1/routes", headers=await bearer_of(browser, "citizen"))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")


@pytest.mark.parametrize("path", ["/nothing", "/me/", "/clients/x/y/z", "/me/%2e%2e"])
async def test_what_is_not_listed_of_our_own_api_is_refused(browser: Any, path: str):
    assert (await browser.get(f"/api/gateway/v1{path}")).status_code in (400, 404)


async def test_our_own_api_asks_for_scope_as_any_service_does(browser: Any):
    foreign = await bearer_of_a_foreign_client(browser, "openid gateway:read")
    assert (await browser.get("/api/gateway/v1/sessions", headers=foreign)).status_code == 200
    refused = await browser.delete("/api/gateway/v1/sessions/0190a5f0-0000-7000-8000-000000000005", headers=foreign)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="gateway:write"'
    away = await browser.put("/api/gateway/v1/me", headers=foreign)
    assert (away.status_code, away.headers["allow"]) == (405, "GET, HEAD")


async def test_a_client_that_names_no_scope_of_the_api_gets_those_it_is_registered_for(browser: Any):
    asked = browser.asked("foreign", scope="openid")
    shown = await browser.follow(await browser.sign_in(asked))
    assert "查看您的账户和已登记的应用" in shown.text
    code = browser.answer(await browser.fill_in(shown, decision="approve"))["code"]
    assert (await browser.redeem(asked, code)).json()["scope"] == "gateway:read openid"
