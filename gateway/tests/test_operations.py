"""Who stands outside does not see what the gateway measures."""

from typing import Any

import httpx
import pytest


@pytest.fixture
def gateway_settings() -> dict[str, Any]:
    return {"trusted_proxies": ["10.0.0.9/32"]}


@pytest.mark.parametrize(
    ("peer", "passed", "status"),
    [
        ("127.0.0.1", None, 200),
        ("10.1.2.3", None, 200),
        ("fd00::7", None, 200),
        ("203.0.113.7", None, 404),
        ("203.0.113.7", "10.1.2.3", 404),
        ("10.0.0.9", "203.0.113.7", 404),
        ("10.0.0.9", "10.1.2.3", 200),
    ],
)
async def test_metrics_are_shown_to_the_networks_of_operators_alone(
    gateway: Any, peer: str, passed: str | None, status: int
):
    transport = httpx.ASGITransport(app=gateway._asgi.app, client=(peer, 40000))
    headers = {"X-Forwarded-For": passed} if passed else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status
        assert (await client.get("/livez", headers=headers)).status_code == 200
