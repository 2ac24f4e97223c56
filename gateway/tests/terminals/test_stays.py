"""A person signs in at a terminal, and is signed out by himself when he walks away."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.scans.service import code_of

ME = "/api/gateway/v1/me"
SESSIONS = "/api/gateway/v1/sessions"


async def test_who_acts_goes_on_and_who_walks_away_is_signed_out(kiosk: Any, clock: Any):
    tokens = await kiosk.tokens()
    assert tokens["expires_in"] <= 90
    for _ in range(3):
        clock.pass_(seconds=80)
        refreshed = await kiosk.refresh(tokens)
        assert refreshed.status_code == 200, refreshed.text
        tokens = refreshed.json()
    assert (await kiosk.call(tokens["access_token"], ME)).json()["client"] == kiosk.client_id
    clock.pass_(seconds=91)
    assert (await kiosk.call(tokens["access_token"], ME)).status_code == 401
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"


async def test_nobody_stays_longer_than_a_quarter_of_an_hour(kiosk: Any, clock: Any):
    tokens = await kiosk.tokens()
    for _ in range(10):
        clock.pass_(seconds=85)
        tokens = (await kiosk.refresh(tokens)).json()
    assert tokens["expires_in"] <= 50
    clock.pass_(seconds=60)
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"


async def test_how_long_is_a_matter_of_the_terminal(new_kiosk: Any, clock: Any):
    kiosk = await new_kiosk(idle_seconds=30, stay_seconds=60)
    tokens = await kiosk.tokens()
    assert tokens["expires_in"] <= 30
    clock.pass_(seconds=31)
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"


async def test_nothing_of_a_person_stays_in_the_terminals_browser(kiosk: Any):
    form = await kiosk.screen.follow(await kiosk.screen.ask(kiosk.screen.asked(kiosk.client_id, kiosk.redirect_uri)))
    assert 'autocomplete="username"' not in form.text
    answered = await kiosk.welcome()
    cookies = [value for name, value in answered.headers.multi_items() if name == "set-cookie"]
    assert not [it for it in cookies if it.startswith("onestop-device=")]
    (session,) = [it for it in cookies if it.startswith("onestop-session=")]
    assert "max-age" not in session.lower()
    assert "expires" not in session.lower()


async def test_the_next_person_does_not_go_on_as_the_one_before(kiosk: Any):
    await kiosk.tokens("citizen")
    again = await kiosk.screen.ask(kiosk.screen.asked(kiosk.client_id, kiosk.redirect_uri))
    assert again.headers["location"].startswith("/sign-in?")
    silent = await kiosk.screen.ask(kiosk.screen.asked(kiosk.client_id, kiosk.redirect_uri, prompt="none"))
    assert kiosk.screen.answer(silent)["error"] == "login_required"
    tokens = await kiosk.tokens("agent")
    assert (await kiosk.call(tokens["access_token"], ME)).json()["name"] == "周**"


async def test_the_person_sees_at_which_terminal_he_is_signed_in_and_ends_it(
    kiosk: Any, open_browser: Callable[[], Any], clock: Any
):
    phone = open_browser()
    own = await phone.tokens(phone.asked())
    bearer = {"Authorization": f"Bearer {own['access_token']}"}
    tokens = await kiosk.tokens()
    sessions = (await phone.get(SESSIONS, headers=bearer)).json()
    assert sessions[0]["device"] == "一号自助终端 · 综合服务大厅一楼东侧"
    assert (await phone.delete(f"{SESSIONS}/{sessions[0]['id']}", headers=bearer)).status_code == 204
    assert (await kiosk.call(tokens["access_token"], ME)).status_code == 401
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"
    await kiosk.tokens()
    clock.pass_(seconds=91)
    assert len((await phone.get(SESSIONS, headers=bearer)).json()) == 1


async def test_channel_and_terminal_are_in_token_and_trail(kiosk: Any, gateway: Any):
    tokens = await kiosk.tokens()
    keys = KeySet.import_key_set((await kiosk.screen.get("/oauth/jwks")).json())
    claims = jwt.decode(tokens["access_token"], keys, algorithms=["ES256"]).claims
    assert (claims["channel"], claims["client_id"]) == ("terminal", kiosk.client_id)
    rows = await gateway.context.pool.fetch("SELECT verb, channel, client FROM audit ORDER BY id DESC LIMIT 3")
    assert {(row["channel"], row["client"]) for row in rows} == {("terminal", kiosk.client_id)}
    assert [row["verb"] for row in reversed(rows)] == ["session.started", "grant.given", "token.issued"]


async def test_a_phone_signs_its_person_in_at_a_terminal(kiosk: Any, open_browser: Callable[[], Any], clock: Any):
    phone = open_browser()
    asked = await kiosk.exchange_device()
    shown = await phone.fill_in(await phone.visit("/device"), user_code=asked["user_code"])
    assert "一号自助终端 · 综合服务大厅一楼东侧" in shown.text
    await phone.fill_in(shown, decision="approve")
    tokens = (await kiosk.exchange(grant_type=asked["grant_type"], device_code=asked["device_code"])).json()
    assert tokens["expires_in"] <= 90
    clock.pass_(seconds=91)
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"
    assert (await phone.get("/account")).status_code == 200


async def test_a_phone_that_scans_the_screen_of_a_terminal_begins_a_stay(
    kiosk: Any, open_browser: Callable[[], Any], clock: Any
):
    phone, screen = open_browser(), kiosk.screen
    kiosk.asked = screen.asked(kiosk.client_id, kiosk.redirect_uri)
    form = await screen.follow(await screen.ask(kiosk.asked))
    waiting = (await screen.post("/sign-in/scan", data=screen.hidden(form))).headers["location"]
    scan_id = UUID(parse_qs(urlsplit(waiting).query)["scan"][0])
    opened = await phone.visit(f"/scan/{code_of(scan_id, screen.cookies['onestop-visit'])}")
    found = re.search(r'<p class="number">(\d\d)</p>', (await screen.get(waiting)).text)
    assert found
    await phone.fill_in(opened, decision="approve", number=found[1])
    tokens = (await kiosk.redeem(await screen.get(waiting))).json()
    assert tokens["expires_in"] <= 90
    assert (await kiosk.call(tokens["access_token"], ME)).json()["name"] == "赵**"
    clock.pass_(seconds=91)
    assert (await kiosk.refresh(tokens)).json()["error"] == "invalid_grant"


async def test_matters_of_the_account_are_not_for_a_terminal(kiosk: Any):
    await kiosk.welcome()
    for address in ("/device", f"/scan/{'A' * 43}"):
        refused = await kiosk.screen.get(address)
        assert refused.status_code == 403
        assert "自己的手机" in refused.text
