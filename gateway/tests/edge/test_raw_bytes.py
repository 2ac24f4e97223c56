"""Requests as bytes, against a server that listens: what two readers could understand differently reaches nobody."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from gateway.edge import door, exchange
from gateway.edge.routes import ServiceRoutes

if TYPE_CHECKING:
    from conftest import Stage

END = b"\r\n\r\n"
intake = ServiceRoutes("intake")


class Recording:
    """An upstream that keeps every byte it gets, and answers each request with its number."""

    def __init__(self) -> None:
        self.bytes = b""
        self.requests = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(END)
            self.bytes += head
            length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)\r\n", head)
            if length:
                self.bytes += await reader.readexactly(int(length[1]))
            elif b"transfer-encoding" in head:
                self.bytes += await reader.readuntil(b"0\r\n\r\n")
            self.requests += 1
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % self.requests)


@pytest.fixture
def upstream() -> Recording:
    return Recording()


@pytest.fixture
async def edge(stage: Stage, upstream: Recording) -> str:
    return await stage.edge(await stage.scripted(upstream))


def request(head: bytes, body: bytes = b"", method: bytes = b"POST", path: bytes = b"/x") -> bytes:
    """Return a request that closes its connection, with more header lines."""
    first = b"%b /api/intake/v1%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % (method, path)
    return first + head + b"\r\n\r\n" + body


def statuses(answer: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)


GET_BEHIND = b"GET /api/intake/v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Content-Length: 4, 4",
        b"Content-Length: +4",
        b"Content-Length: -4",
        b"Content-Length: 0x4",
        b"Content-Length: 4 4",
        b"Content-Length: 4a",
        b"Content-Length: ",
        b"Content-Length: 99999999999999999999",
        b"Content-Length\t: 4",
        b"Content-Length : 4",
        b" Content-Length: 4",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: \x0bchunked",
        b'Transfer-Encoding: "chunked"',
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\x00: chunked",
        b"X: y\r\n Transfer-Encoding: chunked",
        b"X: y\r\n\tContent-Length: 4",
        b"Transfer-Encoding:\r\n chunked",
        b"X: y\nContent-Length: 4",
        b"X: y\rContent-Length: 4",
        b"X: y\x00z",
        b"X: y\x7f",
        b"X Y: z",
        b": z",
        b"no colon",
        b"Host: y",
    ],
)
async def test_a_head_that_two_readers_may_understand_differently_is_refused(
    stage: Stage, upstream: Recording, edge: str, head: bytes
):
    answer = await stage.exchange(edge, request(head, b"0\r\n\r\n" + GET_BEHIND))
    assert statuses(answer) == [b"400"]
    assert b"connection: close" in answer
    assert upstream.bytes == b""


async def test_a_refused_client_need_not_wait_until_the_connection_is_closed(
    stage: Stage, edge: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(door, "LINGER_SECONDS", 3600)
    async with asyncio.timeout(5):
        answer = await stage.exchange(edge, request(b"Transfer-Encoding: gzip", b"0\r\n"))
    assert statuses(answer) == [b"400"]


@pytest.mark.parametrize(
    "body",
    [
        b"0x4\r\nabcd\r\n0\r\n\r\n",
        b"+4\r\nabcd\r\n0\r\n\r\n",
        b"-4\r\nabcd\r\n0\r\n\r\n",
        b" 4\r\nabcd\r\n0\r\n\r\n",
        b"4 \x00\r\nabcd\r\n0\r\n\r\n",
        b"\r\n4\r\nabcd\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\nabcd\r\n0\r\n\r\n",
        b"4\nabcd\r\n0\r\n\r\n",
        b"4;x\nabcd\r\n0\r\n\r\n",
        b"4\r\nabcd0\r\n\r\n",
        b"4\r\nabcdX\r\n0\r\n\r\n",
        b"4\r\nabcd\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"g\r\n",
    ],
)
async def test_a_chunk_that_two_readers_may_understand_differently_ends_the_request(
    stage: Stage, upstream: Recording, edge: str, body: bytes
):
    answer = await stage.exchange(edge, request(b"Transfer-Encoding: chunked", body + GET_BEHIND))
    assert statuses(answer) == [b"400"]
    assert b"/problems/malformed-request" in answer
    assert b"smuggled" not in upstream.bytes
    assert upstream.requests == 0


@pytest.mark.parametrize(
    "first_line",
    [
        b"GET /api/intake/v1/x",
        b"GET /api/intake/v1/x HTTP/0.9",
        b"GET /api/intake/v1/x HTTP/1.2",
        b"GET /api/intake/v1/x HTTP/2.0",
        b"GET /api/intake/v1/x HTTP/9.9",
        b"GET /api/intake/v1/x http/1.1",
        b"GET\t/api/intake/v1/x HTTP/1.1",
        b" GET /api/intake/v1/x HTTP/1.1",
        b"GET /api/intake/v1/x HTTP/1.1 ",
        b"GET /api/intake/v1/x\x00 HTTP/1.1",
        b"GET /api/intake/v1/x y HTTP/1.1",
        b"GE\x00T /api/intake/v1/x HTTP/1.1",
        b"G{T /api/intake/v1/x HTTP/1.1",
        b"GET api/intake/v1/x HTTP/1.1",
        b"PRI * HTTP/2.0",
    ],
)
async def test_a_request_line_that_is_none_is_refused(stage: Stage, upstream: Recording, edge: str, first_line: bytes):
    answer = await stage.exchange(edge, first_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert statuses(answer) == [b"400"]
    assert upstream.bytes == b""


async def test_line_feeds_alone_end_no_line(stage: Stage, upstream: Recording, edge: str):
    answer = await stage.exchange(edge, b"GET /api/intake/v1/x HTTP/1.1\nHost: x\nConnection: close\n\n")
    assert statuses(answer) == [b"400"]
    assert upstream.bytes == b""


async def test_chunks_of_an_old_client_are_refused(stage: Stage, upstream: Recording, edge: str):
    """RFC 9112, 6.1: what comes with HTTP/1.0 and a transfer coding cannot be trusted."""
    head = b"POST /api/intake/v1/x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert statuses(await stage.exchange(edge, head + b"0\r\n\r\n")) == [b"400"]
    assert upstream.bytes == b""


async def test_a_client_of_http_1_0_gets_a_body_that_ends_with_the_connection(stage: Stage):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(END)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")

    edge = await stage.edge(await stage.scripted(script))
    answer = await stage.exchange(edge, b"GET /api/intake/v1/x HTTP/1.0\r\n\r\n")
    assert answer.endswith(END + b"abcd")
    assert b"transfer-encoding" not in answer


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nHost: a\r\n"])
async def test_a_request_has_exactly_one_host(stage: Stage, upstream: Recording, edge: str, hosts: bytes):
    answer = await stage.exchange(edge, b"GET /api/intake/v1/x HTTP/1.1\r\n%bConnection: close\r\n\r\n" % hosts)
    assert statuses(answer) == [b"400"]
    assert upstream.bytes == b""


@pytest.mark.parametrize(
    "first",
    [
        b"GET /api/intake/v1/x HTTP/1.1\r\nHost: evil.example",
        b"GET /api/intake/v1/x HTTP/1.1\r\nHost: zwfw.example.cn@evil.example:99",
        b"GET http://evil.example/api/intake/v1/x HTTP/1.1\r\nHost: other.example",
        b"GET http://evil.example:81/api/intake/v1/x?a=1 HTTP/1.1\r\nHost: evil.example",
    ],
)
async def test_no_host_that_a_client_claims_is_passed_on(stage: Stage, upstream: Recording, edge: str, first: bytes):
    forwarded = b"X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Host: evil.example\r\n"
    answer = await stage.exchange(edge, first + b"\r\n" + forwarded + b"Connection: close\r\n\r\n")
    assert statuses(answer) == [b"200"]
    assert b"evil" not in upstream.bytes
    assert b"\r\nx-forwarded-host: zwfw.example.cn\r\n" in upstream.bytes
    assert upstream.bytes.count(b"host:") == 2
    assert upstream.bytes.startswith(b"GET /api/intake/v1/x")


async def test_a_query_brings_in_no_header(stage: Stage, upstream: Recording, edge: str):
    path = b"/x?a=%0d%0aOnestop-Assertion:%20forged%0d%0a"
    assert statuses(await stage.exchange(edge, request(b"X: y", method=b"GET", path=path))) == [b"200"]
    assert b"\r\nOnestop-Assertion" not in upstream.bytes
    assert b"onestop-assertion" not in upstream.bytes
    assert path in upstream.bytes
    for raw in (b"/x?a=\x80", b"/x?a#b", b"/x#b"):
        assert statuses(await stage.exchange(edge, request(b"X: y", method=b"GET", path=raw))) == [b"400"]
    assert upstream.requests == 1


@pytest.mark.parametrize(
    "named", [b"Content-Length", b"Host, X-Request-Id, Traceparent", b"Transfer-Encoding", b"close, Onestop-Assertion"]
)
async def test_no_header_that_we_set_is_taken_out_by_naming_it_in_connection(
    stage: Stage, upstream: Recording, edge: str, named: bytes
):
    token = stage.token().encode()
    head = b"Connection: %b\r\nContent-Length: 4\r\nAuthorization: Bearer %b" % (named, token)
    assert statuses(await stage.exchange(edge, request(head, b"body"))) == [b"200"]
    assert upstream.bytes.endswith(END + b"body")
    for name in (b"content-length: 4", b"host: 127", b"x-request-id: ", b"traceparent: ", b"onestop-assertion: "):
        assert upstream.bytes.count(b"\r\n" + name) == 1, name


async def test_what_concerns_one_connection_ends_with_it(stage: Stage, upstream: Recording, edge: str):
    hop = b"Keep-Alive: timeout=9\r\nTE: trailers\r\nTrailer: X\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\n"
    answer = await stage.exchange(edge, request(hop + b"Upgrade: h2c\r\nHTTP2-Settings: x", method=b"GET"))
    assert statuses(answer) == [b"200"]
    sent = upstream.bytes.lower()
    for name in (
        b"keep-alive",
        b"te",
        b"trailer",
        b"proxy-connection",
        b"proxy-authorization",
        b"upgrade",
        b"connection",
    ):
        assert b"\r\n" + name + b":" not in sent, name


async def test_nobody_is_upgraded(stage: Stage, upstream: Recording, edge: str):
    upgrade = b"Connection: Upgrade\r\nUpgrade: %b\r\n"
    for protocol in (b"h2c", b"websocket", b"TLS/1.0"):
        head = b"GET /api/intake/v1/x HTTP/1.1\r\nHost: x\r\n" + upgrade % protocol + b"\r\n"
        answer = await stage.exchange(edge, head + GET_BEHIND)
        assert statuses(answer) == [b"200"]
        assert b"connection: close" in answer
    head = b"POST /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n" + upgrade % b"h2c" + b"\r\n"
    answer = await stage.exchange(edge, head + b"body")
    assert statuses(answer) in ([b"200"], [b"400"])
    assert b"smuggled" not in upstream.bytes


async def test_each_request_of_a_pipeline_is_admitted_for_itself(stage: Stage, upstream: Recording):
    routes = [intake.get("/open", public=True), intake.get("/mine")]
    edge = await stage.edge(await stage.scripted(upstream), routes=routes)
    line = b"GET /api/intake/v1/%b HTTP/1.1\r\nHost: x\r\n"
    mine = b"Authorization: Bearer " + stage.token().encode() + b"\r\n"
    close = b"Connection: close\r\n"
    pipeline = [(b"open", b""), (b"mine", mine), (b"mine", b""), (b"nothing", mine), (b"open", close)]
    answer = await stage.exchange(edge, b"".join(line % path + more + b"\r\n" for path, more in pipeline))
    assert statuses(answer) == [b"200", b"200", b"401", b"404", b"200"]
    assert re.findall(rb"\r\n\r\n([0-9])", answer) == [b"1", b"2", b"3"]
    assert upstream.bytes.count(b"onestop-assertion") == 1


async def test_a_pipeline_takes_turns_between_the_services_and_our_own_pages(
    stage: Stage, upstream: Recording, edge: str
):
    ours, theirs = b"GET /livez HTTP/1.1\r\nHost: x\r\n", b"POST /api/intake/v1/x HTTP/1.1\r\nHost: x\r\n"
    body = b"Content-Length: 4\r\n\r\nbody"
    sent = theirs + body + ours + END[2:] + theirs + body + ours + b"Connection: close\r\n\r\n"
    answer = await stage.exchange(edge, sent)
    assert statuses(answer) == [b"200"] * 4
    assert re.findall(rb"\r\n\r\n([0-9])HTTP", answer) == [b"1", b"2"]
    assert answer.count(b"inside\r\n") == 2
    assert upstream.bytes.count(END + b"body") == 2


async def test_bytes_may_come_one_by_one(stage: Stage, upstream: Recording, edge: str):
    reader, writer = await stage.raw(edge)
    for byte in request(b"Content-Length: 4", b"body"):
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    assert statuses(await reader.read()) == [b"200"]
    assert upstream.bytes.endswith(END + b"body")


@pytest.mark.parametrize("body", [b"", b"x" * 70_000])
async def test_a_body_that_is_not_wanted_costs_no_answer(stage: Stage, upstream: Recording, body: bytes):
    """What was refused at once is read away; a large rest ends the connection, but not before the answer was read."""
    edge = await stage.edge(await stage.scripted(upstream), routes=[intake.get("/open", public=True)])
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    refused = b"POST /api/intake/v1/nothing HTTP/1.1\r\nHost: x\r\n" + length + body
    asked = b"GET /api/intake/v1/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await stage.exchange(edge, refused + asked)
    assert statuses(answer) == ([b"404"] if body else [b"404", b"200"])
    assert upstream.requests == (0 if body else 1)


async def test_a_body_that_drips_in_is_refused_when_its_time_is_over(
    stage: Stage, upstream: Recording, edge: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange, "SLOW_SECONDS", 0.1)
    reader, writer = await stage.raw(edge)
    writer.write(b"POST /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    answer = asyncio.ensure_future(reader.readuntil(END))  # noqa: TID251 - ended below
    while not answer.done():
        writer.write(b"x")
        await asyncio.wait({answer}, timeout=0.02)
    assert (await answer).startswith(b"HTTP/1.1 408 ")
    assert upstream.requests == 0


async def test_ranges_and_conditions_pass_as_they_are(stage: Stage):
    whole = b"0123456789"

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(END)
            if b'\r\nIf-None-Match: W/"1"\r\n'.lower() in head.lower():
                writer.write(b'HTTP/1.1 304 Not Modified\r\netag: W/"1"\r\ncontent-length: 10\r\n\r\n')
            elif b"range: bytes=2-4\r\n" in head.lower() and b'if-range: "1"\r\n' in head.lower():
                writer.write(
                    b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 2-4/10\r\ncontent-length: 3\r\n\r\n"
                )
                writer.write(whole[2:5])
            elif b"range: bytes=99-\r\n" in head.lower():
                writer.write(
                    b"HTTP/1.1 416 Range Not Satisfiable\r\ncontent-range: bytes */10\r\ncontent-length: 0\r\n\r\n"
                )
            else:
                writer.write(b"HTTP/1.1 200 OK\r\naccept-ranges: bytes\r\ncontent-length: 10\r\n\r\n" + whole)

    edge = await stage.edge(await stage.scripted(script))

    async def ask(*lines: bytes) -> bytes:
        return await stage.exchange(edge, request(b"\r\n".join(lines) or b"X: y", method=b"GET"))

    assert b"\r\naccept-ranges: bytes\r\n" in await ask()
    partial = await ask(b"Range: bytes=2-4", b'If-Range: "1"')
    assert partial.startswith(b"HTTP/1.1 206 ")
    assert partial.endswith(END + b"234")
    assert b"\r\ncontent-range: bytes 2-4/10\r\n" in partial
    assert (await ask(b"Range: bytes=99-")).startswith(b"HTTP/1.1 416 ")
    unmodified = await ask(b'If-None-Match: W/"1"')
    assert unmodified.startswith(b"HTTP/1.1 304 ")
    assert unmodified.endswith(END)
