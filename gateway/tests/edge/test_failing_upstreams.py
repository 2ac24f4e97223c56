"""Upstreams and clients that fail: what the other side sees, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.edge.upstream import Limits, Upstream

if TYPE_CHECKING:
    from conftest import Stage

HEAD_END = b"\r\n\r\n"
PATH = "/api/intake/v1/cases"


def upstream_of(stage: Stage) -> Upstream:
    """Return the first upstream of the stage's edge."""
    assert stage.upstream
    return stage.upstream


async def free_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_service_that_is_away_is_a_502_that_says_when_to_come_back(stage: Stage, client: httpx.AsyncClient):
    edge = await stage.edge(f"http://127.0.0.1:{await free_port()}")
    answer = await client.get(edge + PATH)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 502
    assert problem["type"] == "/problems/upstream-unreachable"
    assert problem["title"] == "服务连接不上，请稍后再试"
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_service_that_fails_again_and_again_is_left_alone_and_tried_once_more(
    stage: Stage, client: httpx.AsyncClient
):
    port = await free_port()
    edge = await stage.edge(f"http://127.0.0.1:{port}")
    for _ in range(5):
        assert (await client.get(edge + PATH)).status_code == 502
    answer = await client.get(edge + PATH)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/upstream-unavailable")
    assert int(answer.headers["retry-after"]) >= 1

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        breaker = upstream_of(stage).breaker
        breaker._closed_again_at = 0.0  # the pause is over
        assert (await client.get(edge + PATH)).status_code == 200
        assert not breaker.is_open


async def test_an_answer_that_does_not_come_is_a_504(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    edge = await stage.edge(await stage.scripted(script), seconds=0.1)
    answer = await client.post(edge + PATH, json={})
    assert (answer.status_code, answer.json()["type"]) == (504, "/problems/upstream-timeout")
    assert "Idempotency-Key" in answer.json()["detail"]
    assert upstream_of(stage).under_way == 0


async def test_a_head_that_drips_in_is_a_504_too(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while True:
            writer.write(b"x-%d: 1\r\n" % number)
            await writer.drain()
            await asyncio.wait({asyncio.ensure_future(reader.read(1))}, timeout=0.02)  # noqa: TID251
            number += 1

    edge = await stage.edge(await stage.scripted(script), seconds=0.2)
    assert (await client.get(edge + PATH)).status_code == 504


async def test_a_service_that_breaks_off_before_its_answer_is_a_502_that_leaves_the_outcome_open(
    stage: Stage, client: httpx.AsyncClient
):
    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)

    edge = await stage.edge(await stage.scripted(script))
    answer = await client.post(edge + PATH, json={})
    assert (answer.status_code, answer.json()["type"]) == (502, "/problems/upstream-broken")
    assert "尚不确定" in answer.json()["detail"]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    ],
)
async def test_an_answer_that_makes_no_sense_is_a_502(stage: Stage, client: httpx.AsyncClient, nonsense: bytes):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(nonsense)
        await reader.read()

    edge = await stage.edge(await stage.scripted(script))
    assert (await client.get(edge + PATH)).json()["type"] == "/problems/upstream-broken"


@pytest.mark.parametrize(
    "beginning",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegin\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nbegin",
    ],
)
async def test_an_answer_cut_short_never_looks_like_a_success(
    stage: Stage, client: httpx.AsyncClient, beginning: bytes
):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(beginning)
        await writer.drain()

    edge = await stage.edge(await stage.scripted(script))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(edge + PATH)
    assert upstream_of(stage).under_way == 0


