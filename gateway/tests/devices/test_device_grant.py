"""A device without a browser is let in by a person who has one (RFC 8628)."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.clients.domain import DEVICE
from gateway.housekeeping import delete_what_is_over

ME = "/api/gateway/v1/me"
REQUESTS = "/api/gateway/v1/device-requests"


async def claims_of(browser: Any, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
    return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)


async def test_a_device_finds_out_where_to_ask(browser: Any):
    metadata = (await browser.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["device_authorization_endpoint"] == "http://gateway.test/oauth/device_authorization"
    assert DEVICE in metadata["grant_types_supported"]
    assert (await browser.options("/oauth/device_authorization")).headers["access-control-allow-origin"] == "*"


async def test_a_device_is_told_what_to_show(new_device: Any):
    asked = (await new_device()).asked
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", asked["user_code"])
    assert asked["verification_uri"] == "http://gateway.test/device"
    assert asked["verification_uri_complete"] == f"http://gateway.test/device?user_code={asked['user_code']}"
    assert (asked["expires_in"], asked["interval"]) == (600, 5)
    assert len(asked["device_code"]) == 43


async def test_a_device_is_let_in_and_the_person_learns_first_what_it_is(
    new_device: Any, citizen: Any, browser: Any, clock: Any
):
    device = await new_device()
    assert await device.error() == "authorization_pending"
    shown = await citizen.enter(device.asked["user_code"].lower().replace("-", " "))
    for text in (
        "一网通办电视端",
        "TV/1.0",
        device.asked["user_code"],
        "127.0.*.*",
        "您的姓名和办理身份",
        "就在您面前",
    ):
        assert text in shown.text
    decided = await citizen.browser.fill_in(shown, decision="approve")
    assert "设备已登录" in decided.text
    clock.pass_(seconds=5)
    tokens = (await device.poll()).json()
    claims = await claims_of(browser, tokens["access_token"])
    assert (claims["client_id"], claims["name"], tokens["scope"]) == ("tv", "赵**", "openid profile")
    identity = await claims_of(browser, tokens["id_token"])
    assert (identity["aud"], identity["amr"]) == ("tv", ["pwd"])
    assert (await device.http.refresh(tokens["refresh_token"], "tv")).status_code == 200


async def test_what_came_with_the_address_is_filled_in_and_not_taken_for_a_decision(new_device: Any, citizen: Any):
    device = await new_device()
    shown = await citizen.open(device.asked["verification_uri_complete"])
    assert f'value="{device.asked["user_code"]}"' in shown.text
    assert await device.error() == "authorization_pending"


async def test_a_device_that_is_refused_is_told_so(new_device: Any, citizen: Any):
    device = await new_device()
    assert "已拒绝" in (await citizen.decide(device.asked["user_code"], "deny")).text
    assert await device.error() == "access_denied"
    assert (await citizen.enter(device.asked["user_code"])).status_code == 404


async def test_a_device_that_asks_too_often_is_slowed_down(new_device: Any, clock: Any):
    device = await new_device()
    assert [await device.error(), await device.error()] == ["authorization_pending", "slow_down"]
    clock.pass_(seconds=9)
    assert await device.error() == "slow_down"
    clock.pass_(seconds=15)
    assert await device.error() == "authorization_pending"


async def test_after_ten_minutes_nobody_can_let_it_in(new_device: Any, citizen: Any, clock: Any, gateway: Any):
    device = await new_device()
    clock.pass_(minutes=10)
    assert (await citizen.enter(device.asked["user_code"])).status_code == 404
    assert await device.error() == "expired_token"
    clock.pass_(days=2)
    await delete_what_is_over(gateway.context.pool, clock())
    assert await device.error() == "invalid_grant"


async def test_of_ten_questions_at_once_one_gets_tokens_and_they_are_taken_back(new_device: Any, citizen: Any):
    device = await new_device()
    await citizen.decide(device.asked["user_code"])
    answers = await asyncio.gather(*(device.poll() for _ in range(10)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert (await device.http.userinfo(won[0]["access_token"])).status_code == 401
    assert (await device.http.refresh(won[0]["refresh_token"], "tv")).json()["error"] == "invalid_grant"


async def test_a_device_code_is_for_the_client_that_asked(new_device: Any, citizen: Any):
    device = await new_device()
    await citizen.decide(device.asked["user_code"])
    assert await device.error(client_id="board") == "invalid_grant"
    assert (await device.poll()).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "web"}, "unauthorized_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"resource": "https://unknown.test/"}, "invalid_target"),
    ],
)
async def test_who_may_not_ask_is_told_why(browser: Any, changes: dict[str, str], error: str):
    form = {"client_id": "tv", "scope": "openid"} | changes
    assert (await browser.post("/oauth/device_authorization", data=form)).json()["error"] == error
    refused = await browser.post("/oauth/token", data={"grant_type": DEVICE, "client_id": "web", "device_code": "x"})
    assert refused.json()["error"] == "unauthorized_client"


async def test_guessing_codes_gets_slow_and_does_not_hurt_others(
    new_device: Any, citizen: Any, new_decider: Callable[[str], Any]
):
    answers = [(await citizen.enter(f"BBBB-BBB{letter}")) for letter in "BCDFGHJKLMNP"]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    device = await new_device()
    form = citizen.browser.hidden(answers[-1]) | {"user_code": device.asked["user_code"], "decision": "approve"}
    assert (await citizen.browser.post("/device", data=form)).status_code == 429
    assert await device.error() == "authorization_pending"
    assert "设备已登录" in (await new_decider("agent").decide(device.asked["user_code"])).text


async def test_a_form_that_another_site_sends_decides_nothing(new_device: Any, citizen: Any):
    device = await new_device()
    await citizen.open()
    form = {"user_code": device.asked["user_code"], "decision": "approve"}
    assert (await citizen.browser.post("/device", data=form | {"csrf": "x"})).status_code == 403
    assert await device.error() == "authorization_pending"


async def test_the_device_acts_for_whom_the_person_chooses(new_device: Any, new_decider: Any, browser: Any):
    agent, company = new_decider("agent_of_two"), "91130371MA70083272"
    device = await new_device()
    assert "渤海餐饮" in (await agent.enter(device.asked["user_code"])).text
    await agent.decide(device.asked["user_code"], act=company)
    claims = await claims_of(browser, (await device.poll()).json()["access_token"])
    assert claims["act"]["credit_code"] == company
    stranger = await new_device()
    assert (await agent.decide(stranger.asked["user_code"], act="91130371MA7009999X")).status_code == 403
    assert await stranger.error() == "authorization_pending"


async def app_headers(phone: Any, client_id: str = "mobile") -> dict[str, str]:
    redirect = "http://127.0.0.1:9/callback" if client_id == "mobile" else None
    tokens = await phone.tokens(phone.asked(client_id, redirect), "agent")
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_our_app_lets_a_device_in_by_api(new_device: Any, browser: Any, open_browser: Callable[[], Any]):
    phone, device = open_browser(), await new_device()
    headers, code = await app_headers(phone), {"user_code": device.asked["user_code"].lower()}
    seen = (await phone.post(f"{REQUESTS}/look-ups", json=code, headers=headers)).json()
    assert (seen["application"], seen["device"], seen["scopes"]) == ("一网通办电视端", "TV/1.0", ["openid", "profile"])
    approval = code | {"act": "self"}
    assert (await phone.post(f"{REQUESTS}/approval", json=approval, headers=headers)).json() == {"state": "approved"}
    assert "act" not in await claims_of(browser, (await device.poll()).json()["access_token"])


async def test_our_app_refuses_a_device_and_no_other_client_decides(new_device: Any, open_browser: Callable[[], Any]):
    phone, device = open_browser(), await new_device()
    code = {"user_code": device.asked["user_code"]}
    refused = await phone.post(f"{REQUESTS}/approval", json=code, headers=await app_headers(open_browser(), "web"))
    assert refused.json()["type"] == "/problems/not-our-app"
    headers = await app_headers(phone)
    assert (await phone.post(f"{REQUESTS}/refusal", json=code, headers=headers)).json() == {"state": "denied"}
    assert await device.error() == "access_denied"
    guesses = [await phone.post(f"{REQUESTS}/look-ups", json=code, headers=headers) for _ in range(10)]
    assert [guess.status_code for guess in guesses] == [404] * 9 + [429]
    assert guesses[0].json()["errors"][0]["pointer"] == "/user_code"


async def test_letting_in_a_foreign_client_is_consent(new_device: Any, citizen: Any, gateway: Any):
    device = await new_device("board")
    await citizen.decide(device.asked["user_code"])
    assert await gateway.context.pool.fetchval("SELECT scopes FROM consent WHERE client_id = 'board'") == [
        "openid",
        "profile",
    ]


async def test_the_device_is_among_the_persons_sessions_and_ends_with_its_own(
    new_device: Any, citizen: Any, browser: Any
):
    device = await new_device()
    await citizen.decide(device.asked["user_code"])
    tokens = (await device.poll()).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    sessions = (await browser.get("/api/gateway/v1/sessions", headers=bearer)).json()
    assert [it["device"].startswith("一网通办电视端 TV/1.0") for it in sessions] == [True, False]
    await device.http.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
    assert (await browser.get(ME, headers=bearer)).status_code == 401


async def test_the_device_stays_when_the_browser_that_let_it_in_signs_out(new_device: Any, citizen: Any):
    late, early = await new_device(), await new_device()
    for device in (late, early):
        await citizen.decide(device.asked["user_code"])
    tokens = (await early.poll()).json()
    await citizen.browser.fill_in(await citizen.browser.get("/account"))
    assert (await early.http.userinfo(tokens["access_token"])).status_code == 200
    assert await late.error() == "access_denied"


async def test_a_code_that_was_asked_for_with_a_key_needs_that_key(
    new_device: Any, citizen: Any, key_holder: Any, new_key_holder: Any
):
    device = await new_device(headers=key_holder.headers("/oauth/device_authorization"))
    await citizen.decide(device.asked["user_code"])
    assert await device.error() == "invalid_grant"
    assert await device.error(headers=new_key_holder().headers()) == "invalid_grant"
    tokens = (await device.poll(headers=key_holder.headers())).json()
    assert tokens["token_type"] == "DPoP"


async def test_what_was_done_is_in_the_audit_trail_and_waiting_is_not(new_device: Any, citizen: Any, gateway: Any):
    device = await new_device()
    await device.error()
    await citizen.decide(device.asked["user_code"])
    await device.poll()
    rows = await gateway.context.pool.fetch("SELECT verb, actor FROM audit ORDER BY id DESC LIMIT 5")
    verbs = ["device-request.approved", "session.started", "grant.given", "token.issued"]
    assert [row["verb"] for row in reversed(rows)][1:] == verbs
    assert all(row["actor"] for row in rows[:4])


async def test_codes_are_kept_as_hashes_only(new_device: Any, gateway: Any):
    asked = (await new_device()).asked
    kept = str(dict(await gateway.context.pool.fetchrow("SELECT * FROM device_request")))
    for secret in (asked["device_code"], asked["user_code"], asked["user_code"].replace("-", ""), "127.0.0.1"):
        assert secret not in kept
