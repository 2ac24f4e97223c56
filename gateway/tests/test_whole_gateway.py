"""The gateway as it runs: edge outside, provider inside, relay and workers behind."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer

from gateway.certificates import thumbprint
from gateway.main import SERVICE
from gateway.seed import fill
from gateway.tokens.binding import of_certificate
from onestop_local.testing.client import ServiceClient, believed_keys, signing_key
from onestop_runtime.assertion import GATEWAY, AssertionVerifier
from onestop_runtime.caller import Caller


async def open_gateway(
    service_client: Callable[..., Awaitable[ServiceClient]], folder: Path, **settings: Any
) -> ServiceClient:
    key = folder / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    return await service_client(SERVICE, issuer="http://gateway.test", assertion_key=key, **settings)


async def test_it_becomes_ready_and_tells_others_who_became_known(
    service_client: Any, kafka: str, tmp_path: Path, seed: dict[str, Any]
):
    gateway = await open_gateway(service_client, tmp_path, kafka=kafka)
    assert (await gateway.get("/livez")).status_code == 200
    assert (await gateway.get("/readyz")).status_code == 200
    state = gateway.context.state
    await fill(gateway.transaction, state.cipher, seed)
    gateway.context.wake_relay()
    ids = {row["id"] for row in await gateway.context.pool.fetch("SELECT id FROM mandate")}
    consumer = AIOKafkaConsumer("onestop.gateway.mandate", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            async for message in consumer:
                ids.discard(UUID(bytes=message.key))
                if not ids:
                    break
    finally:
        await consumer.stop()


async def test_a_revocation_by_another_process_arrives_within_seconds(service_client: Any, kafka: str, tmp_path: Path):
    gateway = await open_gateway(service_client, tmp_path, kafka=kafka)
    revoked = gateway.context.state.revoked
    await gateway.context.pool.execute(
        "INSERT INTO revocation VALUES ('somewhere-else', now() + interval '1 minute', NULL)"
    )
    async with asyncio.timeout(10):
        while not revoked.refuses(["somewhere-else"], 0):  # noqa: ASYNC110 - the worker under test looks by itself
            await asyncio.sleep(0.05)


def echo_of(name: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return an upstream that answers one request with a header it came with."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = {given.lower(): value for given, value in lines.items()}.get(name, "").encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    return answer


upstream = echo_of("onestop-assertion")


async def test_a_service_is_told_who_signed_in_and_for_whom(
    service_client: Any, open_browser_on: Any, door_of: Any, tmp_path: Path, seed: dict[str, Any]
):
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway = await open_gateway(service_client, tmp_path, upstreams={"intake": f"http://127.0.0.1:{port}"})
        await fill(gateway.transaction, gateway.context.state.cipher, seed)
        browser, door = open_browser_on(gateway), await door_of(gateway)
        tokens = await browser.tokens(browser.asked(), "agent")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = await door.get("/api/intake/v1/cases", headers=bearer)
        caller = AssertionVerifier(believed_keys(), "svc-intake").verify(told.text)
        assert (caller.credit_code, caller.name, caller.client) == ("91130371MA7001010P", "周**", "web")
        assert (await door.get("/api/intake/v1/cases")).status_code == 401
        assert (await door.get("/api/intake/v1/acceptance-authorities")).text == ""
        await browser.get("/oauth/end-session", params={"id_token_hint": tokens["id_token"]})
        refused = await door.get("/api/intake/v1/cases", headers=bearer)
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-token")


async def test_a_service_is_told_of_who_proved_to_hold_the_key_of_his_token(
    service_client: Any,
    open_browser_on: Any,
    door_of: Any,
    tmp_path: Path,
    seed: dict[str, Any],
    key_holder_before: Any,
):
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway = await open_gateway(service_client, tmp_path, upstreams={"intake": f"http://127.0.0.1:{port}"})
        await fill(gateway.transaction, gateway.context.state.cipher, seed)
        browser, holder, path = open_browser_on(gateway), key_holder_before(gateway), "/api/intake/v1/cases"
        door, asked = await door_of(gateway), browser.asked()
        redeemed = await browser.redeem(asked, await browser.code(asked), holder.headers())
        token = redeemed.json()["access_token"]
        told = await door.get(f"{path}?page=1", headers=holder.shown(token, path))
        assert AssertionVerifier(believed_keys(), "svc-intake").verify(told.text).client == "web"
        for headers in ({"Authorization": f"Bearer {token}"}, holder.shown(token, path, nonce=None)):
            refused = await door.get(path, headers=headers)
            assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
        assert refused.json()["type"] == "/problems/use-dpop-nonce"
        assert refused.headers["dpop-nonce"] == holder.nonces.current


async def test_a_service_is_told_what_a_trusted_proxy_said_of_the_client(
    service_client: Any, door_of: Any, tmp_path: Path
):
    forwarded = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
    for trusted, expected in (["127.0.0.0/8"], "203.0.113.7"), ([], "127.0.0.1"):
        async with await asyncio.start_server(echo_of("x-forwarded-for"), "127.0.0.1", 0) as server:
            upstreams = {"intake": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}
            gateway = await open_gateway(service_client, tmp_path, upstreams=upstreams, trusted_proxies=trusted)
            door = await door_of(gateway)
            assert (await door.get("/api/intake/v1/acceptance-authorities", headers=forwarded)).text == expected


async def test_a_service_is_told_of_who_shows_the_certificate_that_his_token_is_bound_to(
    service_client: Any, door_of: Any, tmp_path: Path, seed: dict[str, Any]
):
    shown = {"X-Client-Cert": f":{base64.b64encode(b'certificate').decode()}:"}
    behind = {"trusted_proxies": ["127.0.0.0/8"], "client_certificate_header": "x-client-cert"}
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        upstreams = {"catalog": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}
        gateway = await open_gateway(service_client, tmp_path, upstreams=upstreams, **behind)
        await fill(gateway.transaction, gateway.context.state.cipher, seed)
        door, state = await door_of(gateway), gateway.context.state
        caller = Caller(sub=UUID(int=1), kind="system", acr="2", client="department", channel="system")
        bound = of_certificate(thumbprint(b"certificate"))
        token = state.access_tokens.issue(caller, scopes=frozenset(), grant_id=None, key=bound).value
        bearer, path = {"Authorization": f"Bearer {token}"}, "/api/catalog/v1/items"
        told = await door.get(path, headers=bearer | shown)
        assert AssertionVerifier(believed_keys(), "svc-catalog").verify(told.text).client == "department"
        ours = {"Onestop-Client-Certificate": shown["X-Client-Cert"]}
        for headers in (bearer, bearer | ours):
            refused = await door.get(path, headers=headers)
            assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-token")
    elsewhere = await open_gateway(service_client, tmp_path, **behind | {"trusted_proxies": ["10.0.0.0/8"]})
    door = await door_of(elsewhere)
    token = elsewhere.context.state.access_tokens.issue(caller, scopes=frozenset(), grant_id=None, key=bound).value
    refused = await door.get(path, headers={"Authorization": f"Bearer {token}"} | shown | ours)
    assert refused.json()["type"] == "/problems/invalid-token"
