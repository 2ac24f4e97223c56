"""Our pages in a real browser: readable by everybody (axe-core), on a narrow phone, by keyboard, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from onestop_local.stack import Stack

pytestmark = pytest.mark.needs("chromium", "chromedriver")

NARROW, WIDE = 320, 1280
PUBLIC = {
    "sign-in": "/sign-in",
    "code": "/sign-in/code",
    "register": "/register",
    "device": "/device",
    "mailbox": "/mailbox",
    "error": "/oauth/authorize?client_id=nobody",
    "signed out": "/oauth/end-session",
}


def sign_in(window: Any, stack: Stack, person: str) -> None:
    who = stack.person(person)
    window.get(f"{stack.url}/sign-in?next=/account")
    window.find_element(By.NAME, "username").send_keys(who["username"])
    window.find_element(By.NAME, "password").send_keys(who["password"], Keys.ENTER)
    window.until(lambda it: it.current_url == f"{stack.url}/account")


def account_pages(window: Any, stack: Stack) -> set[str]:
    """Return the addresses of the account that the page leads to."""
    links = [str(it.get_attribute("href")) for it in window.find_elements(By.TAG_NAME, "a")]
    return {it for it in links if it.startswith(f"{stack.url}/account") and "?" not in it}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_everybody_can_read_the_pages(
    stack: Stack,
    open_window: Callable[..., Any],
    require_readable: Callable[[Any, str], None],
    width: int,
    language: str,
):
    window = open_window(width, 640 if width == NARROW else 900)
    for name, address in PUBLIC.items():
        window.get(f"{stack.url}{address}{'&' if '?' in address else '?'}language={language}")
        assert window.find_element(By.TAG_NAME, "html").get_attribute("lang") == language
        require_readable(window, f"{name} {language} {width}")
    sign_in(window, stack, "agent")
    window.get(f"{stack.url}/account?language={language}")
    waiting, seen = account_pages(window, stack), set[str]()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        window.get(address)
        name = address.removeprefix(f"{stack.url}/").replace("/", "-")
        require_readable(window, f"{name} {language} {width}")
        waiting |= account_pages(window, stack) - seen
    assert f"{stack.url}/account/security/password" in seen
    assert [it for it in window.get_log("browser") if it["source"] != "network"] == []


def test_a_person_signs_in_and_out_by_keyboard_alone(stack: Stack, open_window: Callable[..., Any]):
    window = open_window()
    who = stack.person("citizen")
    window.get(f"{stack.url}/sign-in?next=/account")
    keys: list[Any] = [who["username"], Keys.TAB, who["password"], Keys.TAB, Keys.ENTER]
    for key in keys:
        window.switch_to.active_element.send_keys(key)
    window.until(lambda it: it.current_url == f"{stack.url}/account")
    for _ in range(40):
        focused = window.switch_to.active_element
        if focused.get_attribute("type") == "submit":
            break
        focused.send_keys(Keys.TAB)
    window.switch_to.active_element.send_keys(Keys.ENTER)
    window.until(lambda it: "您已退出登录" in it.find_element(By.TAG_NAME, "h1").text)


def test_a_page_without_script_takes_a_wrong_password_and_says_so_beside_the_field(
    stack: Stack, open_window: Callable[..., Any], require_readable: Callable[[Any, str], None]
):
    window = open_window(NARROW, 640)
    window.get(f"{stack.url}/sign-in")
    window.find_element(By.NAME, "username").send_keys("nobody-at-all")
    window.find_element(By.NAME, "password").send_keys("wrong", Keys.ENTER)
    window.until(lambda it: it.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    field = window.find_element(By.NAME, "password")
    assert field.get_attribute("aria-invalid") == "true"
    described = window.find_element(By.ID, str(field.get_attribute("aria-describedby")))
    assert described.get_attribute("role") == "alert"
    assert "用户名或密码不正确" in described.text
    require_readable(window, "wrong password")


def test_who_clicks_twice_sends_a_form_once(stack: Stack, open_window: Callable[..., Any]):
    window = open_window(NARROW, 640)
    window.get(f"{stack.url}/register")
    window.find_element(By.NAME, "phone").send_keys("13900000888")
    window.execute_script(
        "const it = document.querySelector('main button'); it.click(); setTimeout(() => it.click(), 5)"
    )
    window.until(lambda it: it.find_elements(By.CSS_SELECTOR, "[name=code], [role=alert]"))
    assert window.current_url == f"{stack.url}/register/code"
    window.back()
    window.until(lambda it: it.find_elements(By.NAME, "phone"))
    window.find_element(By.NAME, "phone").submit()
    window.until(lambda it: "去填写" in it.find_element(By.CSS_SELECTOR, ".ways").text)
