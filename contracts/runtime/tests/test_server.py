"""A head is refused while it arrives when it is too large, and cut when it never ends; what is whole is served."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from onestop_runtime import server
from onestop_runtime.server import MAX_HEAD, BoundedHttp

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the size of the body, after a while if the path says so."""
    request = Request(scope, receive)
    size = len(await request.body())
    await asyncio.sleep(float(request.query_params.get("after", "0")))
    await Response(str(size))(scope, receive, send)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    config = Config(echo, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    listening = await asyncio.get_running_loop().create_server(lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    writers = []

    async def open_one() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        return reader, writer

    yield open_one
    for writer in writers:
        writer.close()
    listening.close()
    async with asyncio.timeout(10):
        while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn has nobody to tell
            await asyncio.sleep(0.01)


async def refusal(reader: asyncio.StreamReader) -> tuple[int, Any]:
    """Return status and problem of the answer after which the server closes."""
    async with asyncio.timeout(10):
        answer = await reader.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)


async def answer_to(reader: asyncio.StreamReader) -> bytes:
    """Return the body of an answer on a connection that stays."""
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        return await reader.readexactly(length)


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X: " + b"x" * MAX_HEAD,
        GET + b"".join(b"X-%d: x\r\n" % number for number in range(MAX_HEAD // 10)),
        b"GET /" + b"x" * MAX_HEAD,
        GET + b"X: " + b"x" * MAX_HEAD + b"\r\n\r\n",
    ],
    ids=["one header", "many headers", "address", "complete"],
)
async def test_a_head_that_is_too_large_is_refused(connect: Connect, sent: bytes):
    reader, writer = await connect()
    writer.write(sent)
    status, problem = await refusal(reader)
    assert (status, problem["type"]) == (431, "/problems/headers-too-large")


async def test_who_goes_on_sending_gets_the_answer_and_is_cut_off(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.5)
    reader, writer = await connect()
    writer.write(GET)

    async def go_on() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"X: " + b"x" * 10_000 + b"\r\n")
                await writer.drain()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(go_on())
        assert (await refusal(reader))[0] == 431


async def test_a_head_up_to_the_bound_is_served(connect: Connect):
    reader, writer = await connect()
    for _ in range(2):
        writer.write(GET + b"X: " + b"x" * (MAX_HEAD - 100) + b"\r\n\r\n")
        assert await answer_to(reader) == b"0"


async def test_only_heads_are_bounded(connect: Connect):
    reader, writer = await connect()
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000)
        assert await answer_to(reader) == b"300000"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("before", [b"", GET + b"\r\n"], ids=["first", "later"])
async def test_a_head_that_never_ends_is_cut(connect: Connect, before: bytes):
    reader, writer = await connect()
    if before:
        writer.write(before)
        await answer_to(reader)
    writer.write(GET)

    async def letter_by_letter() -> None:
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"x")
                await asyncio.sleep(0.02)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(letter_by_letter())
        status, problem = await refusal(reader)
    assert (status, problem["type"]) == (408, "/problems/request-timeout")


@pytest.mark.usefixtures("hurried")
async def test_who_says_nothing_is_cut_without_a_word(connect: Connect):
    reader, _ = await connect()
    async with asyncio.timeout(10):
        assert await reader.read() == b""


@pytest.mark.usefixtures("hurried")
async def test_a_body_and_an_answer_may_take_longer_than_a_head(connect: Connect):
    reader, writer = await connect()
    writer.write(b"POST /?after=0.5 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    for _ in range(10):
        await asyncio.sleep(0.05)
        writer.write(b"x")
    writer.write(GET)  # the next head begins while the answer is under way
    assert await answer_to(reader) == b"10"
    writer.write(b"\r\n")
    assert await answer_to(reader) == b"0"


async def test_an_answer_under_way_is_finished_before_what_follows_is_refused(connect: Connect):
    reader, writer = await connect()
    writer.write(b"GET /?after=0.2 HTTP/1.1\r\nHost: a\r\n\r\n" + GET + b"X: " + b"x" * 8 * MAX_HEAD)
    assert await answer_to(reader) == b"0"
    assert await reader.read() == b""


async def test_what_is_no_http_is_a_problem_as_well(connect: Connect):
    reader, writer = await connect()
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    status, problem = await refusal(reader)
    assert (status, problem["type"]) == (400, "/problems/malformed-request")
