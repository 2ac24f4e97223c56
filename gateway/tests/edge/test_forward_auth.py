"""Another proxy carries the bytes; who may pass is decided here, as if they came this way."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local.ports import free_ports
from onestop_local.testing.client import believed_keys, signing_key
from onestop_local.testing.programs import program
from onestop_runtime.assertion import GATEWAY, AssertionVerifier

FORWARD = "/auth/forward"
SECRET = "a-secret-of-the-proxies-0123456789abcdef"
PROXY = {"Onestop-Forward-Secret": SECRET}
CASES, ITEMS = "/api/intake/v1/cases", "/api/catalog/v1/items"
TRUSTED = ["127.0.0.0/8"]


@pytest.fixture
async def gateway(service_client: Any, tmp_path: Path, seed: dict[str, Any]) -> Any:
    """Return a gateway that answers to proxies."""
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    settings = {"issuer": "http://gateway.test", "assertion_key": key, "trusted_proxies": TRUSTED}
    running = await service_client(SERVICE, forward_auth_secret=SECRET, **settings)
    await fill(running.transaction, running.context.state.cipher, seed)
    return running


@pytest.fixture
async def bearer(gateway: Any, open_browser_on: Any) -> dict[str, str]:
    browser = open_browser_on(gateway)
    tokens = await browser.tokens(browser.asked(), "agent")
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def original(uri: str, method: str = "GET") -> dict[str, str]:
    return PROXY | {"X-Original-URI": uri, "X-Original-Method": method}


async def test_the_proxy_gets_what_it_passes_on_to_the_service(gateway: Any, bearer: dict[str, str]):
    decided = await gateway.get(FORWARD, headers=original(f"{CASES}?state=draft") | bearer)
    assert (decided.status_code, decided.content) == (200, b"")
    caller = AssertionVerifier(believed_keys(), "svc-intake").verify(decided.headers["onestop-assertion"])
    assert (caller.credit_code, caller.client) == ("91130371MA7001010P", "web")
    assert decided.headers["ratelimit-policy"] == '"read-person";q=600;w=60'
    assert len(decided.headers["x-request-id"]) == 32
    nobody = await gateway.get(FORWARD, headers=original(ITEMS))
    assert nobody.status_code == 200
    assert "onestop-assertion" not in nobody.headers


@pytest.mark.parametrize(
    ("uri", "method", "status", "told", "slug"),
    [
        (CASES, "GET", 401, "401", "not-signed-in"),
        ("/api/intake/v1/nothing", "GET", 403, "404", "not-found"),
        (ITEMS, "DELETE", 403, "405", "method-not-allowed"),
        ("/api/intake/v1/../x", "GET", 403, "400", "unsafe-path"),
        ("", "GET", 403, "404", "unknown-service"),
        ("/oauth/token", "POST", 403, "404", "unknown-service"),
    ],
)
async def test_nginx_is_told_no_in_the_two_ways_that_it_understands(
    gateway: Any, uri: str, method: str, status: int, told: str, slug: str
):
    refused = await gateway.get(FORWARD, headers=original(uri, method))
    assert (refused.status_code, refused.headers["onestop-status"]) == (status, told)
    assert refused.json()["type"] == f"/problems/{slug}"
    assert "onestop-assertion" not in refused.headers


async def test_envoy_asks_by_method_and_address(gateway: Any, bearer: dict[str, str]):
    allowed = await gateway.get(f"{FORWARD}{CASES}?state=draft", headers=PROXY | bearer)
    assert AssertionVerifier(believed_keys(), "svc-intake").verify(allowed.headers["onestop-assertion"])
    refused = await gateway.delete(f"{FORWARD}{ITEMS}", headers=PROXY | bearer)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    claimed = await gateway.get(f"{FORWARD}{CASES}", headers=original(ITEMS))
    assert claimed.status_code == 401  # what a client wrote into headers that nginx would set counts for nothing


@pytest.mark.parametrize("secret", [{}, {"Onestop-Forward-Secret": ""}, {"Onestop-Forward-Secret": SECRET + "x"}])
async def test_nobody_asks_who_does_not_know_the_secret(gateway: Any, bearer: dict[str, str], secret: dict[str, str]):
    for path in (FORWARD, FORWARD + CASES):
        refused = await gateway.get(path, headers={"X-Original-URI": CASES} | bearer | secret)
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-found")
        assert "onestop-assertion" not in refused.headers


async def test_without_a_secret_in_the_settings_nobody_asks_at_all(browser: Any):
    for secret in ({}, {"Onestop-Forward-Secret": ""}):
        assert (await browser.get(FORWARD, headers={"X-Original-URI": ITEMS} | secret)).status_code == 404


_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /api/ {{
            auth_request /decision;
            auth_request_set $assertion $upstream_http_onestop_assertion;
            auth_request_set $refused $upstream_http_onestop_status;
            auth_request_set $challenge $upstream_http_www_authenticate;
            auth_request_set $left $upstream_http_ratelimit;
            proxy_set_header Onestop-Assertion $assertion;
            proxy_set_header Authorization "";
            add_header RateLimit $left;
            error_page 403 = @refused;
            proxy_pass http://127.0.0.1:{service};
        }}
        location = /decision {{
            internal;
            proxy_pass http://127.0.0.1:{gateway}/auth/forward;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Onestop-Forward-Secret {secret};
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
        location @refused {{
            if ($refused = 404) {{ return 404; }}
            if ($refused = 405) {{ return 405; }}
            if ($refused = 429) {{ return 429; }}
            return 403;
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, gateway: int, service: int) -> AsyncIterator[httpx.AsyncClient]:
    """Run a real nginx before a service, which asks the gateway about each request; lend a client outside."""
    (port,) = free_ports(1)
    names = {"folder": folder, "port": port, "gateway": gateway, "service": service, "secret": SECRET}
    (folder / "nginx.conf").write_text(_NGINX.format(**names))
    command = [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        process.send_signal(signal.SIGQUIT)
        await process.wait()


async def serve_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request with the head it came with."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
    await writer.drain()
    writer.close()


@pytest.mark.needs("nginx")
async def test_a_real_nginx_carries_what_is_decided_here(
    gateway: Any, bearer: dict[str, str], door_of: Any, tmp_path: Path
):
    door = await door_of(gateway)
    async with await asyncio.start_server(serve_headers, "127.0.0.1", 0) as service:
        port = service.sockets[0].getsockname()[1]
        async with nginx(tmp_path, door.base_url.port, port) as client:
            answer = await client.get(CASES, headers=bearer | {"Onestop-Assertion": "forged"})
            assert answer.status_code == 200
            heads = dict(line.split(": ", 1) for line in answer.text.split("\r\n")[1:] if line)
            caller = AssertionVerifier(believed_keys(), "svc-intake").verify(heads["Onestop-Assertion"])
            assert caller.credit_code == "91130371MA7001010P"
            assert "Authorization" not in heads
            assert answer.headers["ratelimit"].startswith('"read-person";r=')
            public = await client.get(ITEMS, headers={"Onestop-Assertion": "forged"})
            assert public.status_code == 200
            assert "assertion" not in public.text.lower()
            refused = await client.get(CASES)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            wrong = await client.get(CASES, headers={"Authorization": "Bearer x.y.z"})
            assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
            assert (await client.get("/api/intake/v1/nothing", headers=bearer)).status_code == 404
            assert (await client.delete(ITEMS, headers=bearer)).status_code == 405
            assert (await client.get("/decision", headers=bearer)).status_code == 404
