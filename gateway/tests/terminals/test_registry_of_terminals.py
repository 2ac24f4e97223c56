"""Terminals are registered, bring their key by a code, and are suspended."""

from typing import Any

import pytest

ME = "/api/gateway/v1/me"
TERMINALS = "/api/gateway/v1/terminals"
ENROLMENTS = "/api/gateway/v1/terminal-enrolments"
SOUND = {
    "name": "一号自助终端",
    "place": "大厅",
    "region": "130371",
    "agency": "11130371037100371Q",
    "hours": [{"days": [1], "opens": "08:00", "closes": "12:00"}],
}


async def test_a_terminal_brings_its_key_and_is_somebody(admin: Any, kiosk: Any):
    shown = (await admin.ask("GET", f"{TERMINALS}/{kiosk.id}")).json()
    assert (shown["state"], shown["place"], shown["idle_seconds"]) == ("active", "综合服务大厅一楼东侧", 90)
    me = (await kiosk.call(await kiosk.own_token(), ME)).json()
    assert (me["kind"], me["sub"], me["agency"], me["region"], me["hall"]) == (
        "device",
        kiosk.id,
        "11130371037100371Q",
        "130371",
        "130371-H01",
    )
    assert me["client"] == kiosk.client_id


async def test_a_code_is_used_once_and_a_newer_one_replaces_it(admin: Any, kiosk: Any, new_key_holder: Any):
    old, new = await admin.code_for(kiosk.id), await admin.code_for(kiosk.id)
    token = await kiosk.own_token()
    kiosk.holder = new_key_holder()
    assert (await kiosk.enrol(old)).json()["type"] == "/problems/unknown-enrolment-code"
    kiosk.holder.clock.pass_(seconds=1)
    assert (await kiosk.enrol(new.lower())).status_code == 201
    assert (await kiosk.enrol(new)).status_code == 404
    assert (await kiosk.exchange(grant_type="client_credentials")).status_code == 200
    await admin.look()
    assert (await kiosk.call(token, ME)).status_code == 401


async def test_a_code_is_good_for_a_day(admin: Any, new_key_holder: Any, clock: Any, kiosk: Any):
    code = await admin.code_for(kiosk.id)
    clock.pass_(hours=24)
    kiosk.holder = new_key_holder()
    assert (await kiosk.enrol(code)).status_code == 404


async def test_a_key_belongs_to_one_terminal(admin: Any, kiosk: Any):
    other = await admin.register(name="二号自助终端")
    refused = await kiosk.enrol(await admin.code_for(other["id"]))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/terminal-key-in-use")


async def test_who_brings_no_proof_of_a_key_is_told_what_it_needs(admin: Any, kiosk: Any):
    code = await admin.code_for(kiosk.id)
    refused = await kiosk.screen.post(ENROLMENTS, json={"enrolment_code": code})
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-dpop-proof")
    told = await kiosk.enrol(code, nonce=None)
    assert told.json()["type"] == "/problems/use-dpop-nonce"
    assert (await kiosk.enrol(code, nonce=told.headers["dpop-nonce"])).status_code == 201


async def test_guessing_codes_gets_slow(kiosk: Any):
    answers = [(await kiosk.enrol(f"BBBB-BBBB-BB{it:02}")).status_code for it in range(52)]
    assert answers[-1] == 429


