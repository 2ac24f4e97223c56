"""Tricks at the sign-in page: forged forms, planted cookies, guessing."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from gateway.signin.domain import Arrival
from gateway.signin.throttle import tally_of

PASSWORD = "碧海-金沙-2026"


def session_of(browser: Any) -> str | None:
    return browser.cookies.get("onestop-session")


async def test_a_form_that_another_site_sends_is_refused(browser: Any, open_browser: Callable[[], Any]):
    asked = browser.asked()
    shown = await browser.follow(await browser.ask(asked))
    fields = browser.hidden(shown) | {"username": "citizen", "password": PASSWORD}
    for changed in ({**fields, "csrf": "x"}, {name: value for name, value in fields.items() if name != "csrf"}):
        assert (await browser.post("/sign-in", data=changed)).status_code == 403
    attacker = open_browser()
    planted = attacker.hidden(await attacker.follow(await attacker.ask(asked)))
    response = await browser.post("/sign-in", data=planted | {"username": "citizen", "password": PASSWORD})
    assert response.status_code == 403
    assert session_of(browser) is None


async def test_a_request_begun_in_another_browser_is_not_finished_here(browser: Any, open_browser: Callable[[], Any]):
    attacker = open_browser()
    address = (await attacker.ask(attacker.asked())).headers["location"]
    await browser.ask(browser.asked())
    assert (await browser.get(address)).status_code == 400


async def test_a_browser_that_keeps_no_cookies_is_told_so(browser: Any, open_browser: Callable[[], Any]):
    shown = await browser.follow(await browser.ask(browser.asked()))
    other = open_browser()
    response = await other.post("/sign-in", data=other.hidden(shown) | {"username": "citizen", "password": PASSWORD})
    assert response.status_code == 403
    assert "Cookie" in response.text


async def test_a_planted_session_is_not_taken_over(browser: Any, open_browser: Callable[[], Any]):
    attacker = open_browser()
    await attacker.tokens(attacker.asked(), "agent")
    for planted in ("planted", session_of(attacker)):
        browser.cookies.set("onestop-session", planted, domain="gateway.test")
        await browser.tokens(browser.asked(prompt="login"))
        assert session_of(browser) != planted
    assert (await attacker.ask(attacker.asked())).headers["location"].startswith("/sign-in?")


async def test_signing_in_again_replaces_the_cookie_and_keeps_the_session(browser: Any):
    first = await browser.tokens(browser.asked())
    before = session_of(browser)
    await browser.tokens(browser.asked(prompt="login"))
    after = session_of(browser)
    assert before != after
    assert (await browser.refresh(first["refresh_token"])).status_code == 200
    browser.cookies.set("onestop-session", before, domain="gateway.test")
    assert (await browser.ask(browser.asked())).headers["location"].startswith("/sign-in?")


async def test_the_session_cookie_is_for_the_browser_alone(browser: Any):
    response = await browser.sign_in(browser.asked())
    cookies = [value for name, value in response.headers.multi_items() if name == "set-cookie"]
    session = next(value for value in cookies if value.startswith("onestop-session="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert "Domain" not in session


async def test_a_wrong_password_and_an_unknown_name_cannot_be_told_apart(browser: Any, gateway: Any):
    async def attempt(username: str) -> tuple[int, str]:
        response = await browser.sign_in(browser.asked(), username, "falsch")
        text = re.sub(r'value="[^"]*"|request=[^"]*', "", response.text)
        return response.status_code, text

    known, unknown = await attempt("citizen"), await attempt("nobody-at-all")
    assert known == unknown
    assert known[0] == 422
    assert "用户名或密码不正确" in known[1]
    rows = await gateway.context.pool.fetch("SELECT verb FROM audit ORDER BY id DESC LIMIT 2")
    assert [row["verb"] for row in rows] == ["sign-in.refused"] * 2


async def test_an_unknown_name_costs_a_password_hash_like_a_known_one(
    browser: Any, gateway: Any, monkeypatch: pytest.MonkeyPatch
):
    passwords = gateway.context.state.passwords
    verified: list[str | None] = []
    real = type(passwords).verify

    async def counted(self: Any, known: str | None, password: str) -> bool:
        verified.append(known)
        return await real(self, known, password)

    monkeypatch.setattr(type(passwords), "verify", counted)
    await browser.sign_in(browser.asked(), "nobody-at-all", "falsch")
    await browser.sign_in(browser.asked(), "citizen", "falsch")
    assert verified[0] is None
    assert str(verified[1]).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def guess(browser: Any, times: int, username: str = "citizen") -> list[int]:
    return [(await browser.sign_in(browser.asked(), username, "falsch")).status_code for _ in range(times)]


@pytest.mark.parametrize("username", ["citizen", "nobody-at-all"])
async def test_guessing_gets_slow_but_nobody_is_locked_out(browser: Any, clock: Any, username: str):
    assert await guess(browser, 7, username) == [422] * 5 + [429] * 2
    response = await browser.sign_in(browser.asked(), username, "falsch")
    assert 0 < int(response.headers["retry-after"]) <= 60
    assert "秒后再试" in response.text
    clock.pass_(seconds=61)
    assert await guess(browser, 2, username) == [422, 429]
    clock.pass_(seconds=61)
    if username == "citizen":
        assert browser.answer(await browser.sign_in(browser.asked()))["code"]


async def test_strangers_who_guess_do_not_make_the_owner_wait(browser: Any, open_browser: Callable[[], Any]):
    await browser.tokens(browser.asked())
    stranger = open_browser()
    assert (await guess(stranger, 6))[-1] == 429
    assert browser.answer(await browser.sign_in(browser.asked(prompt="login")))["code"]
    assert (await guess(stranger, 1)) == [429]


async def test_who_guesses_from_many_addresses_of_one_network_is_slowed_down(gateway: Any):
    cipher = gateway.context.state.cipher

    def tried(username: str, address: str) -> set[bytes]:
        return set(tally_of(cipher, "sign-in", username, Arrival(address, "x", None), known_device=False).keys)

    first = tried("citizen", "2001:db8:0:1::1")
    assert len(first & tried("agent", "2001:db8:0:1:ffff::2")) == 1
    assert not first & tried("agent", "2001:db8:0:2::1")
    assert not tried("citizen", "203.0.113.7") & tried("agent", "203.0.113.8")


async def test_many_guesses_at_once_are_no_way_around_the_pause(browser: Any):
    asked = [browser.asked() for _ in range(30)]
    pages = [await browser.follow(await browser.ask(it)) for it in asked]
    responses = await asyncio.gather(
        *(browser.fill_in(shown, username="citizen", password="falsch") for shown in pages)
    )
    seen = [response.status_code for response in responses].count(422)
    assert 5 <= seen <= 9


async def test_when_too_many_wait_the_next_one_is_told_to_come_back(browser: Any, gateway: Any):
    turns = gateway.context.state.passwords._turns
    shown = await browser.follow(await browser.ask(browser.asked()))
    turns._waiting = turns._queue
    response = await browser.fill_in(shown, username="citizen", password=PASSWORD)
    turns._waiting = 0
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert browser.answer(await browser.fill_in(response, username="citizen", password=PASSWORD))["code"]


async def test_a_hundred_people_may_sign_in_at_once(open_browser: Callable[[], Any]):
    async def one() -> str:
        own = open_browser()
        code: str = await own.code(own.asked(), "agent")
        return code

    assert len(set(await asyncio.gather(*(one() for _ in range(100))))) == 100


@pytest.mark.parametrize(
    ("username", "password"), [("", PASSWORD), ("citizen", ""), ("x" * 200, "y"), ("citizen", "y" * 2000)]
)
async def test_what_cannot_be_name_and_password_is_refused_like_a_wrong_one(browser: Any, username: str, password: str):
    response = await browser.sign_in(browser.asked(), username, password)
    assert response.status_code == 422
    assert "用户名或密码不正确" in response.text


async def test_what_was_typed_is_shown_as_text(browser: Any):
    name = '"><script>alert(1)</script>'
    response = await browser.sign_in(browser.asked(), name, "falsch")
    assert "<script>alert" not in response.text
    hinted = await browser.follow(await browser.ask(browser.asked(login_hint=name)))
    assert "<script>alert" not in hinted.text


async def test_the_pages_cannot_be_framed_cached_or_made_to_load_from_outside(browser: Any):
    shown = await browser.follow(await browser.ask(browser.asked()))
    assert shown.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"
    sources = re.findall(r'(?:src|<link [^>]*href)="([^"]+)"', shown.text)
    assert all(source.startswith(("/assets/", "data:,")) for source in sources)
    sheet = next(source for source in sources if source.startswith("/assets/"))
    loaded = await browser.get(sheet)
    assert loaded.status_code == 200
    assert "url(" not in loaded.text
    assert "@import" not in loaded.text


async def test_a_request_is_answered_once_and_not_for_ever(browser: Any, clock: Any):
    shown = await browser.follow(await browser.ask(browser.asked()))
    await browser.fill_in(shown, username="citizen", password=PASSWORD)
    again = await browser.fill_in(shown, username="citizen", password=PASSWORD)
    assert again.status_code == 400
    assert "本次登录" in again.text
    late = await browser.follow(await browser.ask(browser.asked(prompt="login")))
    clock.pass_(minutes=31)
    assert (await browser.fill_in(late, username="citizen", password=PASSWORD)).status_code == 400


async def test_a_person_may_sign_in_without_a_client_and_out_again(browser: Any):
    shown = await browser.get("/sign-in")
    signed_in = await browser.follow(await browser.fill_in(shown, username="citizen", password=PASSWORD))
    assert "赵**" in signed_in.text
    out = await browser.fill_in(signed_in)
    assert "已退出" in out.text
    assert 'name="password"' in (await browser.get("/sign-in")).text


async def test_a_session_ends_after_its_time(browser: Any, clock: Any):
    await browser.tokens(browser.asked())
    clock.pass_(hours=12, seconds=1)
    assert (await browser.ask(browser.asked())).headers["location"].startswith("/sign-in?")
