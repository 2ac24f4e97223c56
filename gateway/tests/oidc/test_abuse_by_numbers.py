"""Floods of requests that name nobody: whoever sends them is held up, and nobody else is."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.edge.limiter import LocalLimiter
from gateway.edge.rates import Rate

REDIRECT = "https://web.test/callback"


@pytest.fixture
def few(gateway: Any) -> Any:
    """Return a function by which so few requests of a kind are let through that a test can send more."""
    admission = gateway.context.state.admission
    admission.limiter = LocalLimiter(subjects=64)

    def let_through(kind: str, **counts: int) -> None:
        changed = {who: Rate(f"{kind}-{who}", number, 3600) for who, number in counts.items()}
        admission.rates = {**admission.rates, kind: replace(admission.rates[kind], **changed)}

    return let_through


async def test_pages_are_not_asked_for_without_end(browser: Any, few: Any):
    few("page", address=3)
    answers = [await browser.ask(browser.asked()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "请求过于频繁" in answers[-1].text
    assert 1190 < int(answers[-1].headers["retry-after"]) <= 1200
    assert (await browser.redeem(browser.asked(), "unknown")).status_code == 400


async def test_programs_are_told_when_to_come_back(browser: Any, few: Any, gateway: Any):
    few("protocol", address=5)
    asked = browser.asked()
    paths = ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect", "/oauth/device_authorization")
    for path in paths:
        assert (await browser.post(path, data=asked.parameters)).status_code < 429
    for path in (*paths, "/oauth/userinfo"):
        refused = await browser.post(path, data=asked.parameters)
        assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
        assert 710 < int(refused.headers["retry-after"]) <= 720
        assert refused.headers["access-control-allow-origin"] == "*"
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM pushed_request") == 1


async def test_codes_of_devices_are_not_made_without_end(browser: Any, few: Any, gateway: Any):
    few("device", address=3, client=2)

    async def ask(client_id: str) -> int:
        form = {"client_id": client_id, "scope": "openid"}
        return int((await browser.post("/oauth/device_authorization", data=form)).status_code)

    assert [await ask("tv") for _ in range(2)] == [200, 200]
    assert await ask("tv") == 429  # counted for the address, too
    assert await ask("board") == 429
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM device_request") == 2
    assert (await browser.post("/oauth/device_authorization", data={"client_id": "unknown"})).status_code == 401
