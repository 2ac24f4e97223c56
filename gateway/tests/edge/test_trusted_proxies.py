"""Whom the gateway believes about where a request comes from; said in raw bytes, as any peer could."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.trusted_proxies import TrustedNetworks, TrustedProxies

if TYPE_CHECKING:
    from conftest import Stage

HERE, ELSEWHERE = "127.0.0.0/8", "10.0.0.0/8"


async def mirror(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer with what is seen further inside."""
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    seen = json.dumps({"client": scope["client"][0], "scheme": scope["scheme"], "headers": headers}).encode()
    framing = [(b"connection", b"close"), (b"content-length", b"%d" % len(seen))]
    await send({"type": "http.response.start", "status": 200, "headers": framing})
    await send({"type": "http.response.body", "body": seen})


async def seen_inside(stage: Stage, said: str, *trusted: str) -> dict[str, Any]:
    url = await stage.asgi(TrustedProxies(mirror, networks=TrustedNetworks([ip_network(it) for it in trusted])))
    answer = await stage.exchange(url, f"GET / HTTP/1.1\r\nHost: inner.test\r\n{said}\r\n".encode("latin-1"))
    seen: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert not any(name.startswith("x-forwarded-") for name in seen["headers"])
    return seen


FORWARDED = (
    "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: zwfw.example.cn\r\nX-Kept: yes\r\n"
)


async def test_a_trusted_proxy_says_where_a_request_comes_from_and_by_which_address(stage: Stage):
    seen = await seen_inside(stage, FORWARDED, ELSEWHERE, HERE)
    assert (seen["client"], seen["scheme"]) == ("203.0.113.7", "https")
    assert seen["headers"] == {"host": "zwfw.example.cn", "x-kept": "yes"}


async def test_nobody_else_is_believed(stage: Stage):
    seen = await seen_inside(stage, FORWARDED, ELSEWHERE)
    assert (seen["client"], seen["scheme"]) == ("127.0.0.1", "http")
    assert seen["headers"] == {"host": "inner.test", "x-kept": "yes"}


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("X-Forwarded-For: 198.51.100.9, 203.0.113.7\r\n", "203.0.113.7"),
        ("X-Forwarded-For: 198.51.100.9, 203.0.113.7, 10.1.2.3\r\n", "203.0.113.7"),
        ("X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 203.0.113.7 ,10.1.2.3\r\n", "203.0.113.7"),
        ("X-Forwarded-For: 10.1.2.3, 10.1.2.4\r\n", "10.1.2.3"),
        ("X-Forwarded-For: unknown, 10.1.2.4\r\n", "10.1.2.4"),
        ("X-Forwarded-For: 127.1\r\n", "127.0.0.1"),
        ("X-Forwarded-For: \xb9\r\n", "127.0.0.1"),
        ("X-Forwarded-For: ,\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 203.0.113.7:4711\r\n", "203.0.113.7"),
        ("X-Forwarded-For: [2001:db8::7]:4711\r\n", "2001:db8::7"),
        ("X-Forwarded-For: 2001:db8::7, ::ffff:10.1.2.3\r\n", "2001:db8::7"),
        ("X-Forwarded-For: 999.1.1.1\r\n", "127.0.0.1"),
        ("X-Real-IP: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_it_is_the_last_address_that_none_of_our_proxies_has(stage: Stage, said: str, client: str):
    assert (await seen_inside(stage, said, HERE, ELSEWHERE))["client"] == client


@pytest.mark.parametrize(
    ("said", "scheme", "host"),
    [
        ("X-Forwarded-Proto: HTTPS\r\n", "http", "inner.test"),
        ("X-Forwarded-Proto: https, http\r\n", "http", "inner.test"),
        ("X-Forwarded-Proto: javascript\r\n", "http", "inner.test"),
        ("X-Forwarded-Host: a.test, zwfw.example.cn:8443\r\n", "http", "zwfw.example.cn:8443"),
        ("X-Forwarded-Host: a.test/path\r\n", "http", "inner.test"),
        ("X-Forwarded-Host: user@a.test\r\n", "http", "inner.test"),
        ("X-Forwarded-Host: [2001:db8::1]:443\r\n", "http", "[2001:db8::1]:443"),
    ],
)
async def test_what_makes_no_sense_is_not_taken_over(stage: Stage, said: str, scheme: str, host: str):
    seen = await seen_inside(stage, said, HERE)
    assert (seen["scheme"], seen["headers"]["host"]) == (scheme, host)
