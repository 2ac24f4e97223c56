"""Somebody new on a narrow phone finds his way: registers, errs, protects his account, comes by an application."""

import re
import secrets
from base64 import b32decode
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from selenium.webdriver.common.by import By

from onestop_local.stack import Stack

pytestmark = pytest.mark.needs("chromium", "chromedriver")

PASSWORD = "山海关的老龙头真好看"
NUMBER = "11010519491231002X"


class Newcomer:
    """Fills in what a page asks for; each page he sees can be read by everybody."""

    def __init__(self, window: Any, stack: Stack, require_readable: Callable[[Any, str], None]) -> None:
        self.window = window
        self._stack = stack
        self._require_readable = require_readable

    def reads(self, name: str) -> str:
        """Return what the page says."""
        self._require_readable(self.window, name)
        text: str = self.window.find_element(By.TAG_NAME, "main").text
        return text

    def opens(self, address: str) -> None:
        self.window.get(self._stack.url + address)

    def sends(self, **typed: str) -> None:
        """Fill in the form with these fields and send it; wait until its answer is there."""
        for name, text in typed.items():
            field = self.window.find_element(By.NAME, name)
            field.clear()
            field.send_keys(text)
        page = self.window.find_element(By.TAG_NAME, "html")
        field.find_element(By.XPATH, "./ancestor::form//button[@type='submit']").click()
        self.window.until(lambda it: it.find_element(By.TAG_NAME, "html") != page)
        self.window.until(lambda it: it.execute_script("return document.readyState") == "complete")

    def code_to(self, phone: str) -> str:
        """Return the code that the newest message to a phone holds."""
        shown = httpx.get(f"{self._stack.url}/mailbox", trust_env=False).text
        found = re.search(rf"<h2>{phone} .*?</h2>\n<p[^>]*>.*?(\d{{6}})", unescape(shown), re.DOTALL)
        assert found
        return found[1]


def authorization(stack: Stack, client: str, **more: str) -> str:
    """Return the address at which an application of the stack sends its people to us."""
    registered = stack.document["clients"][client]
    asked = {
        "response_type": "code",
        "client_id": registered["client_id"],
        "redirect_uri": registered["redirect_uris"][0],
        "scope": "openid profile offline_access intake:read",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    return f"/oauth/authorize?{urlencode(asked)}"


def test_a_newcomer_finds_his_way(
    stack: Stack, open_window: Callable[..., Any], require_readable: Callable[[Any, str], None]
):
    newcomer = Newcomer(open_window(320, 640), stack, require_readable)
    phone, username = f"139{secrets.randbelow(10**8):08d}", f"lin-{secrets.token_hex(4)}"
    newcomer.opens("/register")
    newcomer.sends(phone="139")
    assert "11 位" in newcomer.reads("register wrong phone")
    newcomer.sends(phone=phone)
    newcomer.sends(code="1")
    assert "验证码不正确" in newcomer.reads("register wrong code")
    newcomer.sends(code=newcomer.code_to(phone))
    newcomer.sends(name="林", identity_number="1", username=username, password="12345678")
    assert "有 2 处需要修改" in newcomer.reads("register wrong details")
    newcomer.sends(name="林小满", identity_number=NUMBER, username=username, password=PASSWORD)
    assert "尚未实名" in newcomer.reads("account of a newcomer")

    newcomer.opens("/account/security/authenticator")
    secret = newcomer.window.find_element(By.TAG_NAME, "code").text.replace(" ", "")
    app = TOTP(b32decode(secret), 6, SHA1(), 30)  # noqa: S303 - what apps know
    now = datetime.now(UTC)  # noqa: TID251 - the stack has the real clock
    newcomer.sends(code=app.generate(int(now.timestamp())).decode())
    assert "请保存恢复码" in newcomer.reads("recovery codes")
    unbroken = "return [...document.querySelectorAll('.codes code')].every((it) => it.getClientRects().length === 1)"
    assert newcomer.window.execute_script(unbroken)
    recovery_code = newcomer.window.find_element(By.CSS_SELECTOR, ".codes code").text
    newcomer.opens("/account/security")
    assert "还剩 10 个" in newcomer.reads("security with a second factor")

    newcomer.opens(authorization(stack, "web_2", prompt="login", ui_locales="en"))
    newcomer.sends(username=username, password=PASSWORD)
    newcomer.sends(code="000000")
    assert "wrong" in newcomer.reads("second factor")
    newcomer.sends(code=recovery_code)
    assert "you act for yourself" in newcomer.reads("consent")

    newcomer.opens("/account/security/phone?language=en")
    other = f"138{secrets.randbelow(10**8):08d}"
    newcomer.sends(phone=other)
    newcomer.reads("new phone's code")
    newcomer.sends(code=newcomer.code_to(other))
    assert f"138****{other[-4:]}: for codes" in newcomer.reads("new phone")


def test_what_lies_beside_the_way_can_be_read_too(
    stack: Stack, open_window: Callable[..., Any], require_readable: Callable[[Any, str], None]
):
    newcomer = Newcomer(open_window(320, 640), stack, require_readable)
    newcomer.opens("/recover")
    newcomer.sends(phone="13900000000", name="林小满", identity_number=NUMBER)
    newcomer.reads("recovery code")
    newcomer.opens("/account/nothing")
    assert "没有这个地址" in newcomer.reads("no such address")
    newcomer.opens(authorization(stack, "web", scope="openid"))
    agent = stack.person("agent")
    newcomer.sends(username=agent["username"], password="falsch")
    newcomer.sends(username=agent["username"], password=agent["password"])
    newcomer.opens(authorization(stack, "web", scope="openid", prompt="select_account"))
    assert "经办人" in newcomer.reads("choose")
