"""Passkeys in a real browser, with the authenticator that Chromium brings for tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local.ports import free_port
from onestop_local.testing.client import ServiceClient, signing_key
from onestop_local.testing.listening import listening
from onestop_runtime.assertion import GATEWAY

pytestmark = pytest.mark.needs("chromium", "chromedriver")

PASSWORD = "碧海-金沙-2026"
CITIZEN = {
    "username": "citizen",
    "password": PASSWORD,
    "name": "赵晓梅",
    "identity_number": "130371198803171020",
    "phone": "15400000007",
}


@pytest.fixture
async def site(service_client: Callable[..., Awaitable[ServiceClient]], tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a gateway that has a name: passkeys belong to names."""
    port = free_port()
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    url = f"http://localhost:{port}"
    running = await service_client(SERVICE, issuer=url, assertion_key=key)
    await fill(running.transaction, running.context.state.cipher, {"people": [CITIZEN]})
    async with listening(running._asgi.app, port):
        yield url


def hold_an_authenticator(window: Any) -> None:
    options = VirtualAuthenticatorOptions()
    options.protocol = VirtualAuthenticatorOptions.Protocol.CTAP2
    options.transport = VirtualAuthenticatorOptions.Transport.INTERNAL
    options.has_resident_key = options.has_user_verification = options.is_user_verified = True
    window.add_virtual_authenticator(options)


def make_a_passkey(window: Any, site: str) -> None:
    window.get(f"{site}/sign-in?next=/account/security")
    window.find_element(By.NAME, "username").send_keys("citizen")
    window.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
    window.until(lambda it: it.find_element(By.ID, "passkey-name").is_displayed())
    window.find_element(By.ID, "passkey-name").send_keys("我的手机", Keys.ENTER)
    window.until(lambda it: it.find_elements(By.LINK_TEXT, "已保存，继续"))[0].click()  # the recovery codes
    window.until(lambda it: it.find_elements(By.CSS_SELECTOR, ".cards input[value='我的手机']"))


def sign_in_by_passkey(window: Any, site: str) -> str:
    window.delete_all_cookies()
    window.get(f"{site}/sign-in")
    window.until(lambda it: it.find_element(By.CSS_SELECTOR, "form[data-passkey] button").is_displayed())
    window.find_element(By.CSS_SELECTOR, "form[data-passkey] button").click()
    window.until(lambda it: it.current_url == f"{site}/account")
    return window.find_element(By.TAG_NAME, "main").text


async def test_a_passkey_is_made_once_and_opens_the_account_without_name_or_password(
    site: str, open_window: Callable[..., Any]
):
    window = await asyncio.to_thread(open_window)
    hold_an_authenticator(window)
    await asyncio.to_thread(make_a_passkey, window, site)
    assert "赵**" in await asyncio.to_thread(sign_in_by_passkey, window, site)
    assert [it for it in window.get_log("browser") if it["source"] != "network"] == []


async def test_a_browser_without_the_passkey_is_told_that_it_did_not_work(site: str, open_window: Callable[..., Any]):
    window = await asyncio.to_thread(open_window)
    hold_an_authenticator(window)

    def attempt() -> str:
        window.get(f"{site}/sign-in")
        form = window.until(lambda it: it.find_element(By.CSS_SELECTOR, "form[data-passkey]"))
        window.until(lambda _: form.is_displayed())
        form.find_element(By.TAG_NAME, "button").click()
        alarm = form.find_element(By.CSS_SELECTOR, "[role=alert]")
        window.until(lambda _: alarm.is_displayed())
        return str(alarm.text)

    assert await asyncio.to_thread(attempt) == "没有完成，请重试。"
