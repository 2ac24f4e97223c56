"""A phone lets in a PC whose picture it reads, and a device whose code it is told: in real browsers."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import zxingcpp
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from onestop_local.stack import Stack

pytestmark = pytest.mark.needs("chromium", "chromedriver")

PATIENCE_SECONDS = 20
PIXELS = """
const image = document.querySelector('img.qr');
const canvas = document.createElement('canvas');
canvas.width = canvas.height = image.width;
const paper = canvas.getContext('2d');
paper.fillStyle = '#fff';
paper.fillRect(0, 0, image.width, image.width);
paper.drawImage(image, 0, 0, image.width, image.width);
const dots = paper.getImageData(0, 0, image.width, image.width).data;
return btoa(String.fromCharCode(...dots.filter((_, place) => place % 4 == 0)));
"""
"""How bright each pixel of the picture is, as the screen shows it."""
TELEVISION = {
    "client_id": "television",
    "name": "一网通办电视端",
    "token_endpoint_auth_method": "none",
    "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    "redirect_uris": [],
}


def read_picture(window: Chrome) -> str:
    """Return what a camera reads on the screen."""
    dots = base64.b64decode(window.execute_script(PIXELS))
    size = int(len(dots) ** 0.5)
    (found,) = zxingcpp.read_barcodes(memoryview(dots).cast("B", (size, size)))
    return str(found.text)


def sign_in_here(window: Chrome, stack: Stack, person: str) -> None:
    """Sign in on the page that is shown."""
    who = stack.person(person)
    window.find_element(By.NAME, "username").send_keys(who["username"])
    window.find_element(By.NAME, "password").send_keys(who["password"], Keys.ENTER)


def appears(window: Chrome, selector: str) -> Any:
    """Return what is on the page sooner or later."""
    return WebDriverWait(window, PATIENCE_SECONDS).until(
        shown.visibility_of_element_located((By.CSS_SELECTOR, selector))
    )


def test_a_phone_reads_the_picture_and_the_pc_goes_on_by_itself(
    stack: Stack, open_window: Callable[..., Chrome], require_readable: Callable[[Chrome, str], None]
):
    pc, phone = open_window(), open_window(320, 640)
    pc.get(f"{stack.url}/sign-in")
    pc.find_element(By.CSS_SELECTOR, "form[action='/sign-in/scan'] button").click()
    appears(pc, "img.qr")
    waiting = pc.current_url
    pc.get(f"{waiting}&by_hand=1")
    require_readable(pc, "scan screen")
    address = read_picture(pc)
    assert address.startswith(f"{stack.url}/scan/")
    pc.get(waiting)
    phone.get(address)
    sign_in_here(phone, stack, "citizen")
    number = appears(pc, ".number").text
    assert "Chrome · Linux" in phone.find_element(By.TAG_NAME, "dl").text
    require_readable(phone, "scan")
    phone.find_element(By.NAME, "number").send_keys(number, Keys.ENTER)
    assert "已确认" in appears(phone, "[role='status']").text
    require_readable(phone, "scan answered")
    WebDriverWait(pc, PATIENCE_SECONDS).until(shown.url_to_be(f"{stack.url}/account"))


async def test_a_person_sees_which_device_asks_before_he_lets_it_in(
    stack: Stack,
    open_window: Callable[..., Chrome],
    require_readable: Callable[[Chrome, str], None],
    register: Callable[[dict[str, Any]], Awaitable[None]],
):
    await register(TELEVISION)
    device = {"client_id": "television"}
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as television:
        asked = (await television.post("/oauth/device_authorization", data=device | {"scope": "openid profile"})).json()
        window = open_window(320, 640)
        window.get(asked["verification_uri_complete"])
        sign_in_here(window, stack, "agent")
        assert window.find_element(By.NAME, "user_code").get_attribute("value") == asked["user_code"]
        window.find_element(By.CSS_SELECTOR, "main button[type='submit']").click()
        appears(window, "button[value='approve']")
        require_readable(window, "device confirm")
        assert "一网通办电视端" in window.find_element(By.TAG_NAME, "dl").text
        window.find_element(By.CSS_SELECTOR, "button[value='approve']").click()
        appears(window, ".done")
        require_readable(window, "device decided")
        redeemed = {"grant_type": TELEVISION["grant_types"][0], "device_code": asked["device_code"]}
        answered = await television.post("/oauth/token", data=device | redeemed)
        assert answered.json()["token_type"] == "Bearer"
