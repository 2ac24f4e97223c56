"""Who has set up an authenticator shows it after the password: each one-time password once, and never around it."""

import asyncio
import re
from base64 import b32decode
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.credentials.authenticator import step_of

PASSWORD = "碧海-金沙-2026"
CITIZENS_PHONE = "15400000007"
SET_UP = "/account/security/authenticator"


def generator(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), 30)  # noqa: S303 - what authenticator apps know


class App:
    """An authenticator app that has read a secret."""

    def __init__(self, clock: Callable[[], Any], secret: str) -> None:
        self._clock = clock
        self._totp = generator(b32decode(secret.replace(" ", "")))

    def password(self, later: int = 0) -> str:
        """Return what the app shows now, or so many seconds later."""
        return self._totp.generate(int(self._clock().timestamp()) + later).decode()


def wrong(code: str) -> str:
    return f"{(int(code) + 500_000) % 10**6:06d}"


@pytest.fixture
def set_up(clock: Any) -> Callable[..., Any]:
    """Return a function that sets up an authenticator in a browser; returns the app and the recovery codes."""

    async def set_up(browser: Any, username: str = "citizen") -> tuple[App, list[str]]:
        if (await browser.get("/account")).status_code == 303:
            await browser.sign_in(browser.asked(), username)
        page = await browser.get(SET_UP)
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert secret
        app = App(clock, secret[1])
        done = await browser.fill_in(page, code=app.password())
        codes = re.findall(r"<code>([A-Z0-9-]{14})</code>", done.text)
        clock.pass_(seconds=60)
        return app, codes

    return set_up


async def at_second(browser: Any, username: str = "citizen") -> httpx.Response:
    """Sign in with the password; return the page that asks for the second factor."""
    sent = await browser.sign_in(browser.asked(prompt="login"), username)
    assert sent.headers["location"].startswith("/sign-in/second-factor?request=")
    shown: httpx.Response = await browser.follow(sent)
    return shown


async def test_after_the_password_the_second_factor_is_asked_and_told_to_the_client(
    browser: Any, open_browser: Callable[[], Any], set_up: Any
):
    app, codes = await set_up(browser)
    assert len(set(codes)) == 10
    assert "验证器" in (await browser.messages_to(CITIZENS_PHONE))[0]
    other = open_browser()
    asked = other.asked()
    page = await other.follow(await other.follow(await other.ask(asked)) and await other.sign_in(asked))
    assert (await other.get("/account")).status_code == 303
    answered = await other.fill_in(page, code=app.password())
    assert other.answer(answered)["code"]
    session = await other.get("/account")
    assert session.status_code == 200


async def test_a_one_time_password_is_good_once(browser: Any, open_browser: Callable[[], Any], set_up: Any, clock: Any):
    app, _ = await set_up(browser)
    code = app.password()
    browsers = [open_browser() for _ in range(5)]
    pages = [await at_second(other) for other in browsers]
    outcomes = await asyncio.gather(
        *(other.fill_in(page, code=code) for other, page in zip(browsers, pages, strict=True))
    )
    assert [it.status_code for it in outcomes].count(303) == 1
    clock.pass_(seconds=61)
    assert other_answer(await browsers[1].fill_in(await at_second(browsers[1]), code=app.password()))


def other_answer(response: httpx.Response) -> bool:
    return response.status_code == 303 and response.headers["location"].startswith("https://web.test/callback")


@pytest.mark.parametrize(("off", "taken"), [(-30, True), (0, True), (30, True), (-90, False), (90, False)])
def test_a_clock_may_be_off_by_one_step(off: int, taken: bool, clock: Any):  # noqa: FBT001
    secret = b"k" * 20
    shown = generator(secret).generate(int(clock().timestamp()) + off).decode()
    assert (step_of(secret, f"{shown[:3]} {shown[3:]}", clock(), last=0) is not None) == taken


def test_a_step_and_those_before_it_are_used_up(clock: Any):
    secret = b"k" * 20
    shown = generator(secret).generate(int(clock().timestamp())).decode()
    step = step_of(secret, shown, clock(), last=0)
    assert step is not None
    assert step_of(secret, shown, clock(), last=step) is None
    assert step_of(secret, shown, clock(), last=step - 1) == step


