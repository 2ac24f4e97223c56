"""The registry of clients of a running stack, read and extended as its administrator."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from onestop_local.browser import Api, Browser, SignInFailed
from onestop_local.errors import LocalError
from onestop_local.stack import Stack

_PATH = "/gateway/v1/clients"
_BY_SECRET = {"client_secret_basic", "client_secret_post"}
_FLAGS = {
    "first_party": "自有",
    "require_pushed_authorization_requests": "须预先提交（PAR）",
    "pkce_optional": "可不用 PKCE",
    "profile": "FAPI 2.0",
}


async def add(stack: Stack, file: Path, console: Console) -> None:
    """Register the client that `file` describes; a secret that it needs and lacks is made and shown once.

    Raises:
        LocalError: when the file is none, or the gateway does not take it.
    """
    new = _described_in(file)
    made = None
    if new.get("token_endpoint_auth_method") in _BY_SECRET and "client_secret" not in new:
        made = new["client_secret"] = secrets.token_urlsafe(32)
    async with administrator(stack) as api:
        registered = taken(await api.post(_PATH, new), httpx.codes.CREATED)
    console.print(f"已登记应用 {escape(registered['client_id'])}（{escape(registered['name'])}）。", highlight=False)
    if made is not None:
        console.print(f"密钥（只显示这一次）：{made}", highlight=False, soft_wrap=True)


async def suspend(stack: Stack, client_id: str, reason: str, console: Console) -> None:
    """Let a client in no more: its tokens are void within a second; raises `LocalError`."""
    async with administrator(stack) as api:
        taken(await api.post(f"{_PATH}/{client_id}/suspension", {"reason": reason}), httpx.codes.OK)
    console.print(f"已停用应用 {escape(client_id)}，它的令牌和授权立即失效。", highlight=False)


async def resume(stack: Stack, client_id: str, reason: str, console: Console) -> None:
    """Let a suspended client in again; raises `LocalError`."""
    async with administrator(stack) as api:
        found = await api.get(f"{_PATH}/{client_id}")
        taken(found, httpx.codes.OK)
        answer = await api.post(f"{_PATH}/{client_id}/resumption", {"reason": reason}, etag=found.headers["etag"])
        taken(answer, httpx.codes.OK)
    console.print(f"已恢复应用 {escape(client_id)}，用户须重新登录。", highlight=False)


async def show(stack: Stack, console: Console) -> None:
    """Show every registered client; raises `LocalError`."""
    table = Table("应用", "名称", "认证方式", "状态", "登记项")
    async with administrator(stack) as api:
        cursor: dict[str, str] = {}
        while True:
            page = taken(await api.get(_PATH, limit="100", **cursor), httpx.codes.OK)
            for it in page["items"]:
                flags = [text for name, text in _FLAGS.items() if it[name]] + it["resources"]
                row = (it["client_id"], it["name"], it["token_endpoint_auth_method"], it["state"], "、".join(flags))
                table.add_row(*map(escape, row))
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    console.print(table)


def _described_in(file: Path) -> dict[str, Any]:
    try:
        new = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LocalError(f"读不了 {file}：{error}") from error
    if not isinstance(new, dict):
        raise LocalError(f"{file} 应是一个 JSON 对象，描述一个应用。")
    return new


@asynccontextmanager
async def signed_in(stack: Stack, person: str) -> AsyncIterator[Api]:
    """Lend the API as somebody of the stack uses it; raises `LocalError`."""
    try:
        async with Browser(stack, person) as browser:
            api = Api(stack, await browser.sign_in("web"))
    except SignInFailed as error:
        raise LocalError(f"{person} 登录不了：{error}") from error
    try:
        yield api
    finally:
        await api.close()


def administrator(stack: Stack) -> AbstractAsyncContextManager[Api]:
    """Lend the API as the stack's administrator uses it; raises `LocalError`."""
    return signed_in(stack, "admin")


def taken(answer: httpx.Response, expected: int) -> Any:
    """Return what was answered; raises `LocalError` with the reason when the gateway does not take it."""
    told = answer.json()
    if answer.status_code == expected:
        return told
    wrong = "；".join(f"{it['pointer']} {it['detail']}" for it in told.get("errors", ()))
    raise LocalError(f"{told['title']}：{wrong or told['detail']}")
