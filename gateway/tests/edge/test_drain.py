"""A process that is told to stop takes nothing new, and finishes what is under way in either direction."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Stage

END = b"\r\n\r\n"
_PROCESS = """
import sys
from types import SimpleNamespace

from gateway.edge.admission import Admission
from gateway.edge.client_use import ClientUse
from gateway.edge.door import Door
from gateway.edge.limiter import LocalLimiter
from gateway.edge.proxy import Proxy
from gateway.edge.rates import rates
from gateway.edge.records import Records
from gateway.edge.routes import RouteTable, ServiceRoutes
from gateway.edge.upstream import Upstream
from onestop_runtime.clock import now
from onestop_runtime.server import serve

intake = ServiceRoutes("intake")
routes = [intake.row(method, "/{one}", public=True) for method in ("GET", "PUT")]
nobody = SimpleNamespace(
    admission=Admission(LocalLimiter(subjects=64), ClientUse(now), set(), rates()), resolve_at_once=lambda *_: None
)
upstream = Upstream("intake", sys.argv[1])
proxy = Proxy(RouteTable(routes), {"intake": upstream}, nobody, public_url="http://gateway.test", records=Records())


class App:
    state = SimpleNamespace(edge=proxy)

    async def __call__(self, scope, receive, send):
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
            print("ready", flush=True)
        await send({"type": "lifespan.shutdown.complete"})


serve(App(), SimpleNamespace(host="127.0.0.1", port=int(sys.argv[2]), drain_seconds=20), Door)
"""


@asynccontextmanager
async def process_before(url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    command = [sys.executable, "-c", _PROCESS, url, str(port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as soon as the process listens."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


@pytest.fixture
async def port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    found: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return found


async def refused(port: int) -> None:
    """Return when nothing new is taken any more."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def test_downloads_and_uploads_under_way_are_finished(stage: Stage, port: int):
    stopping = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(END)
        if head.startswith(b"GET"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
            await stopping.wait()
            writer.write(b"later")
        else:
            body = await reader.readexactly(10)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n" + body)
        await writer.drain()

    async with process_before(await stage.scripted(script), port) as process:
        down_reader, down_writer = await connected(port)
        down_writer.write(b"GET /api/intake/v1/x HTTP/1.1\r\nHost: x\r\n\r\n")
        await down_reader.readuntil(b"first")
        up_reader, up_writer = await connected(port)
        up_writer.write(b"PUT /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst")
        _, idle = await connected(port)
        process.send_signal(signal.SIGTERM)
        await refused(port)
        stopping.set()
        up_writer.write(b"later")
        async with asyncio.timeout(10):
            assert await down_reader.read() == b"later"
            answer = await up_reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in answer
        assert answer.endswith(END + b"firstlater")
        assert await asyncio.wait_for(process.wait(), 10) in (0, -signal.SIGTERM)
        for writer in (down_writer, up_writer, idle):
            writer.close()