async def test_tokens_of_a_terminal_are_bound_to_its_own_key(kiosk: Any, new_key_holder: Any):
    for headers in ({}, new_key_holder().headers()):
        refused = await kiosk.exchange(headers, grant_type="client_credentials")
        assert refused.json()["error"] == "invalid_dpop_proof"
    token = await kiosk.own_token()
    assert (await kiosk.screen.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_a_suspended_terminal_is_out_at_once_until_it_is_let_in_again(admin: Any, kiosk: Any, clock: Any):
    token, tokens = await kiosk.own_token(), await kiosk.tokens()
    await admin.suspend(kiosk.id)
    await admin.look()
    assert (await kiosk.call(token, ME)).status_code == 401
    assert (await kiosk.call(tokens["access_token"], ME)).status_code == 401
    assert (await kiosk.exchange(grant_type="client_credentials")).json()["error"] == "invalid_client"
    clock.pass_(seconds=1)
    await admin.resume(kiosk.id)
    await admin.look()
    assert (await kiosk.call(token, ME)).status_code == 401
    assert (await kiosk.call(await kiosk.own_token(), ME)).status_code == 200
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"


async def test_only_administrators_look_after_terminals(kiosk: Any, browser: Any):
    tokens = await browser.tokens(browser.asked(), "reviewer")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}", "Idempotency-Key": "a"}
    for path in ("", f"/{kiosk.id}"):
        assert (await browser.get(TERMINALS + path, headers=bearer)).status_code == 403
    for action in ("enrolment-codes", "suspension", "resumption"):
        refused = await browser.post(f"{TERMINALS}/{kiosk.id}/{action}", json={"reason": "x"}, headers=bearer)
        assert refused.status_code == 403


async def test_terminals_are_listed_page_by_page(admin: Any, kiosk: Any):
    await admin.register(name="二号自助终端")
    first = (await admin.ask("GET", TERMINALS, params={"limit": 1})).json()
    assert [it["id"] for it in first["items"]] == [kiosk.id]
    second = (await admin.ask("GET", TERMINALS, params={"cursor": first["next"]})).json()
    (last,) = second["items"]
    assert (last["name"], last["state"], last["enrolled_at"]) == ("二号自助终端", "waiting", None)
    assert (await admin.ask("GET", TERMINALS, params={"cursor": "x"})).status_code == 400


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"hours": []}, "/hours"),
        ({"hours": [{"days": [8], "opens": "08:00", "closes": "12:00"}]}, "/hours/0/days/0"),
        ({"hours": [{"days": [1], "opens": "8:00", "closes": "12:00"}]}, "/hours/0/opens"),
        ({"hours": [{"days": [1], "opens": "12:00", "closes": "08:00"}]}, "/hours/0/closes"),
        ({"region": "1303"}, "/region"),
        ({"agency": "x"}, "/agency"),
        ({"idle_seconds": 600, "stay_seconds": 60}, "/stay_seconds"),
        ({"key": "x"}, "/key"),
    ],
)
async def test_wrong_input_is_pointed_at(admin: Any, changes: dict[str, Any], pointer: str):
    refused = await admin.ask(
        "POST",
        TERMINALS,
        json=SOUND | changes,
    )
    assert refused.status_code == 422
    assert pointer in [it["pointer"] for it in refused.json()["errors"]]


async def test_what_is_not_there_or_not_ready_is_said(admin: Any, kiosk: Any):
    unknown = "0190a5f0-0000-7000-8000-000000000000"
    assert (await admin.ask("GET", f"{TERMINALS}/{unknown}")).status_code == 404
    waiting = await admin.register()
    refused = await admin.ask("POST", f"{TERMINALS}/{waiting['id']}/suspension", json={"reason": "x"})
    assert refused.json()["type"] == "/problems/terminal-not-enrolled"
    shown = (await admin.ask("GET", f"{TERMINALS}/{kiosk.id}")).json()
    fields = {it: shown[it] for it in ("name", "place", "region", "hall", "agency", "hours")}
    stale = await admin.ask("PUT", f"{TERMINALS}/{kiosk.id}", json=fields, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_neither_code_nor_private_key_is_kept(admin: Any, kiosk: Any, gateway: Any):
    code = await admin.code_for(kiosk.id)
    pool = gateway.context.pool
    for table in ("terminal", "client", "audit", "idempotency"):
        kept = str([dict(row) for row in await pool.fetch(f"SELECT * FROM {table}")])  # noqa: S608
        assert code not in kept
        assert code.replace("-", "") not in kept
    (jwk,) = (await pool.fetchval("SELECT jwks FROM client WHERE client_id = $1", kiosk.client_id))["keys"]
    assert "d" not in jwk
