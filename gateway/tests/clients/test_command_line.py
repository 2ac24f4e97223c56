"""`onestop client …`, as its administrator meets it: against a gateway behind a port."""

import io
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local import registry
from onestop_local.errors import LocalError
from onestop_local.ports import free_port
from onestop_local.stack import Stack
from onestop_local.testing.client import ServiceClient, signing_key
from onestop_local.testing.listening import listening
from onestop_runtime.assertion import GATEWAY

NEW = {
    "client_id": "archive",
    "name": "档案管理系统",
    "token_endpoint_auth_method": "client_secret_basic",
    "redirect_uris": ["https://archive.test/callback"],
    "pkce_optional": True,
}

PASSWORD = "碧海-金沙-2026"


@pytest.fixture
async def stack(
    service_client: Callable[..., Awaitable[ServiceClient]], tmp_path: Path, seed: dict[str, Any]
) -> AsyncIterator[Stack]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    running = await service_client(SERVICE, issuer=url, assertion_key=key)
    await fill(running.transaction, running.context.state.cipher, seed)
    async with listening(running._asgi.app, port):
        web = {
            "client_id": "web",
            "redirect_uris": ["https://web.test/callback"],
            "token_endpoint_auth_method": "none",
        }
        people = {"admin": {"username": "admin", "password": PASSWORD}}
        yield Stack("test", {"gateway": {"url": url}, "people": people, "clients": {"web": web}})


def written(folder: Path, content: str) -> Path:
    file = folder / "client.json"
    file.write_text(content, encoding="utf-8")
    return file


async def test_a_client_is_added_and_shown_and_its_secret_is_told_once(stack: Stack, tmp_path: Path):
    screen = io.StringIO()
    console = Console(file=screen, width=160)
    await registry.add(stack, written(tmp_path, json.dumps(NEW)), console)
    secret = re.search(r"只显示这一次）：(\S+)", screen.getvalue())
    assert secret
    pushed = {
        "response_type": "code",
        "redirect_uri": "https://archive.test/callback",
        "scope": "openid",
    }
    async with httpx.AsyncClient(base_url=stack.url, auth=("archive", secret[1])) as client:
        assert (await client.post("/oauth/par", data=pushed)).status_code == 201
    await registry.show(stack, console)
    shown = screen.getvalue()
    assert shown.count(secret[1]) == 1
    line = next(line for line in shown.splitlines() if "archive" in line and "active" in line)
    assert "可不用 PKCE" in line
    assert "https://pushing.test/api" in shown


async def test_a_client_is_suspended_and_resumed_by_its_name(stack: Stack):
    console = Console(file=io.StringIO(), width=160)
    asked = {"response_type": "code", "client_id": "web", "redirect_uri": "https://web.test/callback"}
    async with httpx.AsyncClient(base_url=stack.url) as client:
        await registry.suspend(stack, "web-2", "试运行结束", console)
        refused = {"client_id": "web-2", "redirect_uri": "https://web-2.test/callback"}
        assert (await client.get("/oauth/authorize", params=asked | refused)).status_code == 400
        with pytest.raises(LocalError, match="应用已停用"):
            await registry.suspend(stack, "web-2", "再次", console)
        await registry.resume(stack, "web-2", "恢复", console)
        assert (await client.get("/oauth/authorize", params=asked | refused)).status_code == 303
    with pytest.raises(LocalError, match="没有这个应用"):
        await registry.resume(stack, "nowhere", "恢复", console)


async def test_what_the_gateway_does_not_take_is_said_with_its_reason(stack: Stack, tmp_path: Path):
    console = Console(file=io.StringIO())
    with pytest.raises(LocalError, match="该应用标识已被登记"):
        await registry.add(stack, written(tmp_path, json.dumps(NEW | {"client_id": "web"})), console)
    with pytest.raises(LocalError, match="/name"):
        await registry.add(stack, written(tmp_path, json.dumps(NEW | {"name": ""})), console)
    for content in ("{", "[]"):
        with pytest.raises(LocalError, match=r"client\.json"):
            await registry.add(stack, written(tmp_path, content), console)
    with pytest.raises(LocalError, match=r"missing\.json"):
        await registry.add(stack, tmp_path / "missing.json", console)
