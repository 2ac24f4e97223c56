"""Pages of registered clients may call the API from another origin; pages of strangers may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.edge.origins import origin_of
from gateway.edge.routes import ServiceRoutes

if TYPE_CHECKING:
    from conftest import Seen, Stage

intake = ServiceRoutes("intake")
ROUTES = [intake.get("/items", public=True), intake.get("/cases/{id}"), intake.put("/cases/{id}")]
WEB = {"Origin": "https://web.test"}
ITEMS, CASE = "/api/intake/v1/items", "/api/intake/v1/cases/1"


def asking(method: str, origin: str = "https://web.test") -> dict[str, str]:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return headers | {"Access-Control-Request-Headers": "authorization, dpop, idempotency-key"}


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://web.test/callback", b"https://web.test"),
        ("https://web.test:443/callback?a=b", b"https://web.test"),
        ("http://web.test:80", b"http://web.test"),
        ("http://127.0.0.1:5173/callback", b"http://127.0.0.1:5173"),
        ("http://[::1]:5173/callback", b"http://[::1]:5173"),
        ("https://WEB.test/", b"https://web.test"),
        ("cn.onestop.mobile:/callback", None),
    ],
)
def test_an_address_belongs_to_the_origin_that_browsers_name(uri: str, origin: bytes | None):
    assert origin_of(uri) == origin


async def test_a_page_of_a_registered_client_is_shown_the_answer(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=ROUTES)
    answer = await client.get(edge + ITEMS, headers=WEB)
    assert answer.headers["access-control-allow-origin"] == "https://web.test"
    assert "access-control-allow-credentials" not in answer.headers
    for name in (
        "ETag",
        "Retry-After",
        "RateLimit",
        "WWW-Authenticate",
        "DPoP-Nonce",
        "Position-Token",
        "Position-State",
    ):
        assert name in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers.get_list("vary")
    assert seen.header("origin") is None
    refused = await client.get(edge + CASE, headers=WEB)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://web.test"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "http://web.test", "https://web.test:8443", "https://web.test.evil.test", "*", ""],
)
async def test_a_page_of_a_stranger_is_shown_nothing(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp, origin: str
):
    edge = await stage.edge(await stage.asgi(recorder), routes=ROUTES)
    answer = await client.get(edge + ITEMS, headers={"Origin": origin})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers.get_list("vary")
    refused = await client.options(edge + ITEMS, headers=asking("GET", origin))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/origin-not-allowed")
    assert "access-control-allow-origin" not in refused.headers


async def test_a_browser_that_asks_before_is_told_what_the_address_knows(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=ROUTES)
    answer = await client.options(edge + CASE, headers=asking("PUT"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get_list("access-control-allow-origin") == ["https://web.test"]
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, PUT"
    for name in ("Authorization", "DPoP", "Idempotency-Key", "If-Match", "Position-Token", "Prefer"):
        assert name in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-max-age"] == "600"
    assert not seen.scope
    nothing = await client.options(edge + "/api/intake/v1/nothing", headers=asking("GET"))
    assert nothing.status_code == 404
    assert (await client.options(edge + CASE)).status_code == 405


@pytest.fixture
async def origins(gateway: Any) -> Any:
    return gateway.context.state.admission.origins


async def test_origins_are_those_of_active_web_clients(gateway: Any, origins: Any):
    async def look() -> None:
        await origins.look(gateway.context.pool)

    await look()
    assert b"https://web.test" in origins
    assert b"https://hall.test" in origins
    assert b"http://127.0.0.1" not in origins  # a native client's
    await gateway.context.pool.execute("UPDATE client SET state = 'suspended' WHERE client_id = 'web'")
    await look()
    assert b"https://web.test" not in origins


async def test_our_own_api_is_called_from_other_origins_as_any_service(gateway: Any, browser: Any, origins: Any):
    await origins.look(gateway.context.pool)
    path = "/api/gateway/v1/me"
    refused = await browser.get(path, headers=WEB)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://web.test")
    asked = await browser.options(path, headers=asking("GET"))
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "GET, HEAD")
    stranger = await browser.options(path, headers=asking("GET", "https://evil.test"))
    assert (stranger.status_code, stranger.json()["type"]) == (403, "/problems/origin-not-allowed")


async def test_a_session_never_counts_for_a_page_of_another_origin(gateway: Any, browser: Any, origins: Any):
    await origins.look(gateway.context.pool)
    await browser.tokens(browser.asked())
    for site in ("cross-site", "same-site"):
        answer = await browser.get("/api/gateway/v1/me", headers=WEB | {"Sec-Fetch-Site": site})
        assert answer.status_code == 401
