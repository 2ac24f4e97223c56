"""A device client of others, as it is: `requests_oauth2client`, against a gateway behind a port."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauth2client import AccessDenied, DeviceAuthorizationPollingJob, OAuth2Client

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local.ports import free_port
from onestop_local.testing.client import ServiceClient, signing_key
from onestop_local.testing.listening import listening
from onestop_runtime.assertion import GATEWAY


@pytest.fixture
async def gateway_behind_a_port(
    service_client: Callable[..., Awaitable[ServiceClient]], tmp_path: Path, seed: dict[str, Any], clock: Any
) -> AsyncIterator[ServiceClient]:
    port = free_port()
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    running = await service_client(SERVICE, issuer=f"http://127.0.0.1:{port}", assertion_key=key, clock=clock)
    await fill(running.transaction, running.context.state.cipher, seed)
    async with listening(running._asgi.app, port):
        yield running


def discovered(issuer: str) -> OAuth2Client:
    """Return the client as it finds itself from the issuer; it reads all of the metadata but the device's endpoint."""
    endpoint = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=10).json()[
        "device_authorization_endpoint"
    ]
    return OAuth2Client.from_discovery_endpoint(
        issuer=issuer, client_id="tv", device_authorization_endpoint=endpoint, testing=True
    )


async def test_it_is_let_in(
    gateway_behind_a_port: ServiceClient, open_browser_on: Any, decider: Callable[..., Any], clock: Any
):
    issuer = gateway_behind_a_port.context.state.issuer
    client = await asyncio.to_thread(discovered, issuer)
    asked = await asyncio.to_thread(client.authorize_device, scope="openid profile")
    job = DeviceAuthorizationPollingJob(client, asked, interval=0, slow_down_interval=0)
    assert await asyncio.to_thread(job) is None
    await decider(open_browser_on(gateway_behind_a_port), "citizen").decide(asked.user_code)
    clock.pass_(seconds=asked.interval)
    token = await asyncio.to_thread(job)
    assert token
    assert (await asyncio.to_thread(client.userinfo, token))["name"] == "赵晓梅"
    assert token.id_token
    refreshed = await asyncio.to_thread(client.refresh_token, token)
    assert refreshed.refresh_token != token.refresh_token


async def test_it_understands_that_it_is_refused(
    gateway_behind_a_port: ServiceClient, open_browser_on: Any, decider: Callable[..., Any]
):
    issuer = gateway_behind_a_port.context.state.issuer
    client = await asyncio.to_thread(discovered, issuer)
    asked = await asyncio.to_thread(client.authorize_device, scope="openid")
    await decider(open_browser_on(gateway_behind_a_port), "citizen").decide(asked.user_code, "deny")
    job = DeviceAuthorizationPollingJob(client, asked, interval=0)
    with pytest.raises(AccessDenied):
        await asyncio.to_thread(job)
