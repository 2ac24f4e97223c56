"""Bodies pass in both directions without being held: memory stays flat, whoever is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from conftest import Seen, Stage

MEBIBYTE = 1024 * 1024
SIZE = 200 * MEBIBYTE
PART = b"\xe7" * 65536
ALLOWED_GROWTH = 48 * MEBIBYTE
"""Buffers of two servers and a client in one process; a held body would show as 200 MiB."""


class Memory:
    """Watches how far the process grows."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._start = self._process.memory_info().rss
        self._parts = 0
        self.growth = 0

    def look(self) -> None:
        self._parts += 1
        if self._parts % 32 == 0:
            self.growth = max(self.growth, self._process.memory_info().rss - self._start)


async def swallow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the number of bytes received."""
    assert scope["type"] == "http"
    count = 0
    more = True
    while more:
        message = await receive()
        count += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(count).encode()})


@pytest.mark.parametrize("framing", ["chunked", "content-length"])
async def test_an_upload_of_200_mib_passes_with_flat_memory(stage: Stage, client: httpx.AsyncClient, framing: str):
    edge = await stage.edge(await stage.asgi(swallow))
    memory = Memory()

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(SIZE // len(PART)):
            memory.look()
            yield PART

    headers = {"Content-Length": str(SIZE)} if framing == "content-length" else {}
    answer = await client.put(f"{edge}/api/intake/v1/big", content=parts(), headers=headers)
    assert answer.text == str(SIZE)
    assert memory.growth < ALLOWED_GROWTH


@pytest.mark.parametrize("framing", ["chunked", "content-length"])
async def test_a_download_of_200_mib_passes_with_flat_memory(stage: Stage, client: httpx.AsyncClient, framing: str):
    async def pour(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", str(SIZE).encode())] if framing == "content-length" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(SIZE // len(PART)):
            await send({"type": "http.response.body", "body": PART, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    edge = await stage.edge(await stage.asgi(pour))
    memory = Memory()
    count = 0
    async with client.stream("GET", f"{edge}/api/intake/v1/big") as answer:
        assert answer.headers.get("content-length") == (str(SIZE) if framing == "content-length" else None)
        async for part in answer.aiter_raw():
            count += len(part)
            memory.look()
    assert count == SIZE
    assert memory.growth < ALLOWED_GROWTH


async def test_a_client_that_does_not_read_stops_the_upstream(stage: Stage):
    poured = 0
    overflowed = asyncio.Event()

    async def pour(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal poured
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while poured < SIZE:
            await send({"type": "http.response.body", "body": PART, "more_body": True})
            poured += len(PART)
            if poured > SIZE // 4:
                overflowed.set()

    edge = await stage.edge(await stage.asgi(pour))
    reader, writer = await stage.raw(edge)
    writer.write(b"GET /api/intake/v1/big HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await reader.read(100)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(overflowed.wait(), 1)
    assert 0 < poured < SIZE // 4


async def test_an_upstream_that_does_not_read_stops_the_client(stage: Stage):
    stop = asyncio.Event()

    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reader._transport.pause_reading()
        await stop.wait()

    edge = await stage.edge(await stage.scripted(script))
    _, writer = await stage.raw(edge)
    writer.write(b"PUT /api/intake/v1/big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE)
    written = 0

    async def upload() -> None:
        nonlocal written
        while written < SIZE:
            writer.write(PART)
            await writer.drain()
            written += len(PART)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(upload(), 1)
    assert written < SIZE // 4
    stop.set()


async def test_an_answer_may_come_before_the_request_has_ended(stage: Stage):
    async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})

    edge = await stage.edge(await stage.asgi(echo))
    reader, writer = await stage.raw(edge)
    writer.write(b"POST /api/intake/v1/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for word in (b"one", b"two", b"three"):
        writer.write(b"%x\r\n%b\r\n" % (len(word), word))
        assert word in await reader.readuntil(word)
    writer.write(b"0\r\n\r\n")
    assert await reader.readuntil(b"0\r\n\r\n")


async def test_events_pass_as_they_happen(stage: Stage, client: httpx.AsyncClient):
    heard = asyncio.Event()

    async def events(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await heard.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    edge = await stage.edge(await stage.asgi(events))
    async with client.stream("GET", f"{edge}/api/intake/v1/events") as answer:
        parts = answer.aiter_raw()
        assert await anext(parts) == b"data: 1\n\n"
        heard.set()
        assert await anext(parts) == b"data: 2\n\n"


async def test_an_early_refusal_reaches_the_client_while_it_uploads(stage: Stage):
    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"big"})

    edge = await stage.edge(await stage.asgi(refuse))
    reader, writer = await stage.raw(edge)
    writer.write(b"PUT /api/intake/v1/big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nfirst" % SIZE)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
    assert await reader.readexactly(3) == b"big"


async def test_the_service_decides_on_expect_100_continue_before_the_body_is_sent(stage: Stage):
    async def choosy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/no"):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})
        else:
            await swallow(scope, receive, send)

    edge = await stage.edge(await stage.asgi(choosy))
    request = b"PUT /api/intake/v1/%b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    reader, writer = await stage.raw(edge)
    writer.write(request % b"yes")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"body")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    reader, writer = await stage.raw(edge)
    writer.write(request % b"no")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 403 ")


async def test_a_service_that_ignores_expect_gets_the_body_after_a_moment(stage: Stage):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(4)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n" + body)

    edge = await stage.edge(await stage.scripted(script))
    reader, writer = await stage.raw(edge)
    writer.write(b"PUT /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody")
    assert b"HTTP/1.1 200 " in await reader.readuntil(b"body")


@pytest.mark.parametrize("framing", ["chunked", "content-length"])
async def test_a_body_beyond_the_services_limit_is_refused(stage: Stage, client: httpx.AsyncClient, framing: str):
    edge = await stage.edge(await stage.asgi(swallow), body_bytes=100_000)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield PART

    headers = {"Content-Length": str(4 * len(PART))} if framing == "content-length" else {}
    answer = await client.put(f"{edge}/api/intake/v1/big", content=parts(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")


async def test_chunks_stay_chunks_and_an_empty_body_stays_declared(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))

    async def parts() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cd"

    await client.post(f"{edge}/api/intake/v1/x", content=parts())
    assert seen.body == b"abcd"
    assert (seen.header("transfer-encoding"), seen.header("content-length")) == ("chunked", None)
    await client.post(f"{edge}/api/intake/v1/x")
    assert (seen.body, seen.header("content-length")) == (b"", "0")
    await client.get(f"{edge}/api/intake/v1/x")
    assert (seen.header("transfer-encoding"), seen.header("content-length")) == (None, None)
