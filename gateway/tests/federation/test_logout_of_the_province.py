"""Signing out at the province ends what was begun by it here; signing out here offers to sign out there."""

import re
from base64 import b32decode
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from joserfc import jwt
from joserfc.jwk import KeySet

SignIn = Callable[..., Awaitable[httpx.Response]]


async def signed_in(browser: Any, by_province: SignIn, login: str = "zhao") -> dict[str, Any]:
    asked = browser.asked()
    ended = await by_province(browser, await browser.follow(await browser.ask(asked)), login)
    tokens: dict[str, Any] = (await browser.redeem(asked, browser.answer(ended)["code"])).json()
    return tokens


def offered(page: httpx.Response, issuer: str) -> str:
    link = re.search(rf'href="({re.escape(issuer)}[^"]*)"', page.text)
    assert link, page.text
    return unescape(link[1])


async def test_signing_out_here_offers_to_sign_out_there_and_comes_back(
    browser: Any, by_province: SignIn, province: Any
):
    await signed_in(browser, by_province)
    out = await browser.fill_in(await browser.get("/oauth/end-session"))
    assert "您在河北省统一身份认证平台仍处于登录状态" in out.text
    back = await province.sign_out(offered(out, province.issuer))
    assert back.headers["location"].startswith("http://gateway.test/federation/hebei/signed-out")
    ended = await browser.get("/federation/hebei/signed-out")
    assert "您已退出登录" in ended.text


async def test_the_client_that_asked_for_it_is_one_click_away(browser: Any, by_province: SignIn, province: Any):
    tokens = await signed_in(browser, by_province)
    out = await browser.get(
        "/oauth/end-session",
        params={
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": "https://web.test/",
            "state": "s-1",
        },
    )
    assert offered(out, province.issuer)
    assert 'href="https://web.test/?state=s-1"' in out.text


async def test_who_signed_in_with_a_password_is_not_sent_there(browser: Any):
    tokens = await browser.tokens(browser.asked())
    out = await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
    assert "仍处于登录状态" not in out.text


@pytest.mark.usefixtures("listening")
async def test_signing_out_there_ends_what_was_begun_by_it_here(
    browser: Any, open_browser: Callable[[], Any], by_province: SignIn, province: Any
):
    tokens = await signed_in(browser, by_province)
    other = open_browser()
    kept = await other.tokens(other.asked())
    await province.sign_out(f"{province.issuer}/session/end")
    assert (await browser.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.ask(browser.asked())).headers["location"].startswith("/sign-in?")
    assert (await other.userinfo(kept["access_token"])).status_code == 200


@pytest.mark.usefixtures("listening")
async def test_who_has_a_second_factor_shows_it_and_is_signed_out_by_the_province_all_the_same(
    browser: Any, open_browser: Callable[[], Any], by_province: SignIn, province: Any, clock: Any
):
    await browser.sign_in(browser.asked())
    page = await browser.get("/account/security/authenticator")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret
    app = TOTP(b32decode(secret[1].replace(" ", "")), 6, SHA1(), 30)  # noqa: S303 - what authenticator apps know
    await browser.fill_in(page, code=app.generate(int(clock().timestamp())).decode())
    clock.pass_(seconds=60)
    other = open_browser()
    asked = other.asked()
    halfway = await by_province(other, await other.follow(await other.ask(asked)), "zhao")
    assert halfway.headers["location"].startswith("/sign-in/second-factor?request=")
    assert (await other.get("/account")).headers["location"].startswith("/sign-in")
    code = app.generate(int(clock().timestamp())).decode()
    ended = await other.fill_in(await other.follow(halfway), code=code)
    tokens = (await other.redeem(asked, other.answer(ended)["code"])).json()
    claims = jwt.decode(tokens["id_token"], await keys_of(other), algorithms=["ES256"]).claims
    assert {"fed", "otp", "mfa"} <= set(claims["amr"])
    await province.sign_out(f"{province.issuer}/session/end")
    assert (await other.userinfo(tokens["access_token"])).status_code == 401
    assert (await browser.get("/account")).status_code == 200


async def keys_of(browser: Any) -> KeySet:
    return KeySet.import_key_set((await browser.get("/oauth/jwks")).json())
