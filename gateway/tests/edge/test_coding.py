"""JSON is compressed for those who take it; what cannot be, or must not be, stays as it is."""

from __future__ import annotations

import gzip
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zstandard
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.coding import chosen
from gateway.edge.routes import ServiceRoutes

if TYPE_CHECKING:
    from conftest import Stage

intake = ServiceRoutes("intake")
ROUTES = [
    intake.get("/items", public=True),
    intake.get("/cases/{id}", public=True),
    intake.post("/cases/{id}/submission", public=True),
]
ITEMS, CASE = "/api/intake/v1/items", "/api/intake/v1/cases/1"
JSON = json.dumps([{"name": "食品经营许可", "number": number} for number in range(200)]).encode()


def answering(body: bytes = JSON, status: int = 200, **headers: str) -> ASGIApp:
    """Return an upstream that answers this; header names with underscores for hyphens."""
    given = {"content_type": "application/json", "content_length": str(len(body))} | headers
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items() if value]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": lines})
        half = len(body) // 2
        await send({"type": "http.response.body", "body": body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": body[half:]})

    return app


async def ask(stage: Stage, app: ASGIApp, path: str = ITEMS, accepted: str = "gzip", method: str = "GET") -> Any:
    """Return the answer with its body as it came."""
    edge = await stage.edge(await stage.asgi(app), routes=ROUTES)
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        asked = client.build_request(method, edge + path, headers={"Accept-Encoding": accepted})
        answer = await client.send(asked, stream=True)
        answer.raw = b"".join([part async for part in answer.aiter_raw()])  # type: ignore[attr-defined]
        return answer


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.8", "gzip"),
        ("zstd;q=0, gzip;q=0", ""),
        ("*", "zstd"),
        ("*;q=0.1, zstd;q=0", "gzip"),
        ("identity", ""),
        ("br", ""),
        ("gzip;q=x", ""),
        ("GZIP ; q=1.0", "gzip"),
        ("\xff;;,=", ""),
    ],
)
def test_the_coding_is_one_that_the_client_takes(accepted: str, coding: str):
    assert chosen(accepted.encode("latin-1")) == coding


@pytest.mark.parametrize(("accepted", "decode"), [("gzip", gzip.decompress), ("zstd", None)])
async def test_large_json_comes_compressed(stage: Stage, accepted: str, decode: Any):
    answer = await ask(stage, answering(), accepted=accepted)
    decode = decode or (lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data))
    assert answer.headers["content-encoding"] == accepted
    assert decode(answer.raw) == JSON
    assert len(answer.raw) < len(JSON) / 4
    assert "content-length" not in answer.headers
    assert "Accept-Encoding" in answer.headers.get_list("vary")


@pytest.mark.parametrize(
    "app",
    [
        answering(b"[1]"),
        answering(content_type="application/pdf"),
        answering(content_type="text/html"),
        answering(content_type="text/event-stream"),
        answering(content_length=""),
        answering(content_encoding="gzip"),
        answering(cache_control="private, no-transform"),
        answering(status=206, content_range=f"bytes 0-{len(JSON) - 1}/99999"),
    ],
    ids=["small", "pdf", "html", "events", "of unknown length", "already coded", "not to be changed", "a range"],
)
async def test_what_gains_nothing_or_must_not_be_changed_stays_as_it_is(stage: Stage, app: ASGIApp):
    plain = await ask(stage, app, accepted="identity")
    answer = await ask(stage, app)
    assert answer.raw == plain.raw
    assert answer.headers.get("content-encoding") == plain.headers.get("content-encoding")


async def test_problems_are_compressed_too(stage: Stage):
    answer = await ask(stage, answering(status=422, content_type="application/problem+json; charset=utf-8"))
    assert (answer.status_code, gzip.decompress(answer.raw)) == (422, JSON)


async def test_a_tag_becomes_weak_because_the_bytes_are_others(stage: Stage):
    assert (await ask(stage, answering(etag='"3"'))).headers["etag"] == 'W/"3"'
    assert (await ask(stage, answering(etag='W/"3"'))).headers["etag"] == 'W/"3"'
    plain = await ask(stage, answering(etag='"3"'), accepted="identity")
    assert (plain.headers["etag"], plain.raw) == ('"3"', JSON)
    assert "Accept-Encoding" in plain.headers.get_list("vary")


async def test_what_can_be_changed_keeps_the_tag_that_a_change_names(stage: Stage):
    answer = await ask(stage, answering(etag='"3"'), CASE)
    assert (answer.headers["etag"], answer.raw) == ('"3"', JSON)
    assert (await ask(stage, answering(), CASE)).headers["content-encoding"] == "gzip"


async def test_head_tells_what_get_would(stage: Stage):
    answer = await ask(stage, answering(), method="HEAD")
    assert (answer.headers["content-encoding"], answer.raw) == ("gzip", b"")


async def test_pages_are_never_compressed(browser: Any):
    shown = await browser.get("/sign-in", headers={"Accept-Encoding": "gzip, zstd"})
    assert len(shown.content) > 1024
    assert "content-encoding" not in shown.headers


async def test_an_operation_that_ends_says_so(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    old = intake.get("/old", public=True, deprecated=date(2026, 1, 1), sunset=date(2026, 7, 1))
    aging = intake.get("/aging", public=True, deprecated=date(2026, 1, 1))
    edge = await stage.edge(await stage.asgi(recorder), routes=[old, aging, *ROUTES])
    answer = await client.get(f"{edge}/api/intake/v1/old")
    assert answer.headers["deprecation"] == "@1767196800"  # midnight in Asia/Shanghai
    assert answer.headers["sunset"] == "Tue, 30 Jun 2026 16:00:00 GMT"
    assert answer.headers["link"] == '</docs/intake>; rel="deprecation"; type="text/html"'
    answer = await client.get(f"{edge}/api/intake/v1/aging")
    assert "deprecation" in answer.headers
    assert "sunset" not in answer.headers
    assert "deprecation" not in (await client.get(edge + ITEMS)).headers
