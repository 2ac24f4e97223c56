"""Headers that come again on a connection are not read again, and nobody can tell."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from gateway.edge.door import Door

if TYPE_CHECKING:
    from conftest import Stage

LINE = b"GET /api/intake/v1/cases HTTP/1.1"
VARYING = re.compile(rb"(?m)^(?:date|x-request-id|traceparent|ratelimit): .*\r\n|urn:onestop:request:\w+")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the line and the marked headers of each request."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        lines = head.split(b"\r\n")
        kept = b"\n".join([lines[0], *(line for line in lines if line.startswith(b"x-mark"))])
        body = b"" if lines[0].startswith(b"HEAD") else kept
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(kept), body))


async def answer(reader: asyncio.StreamReader, *, bodiless: bool = False) -> bytes:
    """Return one answer as it came, without what differs from one to the next."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length and not bodiless else b""
    return VARYING.sub(b"", head + body)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The requests that were parsed."""
    seen: list[bytes] = []
    begin = Door.begin_request

    def noted(door: Door) -> None:
        seen.append(door.url)
        begin(door)

    monkeypatch.setattr(Door, "begin_request", noted)
    return seen


async def test_only_the_line_is_read_of_what_is_otherwise_the_same(stage: Stage, parsed: list[bytes]):
    edge = await stage.edge(await stage.scripted(echo))
    reader, writer = await stage.raw(edge)
    headers = b"\r\nHost: x\r\nX-Mark: 1\r\n\r\n"
    paths = [b"/api/intake/v1/%b" % path for path in (b"cases", b"cases", b"cases/7?page=2", b"items")]
    for path in paths:
        writer.write(b"GET %b HTTP/1.1%b" % (path, headers))
        assert (await answer(reader)).endswith(b"GET %b HTTP/1.1\nx-mark: 1" % path)
    assert parsed == paths[:2]
    for _ in range(3):
        writer.write(LINE + headers.replace(b"1", b"2"))
        assert (await answer(reader)).endswith(b"x-mark: 2")
    assert len(parsed) == 4


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        b"HEAD /api/intake/v1/cases HTTP/1.1",
        b"GET /api/intake/v1/%E4%B8%AD?q=%E4%B8%AD HTTP/1.1",
        b"GET /api/intake/v1/cases?a=1&b=/../x HTTP/1.1",
        b"GET /api/intake/v1/cases? HTTP/1.1",
        b"GET /api/intake/v1/nothing/at/all/here HTTP/1.1",
        b"GET /api/unknown/v1/cases HTTP/1.1",
        b"GET /api/intake/v1/../cases HTTP/1.1",
        b"GET /api/intake//cases HTTP/1.1",
        b"GET /api/intake/v1/a%2fb HTTP/1.1",
        b"GET /api/intake/v1/a;b HTTP/1.1",
        b"GET /api/gateway/v1/me HTTP/1.1",
        b"GET /problems HTTP/1.1",
        b"GET http://x/api/intake/v1/cases HTTP/1.1",
        b"GET /api/intake/v1/cases#x HTTP/1.1",
        b"GET /api/intake/v1/cases HTTP/1.0",
        b"GET /api/intake/v1/cases HTTP/1.2",
        b"GET /api/intake/v1/cases http/1.1",
        b"GET  /api/intake/v1/cases HTTP/1.1",
        b"GET /api/intake/v1/cases  HTTP/1.1",
        b"GET /api/intake/v1/cases\tHTTP/1.1",
        b" GET /api/intake/v1/cases HTTP/1.1",
        b"\r\nGET /api/intake/v1/cases HTTP/1.1",
        b"get /api/intake/v1/cases HTTP/1.1",
        b"POST /api/intake/v1/cases HTTP/1.1",
        b"DELETE /api/intake/v1/cases HTTP/1.1",
        b"OPTIONS /api/intake/v1/cases HTTP/1.1",
        b"GET /api/intake/v1/cases HTTP/1.1\r\nContent-Length: 1",
        b"GET /api/intake/v1/cases HTTP/1.1\nX-Mark: 9",
        b"GET /api/intake/v1/cases HTTP/1.1\r\nX-Mark: 9",
        b"GET /api/intake/v1/cases HTTP/1.1\r\nHost: y",
        b"GET /api/intake/v1/cases HTTP/1.1\r\nHost: x\r\n\r\nGET /api/intake/v1/items HTTP/1.1",
    ],
)
async def test_a_request_is_answered_as_if_it_were_the_first(stage: Stage, line: bytes):
    edge = await stage.edge(await stage.scripted(echo))
    headers = b"\r\nHost: x\r\nX-Mark: 1\r\n\r\n"
    fresh_reader, fresh = await stage.raw(edge)
    fresh.write(line + headers)
    again_reader, again = await stage.raw(edge)
    for _ in range(2):
        again.write(LINE + headers)
        await answer(again_reader)
    again.write(line + headers)
    first, second = await asyncio.gather(
        *(asyncio.wait_for(one, 5) for one in (shown(fresh_reader, line), shown(again_reader, line)))
    )
    assert first == second
    assert first.startswith(b"HTTP/1.1 ")


async def shown(reader: asyncio.StreamReader, line: bytes) -> bytes:
    if b"Content-Length: 1" in line:
        return b"HTTP/1.1 waits for a byte of the body"
    return await answer(reader, bodiless=line.startswith(b"HEAD"))


async def test_what_arrives_in_pieces_or_together_is_read_whole(stage: Stage):
    edge = await stage.edge(await stage.scripted(echo))
    reader, writer = await stage.raw(edge)
    headers = b"\r\nHost: x\r\nX-Mark: 1\r\n\r\n"
    line = b"GET /api/intake/v1/%b HTTP/1.1"
    for _ in range(2):
        writer.write(LINE + headers)
        await answer(reader)
    writer.write(b"GET /api/intake/v1/")
    await asyncio.sleep(0.02)
    writer.write(b"pieces HTTP/1.1" + headers)
    assert b"/pieces " in await answer(reader)
    writer.write(line % b"one" + headers + line % b"two" + headers)
    assert b"/one " in await answer(reader)
    assert b"/two " in await answer(reader)
    writer.write(
        b"PUT /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(line % b"no" + headers)
    )
    await asyncio.sleep(0.02)
    writer.write(line % b"no" + headers)  # the body, whatever it looks like
    assert b"PUT /api/intake/v1/x " in await answer(reader)


async def test_a_token_that_was_revoked_is_refused_though_it_comes_again(stage: Stage):
    edge = await stage.edge(await stage.scripted(echo))
    reader, writer = await stage.raw(edge)
    request = LINE + b"\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % stage.token().encode()
    for _ in range(3):
        writer.write(request)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
    stage.identities._known.clear()
    stage.identities._revoked.add(["client:web"])
    writer.write(request)
    assert (await answer(reader)).startswith(b"HTTP/1.1 401 ")


async def test_a_first_request_without_any_header_lacks_its_host(stage: Stage):
    edge = await stage.edge(await stage.scripted(echo))
    reader, writer = await stage.raw(edge)
    writer.write(LINE + b"\r\n\r\n")
    assert (await answer(reader)).startswith(b"HTTP/1.1 400 ")