async def test_a_body_that_stops_flowing_is_cut_short(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin")
        await reader.read()

    edge = await stage.edge(await stage.scripted(script), Limits(idle_seconds=0.1))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(edge + PATH)


async def test_more_requests_than_a_service_bears_are_refused_at_once(stage: Stage, client: httpx.AsyncClient):
    release = asyncio.Event()
    arrived = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        arrived.set()
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    edge = await stage.edge(await stage.asgi(app), Limits(concurrent=1))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(client.get(edge + PATH))
        await arrived.wait()
        refused = await client.get(edge + PATH)
        release.set()
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/upstream-overloaded")
    assert refused.headers["retry-after"] == "1"
    assert first.result().status_code == 200
    assert (await client.get(edge + PATH)).status_code == 200


class DyingOnce:
    """An upstream that ends a kept connection when the second request arrives on it."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections
        while True:
            head = await reader.readuntil(HEAD_END)
            self.requests.append(head)
            if number == 1 and len(self.requests) == 2:
                writer.transport.abort()
                return
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % number)


async def test_a_kept_connection_that_turns_out_dead_costs_an_idempotent_request_nothing(
    stage: Stage, client: httpx.AsyncClient
):
    upstream = DyingOnce()
    edge = await stage.edge(await stage.scripted(upstream))
    assert (await client.get(edge + PATH)).text == "1"
    assert (await client.get(edge + PATH)).text == "2"
    assert len(upstream.requests) == 3
    assert upstream.requests[1] == upstream.requests[2]


@pytest.mark.parametrize("failures", [1, 2])
async def test_an_idempotent_request_is_tried_once_more_when_its_connection_failed(
    stage: Stage, client: httpx.AsyncClient, failures: int
):
    requests: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(HEAD_END))
        if len(requests) <= failures:
            writer.transport.abort()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    edge = await stage.edge(await stage.scripted(script))
    answer = await client.get(edge + PATH)
    assert answer.status_code == (200 if failures == 1 else 502)
    assert len(requests) == 2


async def test_a_request_that_was_answered_in_part_is_not_tried_again(stage: Stage, client: httpx.AsyncClient):
    requests: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(HEAD_END))
        writer.write(b"HTTP/1.1 200")
        await writer.drain()

    edge = await stage.edge(await stage.scripted(script))
    assert (await client.get(edge + PATH)).json()["type"] == "/problems/upstream-broken"
    assert len(requests) == 1


async def test_a_request_that_changes_something_is_never_repeated_by_the_edge(stage: Stage, client: httpx.AsyncClient):
    upstream = DyingOnce()
    edge = await stage.edge(await stage.scripted(upstream))
    assert (await client.get(edge + PATH)).text == "1"
    assert (await client.post(edge + PATH)).json()["type"] == "/problems/upstream-broken"
    assert len(upstream.requests) == 2


async def test_a_kept_connection_that_the_service_closed_is_not_used(stage: Stage, client: httpx.AsyncClient):
    closed = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()
        closed.set()

    edge = await stage.edge(await stage.scripted(script))
    for _ in range(3):
        assert (await client.post(edge + PATH)).text == "ok"
        await closed.wait()
        await stage.until(lambda: not upstream_of(stage)._idle)


async def test_an_answer_nobody_asked_for_never_meets_the_next_request(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmine")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")
        await reader.read()

    edge = await stage.edge(await stage.scripted(script))
    for _ in range(3):
        assert (await client.get(edge + PATH)).text == "mine"


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart"])
async def test_a_client_that_goes_away_ends_the_work_upstream(stage: Stage, part: bytes):
    arrived = asyncio.Event()
    left = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(part)
        arrived.set()
        try:
            await reader.read()
        finally:
            left.set()

    edge = await stage.edge(await stage.scripted(script))
    _, writer = await stage.raw(edge)
    writer.write(b"GET /api/intake/v1/x HTTP/1.1\r\nHost: x\r\n\r\n")
    await arrived.wait()
    writer.close()
    await asyncio.wait_for(left.wait(), 5)
    await stage.until(lambda: upstream_of(stage).under_way == 0)


async def test_a_client_that_goes_away_while_uploading_ends_the_work_upstream(stage: Stage):
    arrived = asyncio.Event()
    left = asyncio.Event()

    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        arrived.set()
        try:
            await reader.read()
        finally:
            left.set()

    edge = await stage.edge(await stage.scripted(script))
    _, writer = await stage.raw(edge)
    writer.write(b"PUT /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nfirst")
    await arrived.wait()
    writer.close()
    await asyncio.wait_for(left.wait(), 5)


async def test_a_client_that_stops_sending_is_told_and_let_go(stage: Stage):
    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    edge = await stage.edge(await stage.scripted(script), Limits(idle_seconds=0.1))
    for body in (b"", b"first"):
        request = b"PUT /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + body
        answer = await stage.exchange(edge, request)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"/problems/request-timeout" in answer


async def test_a_client_that_stops_reading_is_let_go(stage: Stage):
    left = asyncio.Event()

    async def pour(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async with asyncio.TaskGroup() as group:
            pouring = group.create_task(pour_on(send))
            await receive()
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()
            pouring.cancel()

    async def pour_on(send: Send) -> None:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})

    edge = await stage.edge(await stage.asgi(pour), Limits(idle_seconds=0.2))
    _, writer = await stage.raw(edge)
    writer.transport.pause_reading()
    writer.write(b"GET /api/intake/v1/x HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(left.wait(), 5)
