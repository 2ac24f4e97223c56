"""What a service gets from the edge, and what the client gets from the service."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.upstream import Limits
from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from conftest import Seen, Stage

LINE_END = b"\r\n"


async def test_a_request_reaches_its_service_and_the_answer_comes_back(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    answer = await client.post(
        f"{edge}/api/intake/v1/cases?draft=1", json={"guide_code": "x"}, headers={"Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, {"ok": True}, '"3"')
    assert (seen.scope["method"], seen.scope["raw_path"]) == ("POST", b"/api/intake/v1/cases")
    assert seen.scope["query_string"] == b"draft=1"
    assert json.loads(seen.body) == {"guide_code": "x"}
    assert seen.header("idempotency-key") == "k"
    assert seen.header("content-length") == str(len(seen.body))


async def test_what_is_no_service_goes_inwards(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    edge = await stage.edge(await stage.asgi(recorder))
    for path in ("/", "/oauth/jwks", "/api/gateway/v1/clients", "/apis"):
        assert (await client.get(edge + path)).text == "inside", path


async def test_an_unknown_service_is_a_problem_in_chinese(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    edge = await stage.edge(await stage.asgi(recorder))
    for path in ("/api/nowhere/v1/x", "/api/intake/v2/x", "/api/intake", "/api/"):
        answer = await client.get(edge + path)
        problem = answer.json()
        assert answer.status_code == problem["status"] == 404, path
        assert problem["type"] == "/problems/unknown-service"
        assert problem["title"] == "没有这项服务"
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["instance"] == f"urn:onestop:request:{answer.headers['x-request-id']}"


@pytest.mark.parametrize(
    "name",
    [
        "Onestop-Assertion",
        "Onestop-Anything",
        "X-Onestop-Sub",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Cookie",
        "Onestop_Assertion",
        "X_Forwarded_For",
        "Via",
        "Baggage",
    ],
)
async def test_a_client_may_not_state_what_only_the_gateway_knows(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp, name: str
):
    edge = await stage.edge(await stage.asgi(recorder))
    await client.get(f"{edge}/api/intake/v1/cases", headers={name: "forged"})
    assert "forged" not in [value for _, value in seen.headers]


async def test_headers_named_by_connection_end_at_the_edge(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    headers = {"Connection": "keep-alive, X-Hop, If-Match", "X-Hop": "1", "If-Match": '"1"', "X-Stays": "2"}
    await client.get(f"{edge}/api/intake/v1/cases", headers=headers)
    assert seen.header("x-hop") is seen.header("if-match") is None
    assert seen.header("x-stays") == "2"


async def test_naming_the_assertion_in_connection_does_not_remove_it(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    headers = {"Connection": "Onestop-Assertion, Host", "Authorization": f"Bearer {stage.token()}"}
    await client.get(f"{edge}/api/intake/v1/cases", headers=headers)
    assert seen.header("onestop-assertion")


async def test_the_service_is_told_our_public_address_not_the_one_a_client_claims(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    upstream = await stage.asgi(recorder)
    edge = await stage.edge(upstream)
    await client.get(f"{edge}/api/intake/v1/cases", headers={"Host": "evil.example"})
    assert seen.header("host") == upstream.removeprefix("http://")
    assert seen.header("x-forwarded-host") == "zwfw.example.cn"
    assert seen.header("x-forwarded-proto") == "https"
    assert seen.header("x-forwarded-for") == "127.0.0.1"


async def test_a_signed_in_caller_is_stated_to_the_service_and_the_token_stays_outside(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    roles = frozenset({"window_clerk"})
    caller = Caller(sub=uuid7(), kind="staff", acr="2", client="hall", given_roles=roles)
    await client.get(f"{edge}/api/intake/v1/cases", headers={"Authorization": f"Bearer {stage.token(caller)}"})
    stated = stage.verifier("svc-intake").verify(seen.header("onestop-assertion"))
    assert (stated.sub, stated.kind, stated.roles) == (caller.sub, "staff", {"staff", "window_clerk"})
    assert seen.header("authorization") is None


async def test_nobody_passes_without_an_assertion(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    assert (await client.get(f"{edge}/api/intake/v1/cases")).status_code == 200
    assert seen.header("onestop-assertion") is None


@pytest.mark.parametrize("authorization", ["Bearer x.y.z", "Bearer", "Basic YTpi", "Bearer é"])
async def test_a_bad_token_is_refused_and_never_taken_for_nobody(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp, authorization: str
):
    edge = await stage.edge(await stage.asgi(recorder))
    answer = await client.get(f"{edge}/api/intake/v1/cases", headers={"Authorization": authorization.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/invalid-token"
    assert [wrong["pointer"] for wrong in answer.json()["errors"]] == ["#Authorization"]
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert not seen.scope


async def test_a_request_id_and_a_trace_are_continued_and_returned(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"X-Request-Id": "my-request-1", "traceparent": parent, "tracestate": "a=1"}
    answer = await client.get(f"{edge}/api/intake/v1/cases", headers=headers)
    assert answer.headers["x-request-id"] == seen.header("x-request-id") == "my-request-1"
    version, trace, span, flags = seen.header("traceparent").split("-")
    assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"
    assert seen.header("tracestate") == "a=1"
    assert answer.headers["traceparent"] == seen.header("traceparent")


@pytest.mark.parametrize("parent", ["", "00-0-0-0", f"00-{'0' * 32}-{'1' * 16}-01", "x" * 55])
async def test_a_malformed_trace_is_replaced(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp, parent: str
):
    edge = await stage.edge(await stage.asgi(recorder))
    headers = {"X-Request-Id": "no spaces\tplease", "traceparent": parent, "tracestate": "a=1"}
    answer = await client.get(f"{edge}/api/intake/v1/cases", headers=headers)
    trace = seen.header("traceparent").split("-")[1]
    assert len(trace) == 32
    assert set(trace) != {"0"}
    assert seen.header("tracestate") is None
    assert answer.headers["x-request-id"] == trace


async def test_an_answer_keeps_what_is_the_services_and_loses_what_is_not(stage: Stage, client: httpx.AsyncClient):
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [
            (b"set-cookie", b"sid=1"),
            (b"server", b"secret/1.0"),
            (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
            (b"x-powered-by", b"x"),
            (b"connection", b"x-hop"),
            (b"x-hop", b"1"),
            (b"onestop-inner", b"1"),
            (b"location", b"/api/intake/v1/cases/1"),
            (b"cache-control", b"private"),
            (b"link", b"<a>; rel=next"),
            (b"link", b"<b>; rel=prev"),
        ]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    edge = await stage.edge(await stage.asgi(app))
    answer = await client.get(f"{edge}/api/intake/v1/cases")
    for name in ("set-cookie", "server", "date", "x-powered-by", "x-hop", "onestop-inner"):
        assert name not in answer.headers, name
    assert answer.headers["location"] == "/api/intake/v1/cases/1"
    assert answer.headers["cache-control"] == "private"
    assert answer.headers.get_list("link") == ["<a>; rel=next", "<b>; rel=prev"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_body_leave_the_connection_usable(stage: Stage, client: httpx.AsyncClient, status: int):
    connections = set()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        while True:
            await reader.readuntil(LINE_END * 2)
            length = b"" if status == 204 else b"content-length: 10\r\n"
            writer.write(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, length))

    edge = await stage.edge(await stage.scripted(script))
    for _ in range(3):
        answer = await client.get(f"{edge}/api/intake/v1/cases")
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers.get("content-length") is None
    assert len(connections) == 1


@pytest.mark.parametrize(("size", "connections_used"), [(10, 1), (1_000_000, 3)])
async def test_head_is_answered_by_the_head_of_what_get_would_answer(
    stage: Stage, client: httpx.AsyncClient, size: int, connections_used: int
):
    connections = set()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        while True:
            assert (await reader.readuntil(LINE_END * 2)).startswith(b"GET ")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\netag: x\r\n\r\n" % size + b"x" * size)
            await writer.drain()

    edge = await stage.edge(await stage.scripted(script))
    for _ in range(3):
        answer = await client.head(f"{edge}/api/intake/v1/cases")
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", "x")
        assert answer.headers["content-length"] == str(size)
    assert len(connections) == connections_used
    refused = await client.head(f"{edge}/api/intake/v1/cases/%2f")
    assert (refused.status_code, refused.content) == (400, b"")


async def test_informational_answers_are_passed_over(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(LINE_END * 2)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    edge = await stage.edge(await stage.scripted(script))
    answer = await client.get(f"{edge}/api/intake/v1/cases")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert "link" not in answer.headers


async def test_an_answer_may_last_until_the_end_of_the_connection(stage: Stage, client: httpx.AsyncClient):
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(LINE_END * 2)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        writer.write(b"to the end")

    edge = await stage.edge(await stage.scripted(script))
    for _ in range(2):
        assert (await client.get(f"{edge}/api/intake/v1/cases")).text == "to the end"


async def test_connections_are_kept_and_used_again(stage: Stage, client: httpx.AsyncClient):
    connections = set()

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        connections.add(scope["client"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await send({"type": "http.response.body", "body": b"part"})

    edge = await stage.edge(await stage.asgi(app))
    for _ in range(5):
        assert (await client.get(f"{edge}/api/intake/v1/cases")).text == "partpart"
    assert len(connections) == 1


async def test_a_request_leaves_one_line_that_names_no_person(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    await client.get(
        f"{edge}/api/intake/v1/people/11010519491231002X/13912345678?id=11010519491231002X",
        headers={"Authorization": f"Bearer {stage.token()}", "User-Agent": "browser-of-zhang"},
    )
    stage.proxy.close()
    text = b"".join(stage.log).decode()
    line = json.loads(text)
    for personal in ("11010519491231002X", "13912345678", "browser-of-zhang", "127.0.0.1", "?"):
        assert personal not in text, personal
    assert line["path"] == "/api/intake/v1/people/***/***"
    assert (line["method"], line["status"], line["upstream"]) == ("GET", 200, "intake")
    assert line["outcome"] == "answered"
    assert line["client"] == "web"
    assert line["ms"] > 0
    assert len(line["trace_id"]) == 32


async def test_every_request_is_measured_by_its_route_and_every_refusal_counted(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp
):
    def counted() -> list[float]:
        route = {"service": "gateway", "method": "GET", "route": "/api/intake/v1/{one}", "status": "200"}
        refused = {"upstream": "unrouted", "problem": "not-found"}
        names = (("onestop_request_seconds_count", route), ("onestop_edge_failures_total", refused))
        return [REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in names]

    edge = await stage.edge(await stage.asgi(recorder))
    before = counted()
    for _ in range(70):  # more than are told about at once
        await client.get(f"{edge}/api/intake/v1/cases")
    await client.get(f"{edge}/api/intake/v1/a/b/c/d")
    stage.proxy.close()
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [70, 1]
    assert len(b"".join(stage.log).splitlines()) == 71


async def test_under_the_process_own_tracer_every_mark_comes_once(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    app = FastAPI()
    edge = await stage.edge_in(app, await stage.asgi(recorder))
    app.add_middleware(Telemetry, service="gateway", ratio=0.0, spans=None)
    answer = await client.get(f"{edge}/api/intake/v1/cases", headers={"X-Request-Id": "my-request-1"})
    assert answer.headers.get_list("x-request-id") == ["my-request-1"]
    assert answer.headers.get_list("traceparent") == [seen.header("traceparent")]
    assert seen.header("x-request-id") == "my-request-1"


async def test_no_more_connections_are_kept_than_allowed(stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp):
    edge = await stage.edge(await stage.asgi(recorder), Limits(kept=2))
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(client.get(f"{edge}/api/intake/v1/cases"))
    upstream = stage.upstream
    assert upstream
    assert len(upstream._idle) <= 2


async def test_an_unused_connection_is_closed_after_its_time(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), Limits(keep_seconds=0.05))
    await client.get(f"{edge}/api/intake/v1/cases")
    upstream = stage.upstream
    assert upstream
    await stage.until(lambda: not upstream._idle)
    assert (await client.get(f"{edge}/api/intake/v1/cases")).status_code == 200
