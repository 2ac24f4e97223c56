"""Requests that never reach a service: tricks in the address, ambiguous or oversized headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.edge.address import check_target
from gateway.edge.failures import HeadersTooLarge, MalformedRequest, UnsafePath
from gateway.edge.headers import read_request

if TYPE_CHECKING:
    from conftest import Seen, Stage

TRICKS = [
    "/api/intake/v1/../../credit/v1/x",
    "/api/intake/v1/./x",
    "/api/intake/v1/..",
    "/api/intake/v1/.",
    "/api/../intake/v1/x",
    "/api/intake/v1/%2e%2e/x",
    "/api/intake/v1/%2E./x",
    "/api/intake/v1/.%2e/x",
    "/api/intake/v1//x",
    "/api//intake/v1/x",
    "/api/intake/v1/a%2fb",
    "/api/intake/v1/a%2Fb",
    "/api/intake/v1/a%5cb",
    "/api/intake/v1/a\\b",
    "/api/intake/v1/a;b=c",
    "/api/intake/v1/..;/x",
    "/api/intake/v1/a%3bb",
    "/api/intake/v1/a%252fb",
    "/api/intake/v1/a%00",
    "/api/intake/v1/a%0d%0aX-Evil:%201",
    "/api/intake/v1/a%7f",
    "/api/intake/v1/a%",
    "/api/intake/v1/a%2",
    "/api/intake/v1/a%zz",
    "/api/intake/v1/%c0%af",
    "/api/intake/v1/%ff",
    "/api/intake/v1/%ed%a0%80",
    "/api/intake/v1/%41",
    "/api/intake/v1/%7A",
    "/api/intake/v1/%39",
]
HONEST = [
    "/api/intake/v1/cases",
    "/api/intake/v1/cases/",
    "/api/intake/v1/cases/0198c5a0-0000-7000-8000-000000000000/materials/M01",
    "/api/catalog/v1/guides/11130371037100371Q4000123456789",
    "/api/catalog/v1/items/%E9%A3%9F%E5%93%81",
    "/api/x/v1/a.b..c",
    "/api/x/v1/.well-known",
    "/api/x/v1/...",
    "/api/x/v1/a~b!$&'()*+,=:@-_",
    "/api/x/v1/a%20b",
]


@pytest.mark.parametrize("path", TRICKS)
async def test_an_address_that_two_readers_may_understand_differently_is_refused(
    stage: Stage, seen: Seen, recorder: ASGIApp, path: str
):
    edge = await stage.edge(await stage.asgi(recorder))
    answer = await stage.exchange(
        edge, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
    )
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")), answer
    assert "不允许的字符".encode() in answer or "没有这项服务".encode() in answer
    assert not seen.scope


@pytest.mark.parametrize("path", [path for path in TRICKS if path.startswith("/api/intake/v1/")])
def test_a_trick_below_a_known_service_has_a_stable_type(path: str):
    with pytest.raises(UnsafePath):
        check_target(path.encode(), b"")


@pytest.mark.parametrize("path", HONEST)
def test_an_honest_address_passes(path: str):
    check_target(path.encode(), b"q=%E9%A3%9F%E5%93%81&x=a%2Fb&y=../..//;")


@pytest.mark.parametrize("path", ["/api/x/v1/a\x00b", "/api/x/v1/a b", "/api/x/v1/\x7f", "/api/x/v1/é", "/a\r\nb"])
def test_control_characters_and_raw_bytes_are_refused_even_if_a_server_lets_them_through(path: str):
    with pytest.raises(UnsafePath):
        check_target(path.encode(), b"")
    with pytest.raises(UnsafePath):
        check_target(b"/", path.encode())


async def test_an_address_has_one_spelling(stage: Stage, seen: Seen, recorder: ASGIApp):
    edge = await stage.edge(await stage.asgi(recorder))
    for path in (b"/%61pi/intake/v1/x", b"/api/%69ntake/v1/x", b"/api/intake/%76%31/x", b"/api/intake/v1/c%61ses"):
        answer = await stage.exchange(edge, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"/problems/unsafe-path" in answer or b"/problems/unknown-service" in answer
    assert not seen.scope


@pytest.mark.parametrize(
    "framing",
    [
        [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"5"), (b"content-length", b"5")],
        [(b"content-length", b"5"), (b"content-length", b"6")],
        [(b"content-length", b"5, 5")],
        [(b"content-length", b"+5")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"0x5")],
        [(b"content-length", b"")],
        [(b"content-length", b"9" * 30)],
        [(b"content-length", "٥".encode())],
        [(b"transfer-encoding", b"gzip, chunked")],
        [(b"transfer-encoding", b"identity")],
        [(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"xchunked")],
        [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
        [(b"x-any", b"a\r\nx-evil: 1")],
        [(b"x-any", b"a\x00")],
    ],
)
def test_headers_that_can_be_read_in_two_ways_are_refused(framing: list[tuple[bytes, bytes]]):
    with pytest.raises(MalformedRequest):
        read_request([(b"host", b"x"), *framing])


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Content-Length: 5\r\n folded",
        b"X-A: b\r\n Content-Length: 5",
        b"Content-Length : 5",
    ],
)
async def test_smuggling_attempts_over_the_wire_reach_no_service(
    stage: Stage, seen: Seen, recorder: ASGIApp, head: bytes
):
    edge = await stage.edge(await stage.asgi(recorder))
    answer = await stage.exchange(
        edge, b"POST /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + head + b"\r\n\r\n0\r\n\r\n"
    )
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 ")), answer
    assert not seen.scope


async def test_headers_of_unusual_size_are_refused(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    for headers in ({"X-Big": "x" * 33_000}, {f"X-{number}": "1" for number in range(100)}):
        answer = await client.get(f"{edge}/api/intake/v1/cases", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (431, "/problems/headers-too-large")
    assert not seen.scope


def test_the_limits_of_headers_are_exact():
    host = (b"host", b"x")
    assert read_request([host, *[(b"x", b"1")] * 99])
    with pytest.raises(HeadersTooLarge):
        read_request([host, *[(b"x", b"1")] * 100])


async def test_methods_that_no_service_answers_are_refused(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder))
    for method in ("TRACE", "PROPFIND", "PURGE"):
        answer = await client.request(method, f"{edge}/api/intake/v1/cases")
        assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
        assert "POST" in answer.headers["allow"]
    assert not seen.scope


async def test_a_trailer_cannot_bring_in_what_a_header_may_not(stage: Stage, seen: Seen, recorder: ASGIApp):
    edge = await stage.edge(await stage.asgi(recorder))
    request = (
        b"POST /api/intake/v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nab\r\n0\r\nOnestop-Assertion: forged\r\nX-Forwarded-For: forged\r\n\r\n"
    )
    assert (await stage.exchange(edge, request)).startswith(b"HTTP/1.1 200 ")
    assert seen.body == b"ab"
    assert "forged" not in [value for _, value in seen.headers]