async def test_a_recovery_code_stands_in_once_and_its_owner_is_told(
    browser: Any, open_browser: Callable[[], Any], set_up: Any
):
    _, codes = await set_up(browser)
    other = open_browser()
    assert other_answer(await other.fill_in(await at_second(other), code=codes[3].lower().replace("-", " ")))
    assert "恢复码" in (await browser.messages_to(CITIZENS_PHONE))[0]
    again = await other.fill_in(await at_second(other), code=codes[3])
    assert again.status_code == 422
    assert other_answer(await other.fill_in(again, code=codes[4]))


async def test_guessing_the_second_factor_gets_slow_and_the_owners_browser_counts_apart(
    browser: Any, open_browser: Callable[[], Any], set_up: Any
):
    app, _ = await set_up(browser)
    stranger = open_browser()
    page = await at_second(stranger)
    guesses = [(await stranger.fill_in(page, code=wrong(app.password()))).status_code for _ in range(7)]
    assert guesses == [422] * 5 + [429] * 2
    assert other_answer(await browser.fill_in(await at_second(browser), code=app.password()))


async def test_many_guesses_at_once_are_no_way_around(browser: Any, open_browser: Callable[[], Any], set_up: Any):
    app, _ = await set_up(browser)
    stranger = open_browser()
    page = await at_second(stranger)
    outcomes = await asyncio.gather(*(stranger.fill_in(page, code=wrong(app.password())) for _ in range(12)))
    assert sorted({it.status_code for it in outcomes}) == [422, 429]
    assert [it.status_code for it in outcomes].count(422) == 5


async def test_a_first_factor_waits_ten_minutes_in_its_own_browser(
    browser: Any, open_browser: Callable[[], Any], set_up: Any, clock: Any
):
    app, _ = await set_up(browser)
    other, thief = open_browser(), open_browser()
    page = await at_second(other)
    await thief.get("/sign-in")
    assert (await thief.get("/sign-in/second-factor")).headers["location"] == "/sign-in"
    clock.pass_(minutes=11)
    late = await other.fill_in(page, code=app.password())
    assert late.headers["location"].startswith("/sign-in?request=")


async def test_an_authenticator_counts_once_it_is_confirmed_and_can_be_removed(
    browser: Any, open_browser: Callable[[], Any], set_up: Any
):
    await browser.sign_in(browser.asked())
    begun = await browser.get(SET_UP)
    assert begun.status_code == 200
    refused = await browser.fill_in(begun, code="abcdef")
    assert (refused.status_code, 'id="code-error"' in refused.text) == (422, True)
    other = open_browser()
    assert other_answer(await other.sign_in(other.asked()))
    await set_up(browser)
    assert (await browser.get(SET_UP)).status_code == 409
    removed = await browser.fill_in(await browser.get("/account/security"), decision="remove")
    assert removed.headers["location"] == "/account/security?done=authenticator-removed"
    assert other_answer(await other.sign_in(other.asked(prompt="login")))


async def test_the_secret_is_not_in_the_database_in_clear_nor_shown_again(gateway: Any, browser: Any, set_up: Any):
    app, codes = await set_up(browser)
    row = await gateway.context.pool.fetchrow("SELECT * FROM authenticator")
    assert app._totp._hotp._key not in row["secret"]
    kept = await gateway.context.pool.fetch("SELECT code_hash FROM recovery_code")
    assert len(kept) == 10
    shown = (await browser.get("/account/security")).text
    assert not [code for code in codes if code in shown]


async def test_what_protects_the_account_is_changed_only_shortly_after_a_sign_in(browser: Any, clock: Any):
    await browser.sign_in(browser.asked())
    page = await browser.get("/account/security")
    assert page.status_code == 200
    clock.pass_(minutes=11)
    assert (await browser.get("/account/security")).status_code == 200
    for path in (SET_UP, "/account/security/password"):
        sent = await browser.get(path)
        assert sent.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    again = await browser.follow(sent)
    entered = await browser.fill_in(again, username="citizen", password=PASSWORD)
    assert entered.headers["location"] == "/account/security/password"
    assert (await browser.follow(entered)).status_code == 200
