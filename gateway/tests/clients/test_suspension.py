"""A suspended client: nothing of it counts any more, at once and in every process."""

from typing import Any
from uuid import uuid4

import pytest

from gateway.parts import open_parts
from gateway.tokens.identities import Credentials

PATH = "/api/gateway/v1/clients"
REASON = {"reason": "发现异常调用"}


async def do(browser: Any, headers: dict[str, str], action: str, version: int | None = None) -> dict[str, Any]:
    more = {"Idempotency-Key": str(uuid4())} | ({} if version is None else {"If-Match": f'"{version}"'})
    answer = await browser.post(f"{PATH}/{action}", json=REASON, headers=headers | more)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def tokens_of(browser: Any, client_id: str, **changes: str) -> dict[str, Any]:
    asked = browser.asked(client_id, prompt="login", **changes)
    code = await browser.code(asked)
    told: dict[str, Any] = (await browser.redeem(asked, code, browser.proof_of(client_id))).json()
    return told


async def test_everything_of_a_suspended_client_is_refused_at_once(browser: Any, open_browser: Any, gateway: Any):
    admin = await open_browser().bearer("operator")
    held, others = await tokens_of(browser, "hall"), await tokens_of(browser, "old")
    waiting = browser.asked("hall")
    code = browser.answer(await browser.ask(waiting))["code"]
    suspended = await do(browser, admin, "hall/suspension")
    assert suspended["state"] == "suspended"
    assert (await browser.userinfo(held["access_token"])).status_code == 401
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert (await browser.get("/api/gateway/v1/me", headers=bearer)).json()["type"] == "/problems/invalid-token"
    proof = browser.proof_of("hall")
    for refused in (
        await browser.refresh(held["refresh_token"], "hall", proof),
        await browser.redeem(waiting, code, proof),
        await browser.push(waiting),
        await browser.post("/oauth/introspect", data={"token": held["access_token"]}, headers=proof),
        await browser.post("/oauth/revoke", data={"token": held["access_token"]}, headers=proof),
    ):
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert (await browser.ask(waiting)).status_code == 400
    assert (await browser.userinfo(others["access_token"])).status_code == 200
    events = await gateway.context.pool.fetch("SELECT type FROM outbox WHERE topic = 'onestop.gateway.client'")
    assert [row["type"] for row in events] == ["cn.onestop.gateway.client.suspended.v1"]


async def test_another_process_refuses_its_tokens_when_it_looks_next(browser: Any, open_browser: Any, gateway: Any):
    held = await tokens_of(browser, "hall")
    async with open_parts(gateway.context) as second:
        given = Credentials.of([(b"authorization", f"Bearer {held['access_token']}".encode())])
        assert await second.identities.resolve(given, "GET", b"/")
        await do(browser, await open_browser().bearer("admin"), "hall/suspension")
        await second.revoked.look(gateway.context.pool, gateway.context.clock)
        with pytest.raises(Exception, match="访问令牌无效"):
            await second.identities.resolve(given, "GET", b"/")


async def test_after_resumption_people_sign_in_anew_and_nothing_from_before_counts(
    browser: Any, open_browser: Any, gateway: Any, clock: Any
):
    admin = await open_browser().bearer("admin")
    held = await tokens_of(browser, "hall")
    suspended = await do(browser, admin, "hall/suspension")
    clock.pass_(seconds=2)
    await do(browser, admin, "hall/resumption", suspended["version"])
    await gateway.context.state.revoked.look(gateway.context.pool, clock)
    assert (await browser.userinfo(held["access_token"])).status_code == 401
    refused = await browser.refresh(held["refresh_token"], "hall", browser.proof_of("hall"))
    assert refused.json()["error"] == "invalid_grant"
    told = {"token": held["access_token"]}
    seen = await browser.post("/oauth/introspect", data=told, headers=browser.proof_of("hall"))
    assert seen.json() == {"active": False}
    anew = await tokens_of(browser, "hall")
    assert (await browser.userinfo(anew["access_token"])).status_code == 200
    assert (await browser.refresh(anew["refresh_token"], "hall", browser.proof_of("hall"))).status_code == 200


async def test_a_client_that_has_ended_never_comes_back(browser: Any, open_browser: Any, gateway: Any):
    admin = await open_browser().bearer("admin")
    held = await tokens_of(browser, "hall")
    ended = await do(browser, admin, "hall/termination", 1)
    assert ended["state"] == "ended"
    assert (await browser.userinfo(held["access_token"])).status_code == 401
    again = await browser.post(
        f"{PATH}/hall/resumption",
        json=REASON,
        headers=admin | {"Idempotency-Key": "k", "If-Match": f'"{ended["version"]}"'},
    )
    assert (again.status_code, again.json()["type"]) == (409, "/problems/wrong-client-state")
    payload = await gateway.context.pool.fetchval("SELECT payload FROM outbox WHERE topic = 'onestop.gateway.client'")
    assert b'"ended":true' in payload
