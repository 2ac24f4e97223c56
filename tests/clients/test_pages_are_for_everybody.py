"""Our pages in a real browser: readable by everybody (axe-core), on a narrow phone, by keyboard, in both languages."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from onestop_local.node import packages
from onestop_local.stack import Stack

pytestmark = pytest.mark.needs("chromium", "chromedriver")

NARROW, WIDE = 320, 1280
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: arguments[0]}).then((it) => done(it.violations.map((v) =>
  [v.id, v.help, ...v.nodes.map((n) => n.html)].join(' | '))));
"""
PUBLIC = {
    "sign-in": "/sign-in",
    "code": "/sign-in/code",
    "register": "/register",
    "device": "/device",
    "mailbox": "/mailbox",
    "error": "/oauth/authorize?client_id=nobody",
    "signed out": "/oauth/end-session",
}


def barriers(window: Chrome) -> list[str]:
    """Return what axe-core finds; the page's own policy lets no script in, so it comes by the debugger."""
    window.execute_script((packages() / "axe-core" / "axe.min.js").read_text())
    found: list[str] = window.execute_async_script(CHECK, RULES)
    return found


def sign_in(window: Chrome, stack: Stack, person: str) -> None:
    who = stack.person(person)
    window.get(f"{stack.url}/sign-in?next=/account")
    window.find_element(By.NAME, "username").send_keys(who["username"])
    window.find_element(By.NAME, "password").send_keys(who["password"], Keys.ENTER)
    assert window.current_url == f"{stack.url}/account"


def require_readable(window: Chrome, screens: Path, name: str) -> None:
    width = window.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    window.save_screenshot(str(screens / f"{name}.png"))
    assert width == 0, "it scrolls sideways"
    assert barriers(window) == []


def account_pages(window: Chrome, stack: Stack) -> set[str]:
    """Return the addresses of the account that the page leads to."""
    links = [str(it.get_attribute("href")) for it in window.find_elements(By.TAG_NAME, "a")]
    return {it for it in links if it.startswith(f"{stack.url}/account") and "?" not in it}


@pytest.fixture
def screens(tmp_path: Path) -> Path:
    """Return where pictures of the pages go: the folder that ONESTOP_SCREENS names, or one that is soon forgotten."""
    folder = Path(os.environ.get("ONESTOP_SCREENS") or tmp_path)
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_everybody_can_read_the_pages(
    stack: Stack, open_window: Callable[..., Chrome], screens: Path, width: int, language: str
):
    window = open_window(width, 640 if width == NARROW else 900)
    for name, address in PUBLIC.items():
        window.get(f"{stack.url}{address}{'&' if '?' in address else '?'}language={language}")
        assert window.find_element(By.TAG_NAME, "html").get_attribute("lang") == language
        require_readable(window, screens, f"{name} {language} {width}")
    sign_in(window, stack, "agent")
    window.get(f"{stack.url}/account?language={language}")
    waiting, seen = account_pages(window, stack), set[str]()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        window.get(address)
        name = address.removeprefix(f"{stack.url}/").replace("/", "-")
        require_readable(window, screens, f"{name} {language} {width}")
        waiting |= account_pages(window, stack) - seen
    assert f"{stack.url}/account/security/password" in seen
    assert [it for it in window.get_log("browser") if it["source"] != "network"] == []


def test_a_person_signs_in_and_out_by_keyboard_alone(stack: Stack, open_window: Callable[..., Chrome]):
    window = open_window()
    who = stack.person("citizen")
    window.get(f"{stack.url}/sign-in?next=/account")
    keys: list[Any] = [who["username"], Keys.TAB, who["password"], Keys.TAB, Keys.ENTER]
    for key in keys:
        window.switch_to.active_element.send_keys(key)
    assert window.current_url == f"{stack.url}/account"
    for _ in range(40):
        focused = window.switch_to.active_element
        if focused.get_attribute("type") == "submit":
            break
        focused.send_keys(Keys.TAB)
    window.switch_to.active_element.send_keys(Keys.ENTER)
    assert "您已退出登录" in window.find_element(By.TAG_NAME, "h1").text


def test_a_page_without_script_takes_a_wrong_password_and_says_so_beside_the_field(
    stack: Stack, open_window: Callable[..., Chrome]
):
    window = open_window(NARROW, 640)
    window.get(f"{stack.url}/sign-in")
    window.find_element(By.NAME, "username").send_keys("nobody-at-all")
    window.find_element(By.NAME, "password").send_keys("wrong", Keys.ENTER)
    field = window.find_element(By.NAME, "password")
    assert field.get_attribute("aria-invalid") == "true"
    described = window.find_element(By.ID, str(field.get_attribute("aria-describedby")))
    assert described.get_attribute("role") == "alert"
    assert "用户名或密码不正确" in described.text
    assert barriers(window) == []
