"""A device without a browser, and a person who decides about it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.clients.domain import DEVICE


@dataclass
class Device:
    """Asks to be let in and polls, as a public client does.

    Attributes:
        http: its way to the gateway.
        asked: what it was answered when it asked.
    """

    http: Any
    client_id: str
    asked: dict[str, Any]

    async def poll(self, **changes: Any) -> httpx.Response:
        """Ask for tokens."""
        headers = changes.pop("headers", None)
        form = {"grant_type": DEVICE, "device_code": self.asked["device_code"], "client_id": self.client_id}
        response: httpx.Response = await self.http.post("/oauth/token", data=form | changes, headers=headers)
        return response

    async def error(self, **changes: Any) -> str:
        """Return the error that a question for tokens is answered with."""
        response = await self.poll(**changes)
        assert response.status_code == 400, response.text
        return str(response.json()["error"])


async def plug_in(open_browser: Callable[[], Any], client_id: str = "tv", **asked: Any) -> Device:
    http = open_browser()
    headers = {"User-Agent": "TV/1.0"} | asked.pop("headers", {})
    form = {"client_id": client_id, "scope": "openid profile", **asked}
    response = await http.post("/oauth/device_authorization", data=form, headers=headers)
    assert response.status_code == 200, response.text
    return Device(http, client_id, response.json())


@pytest.fixture
def new_device(open_browser: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function that makes a device ask: `device = await new_device()`."""
    return functools.partial(plug_in, open_browser)


@dataclass
class Decider:
    """A person with a browser before the page for devices."""

    browser: Any
    username: str

    async def open(self, address: str = "/device") -> httpx.Response:
        """Go to the page, signing in on the way."""
        response: httpx.Response = await self.browser.visit(address, self.username)
        return response

    async def enter(self, code: str) -> httpx.Response:
        """Enter a code."""
        response: httpx.Response = await self.browser.fill_in(await self.open(), user_code=code)
        return response

    async def decide(self, code: str, decision: str = "approve", **more: str) -> httpx.Response:
        """Enter a code, and decide on the page that is shown then."""
        shown = await self.enter(code)
        assert shown.status_code == 200, shown.text
        response: httpx.Response = await self.browser.fill_in(shown, decision=decision, **more)
        return response


@pytest.fixture
def decider() -> type[Decider]:
    return Decider


@pytest.fixture
def new_decider(open_browser: Callable[[], Any]) -> Callable[[str], Decider]:
    """Return a function that puts another person before a browser."""
    return lambda username: Decider(open_browser(), username)


@pytest.fixture
def citizen(new_decider: Callable[[str], Decider]) -> Decider:
    return new_decider("citizen")
