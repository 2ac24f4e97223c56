"""The events of a running stack, seen and mended as its operator."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from onestop_local.browser import Api
from onestop_local.registry import signed_in, taken
from onestop_local.stack import Stack

_OPERATOR = "operator"
_STATES = {"dead": "已隔离", "replaying": "重放中", "gap": "缺事件"}

_REBUILDS = {"reading": "读取中", "ready": "可以换上", "swapped": "已换上", "abandoned": "已放弃"}


def services_of(stack: Stack) -> list[str]:
    """Return the short names of all services of a stack, the gateway among them."""
    return ["gateway", *stack.document["services"]]


async def flow(stack: Stack, console: Console) -> None:
    """Show how the events of every service flow; raises `LocalError`."""
    table = Table("服务", "待发送", "最早一条", "发送进程", "积压", "发不出", "隔离", "缺事件")
    async with signed_in(stack, _OPERATOR) as api:
        for service in services_of(stack):
            it = taken(await api.get(f"/{service}/v1/events/flow"), httpx.codes.OK)
            oldest = max((one["oldest_seconds"] for one in it["outbox"]), default=0)
            lag = [one["messages"] for one in it["lag"]]
            held = it["held_up"]
            table.add_row(
                service,
                str(sum(one["depth"] for one in it["outbox"])),
                f"{oldest:.1f} 秒",
                str(len(it["relays"])),
                "未知" if None in lag else str(sum(lag)),
                *(str(held[name]) for name in ("out", "dead", "gap")),
            )
    console.print(table)


async def show_held_up(stack: Stack, console: Console, service: str | None) -> None:
    """Show what is held up, of one service or of all; raises `LocalError`."""
    found = 0
    async with signed_in(stack, _OPERATOR) as api:
        for one in [service] if service else services_of(stack):
            async for it in _all(api, f"/{one}/v1/events/held-up"):
                found += 1
                where = f"{one} {it['side']} {it['topic']} {it['key']} --sequence {it['sequence']}"
                why = f"{it['error']}（{it['place']}）" if it["place"] else it["error"] or "没有到达"
                console.print(f"{_STATES[it['state']]} {where}", markup=False, highlight=False, soft_wrap=True)
                told = f"    {why}，试了 {it['attempts']} 次，{it['waiting']} 个等待，自 {it['since']}"
                console.print(told, markup=False, highlight=False, soft_wrap=True)
    if not found:
        console.print("没有搁置的事件。")


async def show_one(stack: Stack, console: Console, place: tuple[str, str, str, str]) -> None:
    """Show one event that is held up, masked; raises `LocalError`."""
    async with signed_in(stack, _OPERATOR) as api:
        it = taken(await api.get(_address(*place)), httpx.codes.OK)
    console.print(json.dumps(it, ensure_ascii=False, indent=2), markup=False, highlight=False, soft_wrap=True)


async def replay(stack: Stack, console: Console, service: str, wanted: dict[str, str]) -> None:
    """Have what failed tried again: all of it, or what `wanted` names by side, topic and key; raises `LocalError`."""
    async with signed_in(stack, _OPERATOR) as api:
        it = taken(await api.post(f"/{service}/v1/events/replays", wanted), httpx.codes.ACCEPTED)
    console.print(f"已要求重放 {it['replayed']} 个对象的事件；结果见 onestop events list。", highlight=False)


async def discard(stack: Stack, console: Console, place: tuple[str, str, str, str], sequence: int, reason: str) -> None:
    """Go on without an event; raises `LocalError`."""
    async with signed_in(stack, _OPERATOR) as api:
        wanted = {"sequence": sequence, "reason": reason}
        it = taken(await api.post(f"{_address(*place)}/discard", wanted), httpx.codes.OK)
    console.print(f"已放弃第 {it['first']} 至 {it['last']} 个事件，后面的继续。", highlight=False)


async def show_discarded(stack: Stack, console: Console, service: str | None) -> None:
    """Show what was discarded, of one service or of all; raises `LocalError`."""
    names = ("服务", "方向", "主题", "对象", "第几个", "错误", "理由", "时间")
    table = Table(*(Column(name, overflow="fold") for name in names))
    async with signed_in(stack, _OPERATOR) as api:
        for one in [service] if service else services_of(stack):
            async for it in _all(api, f"/{one}/v1/events/discarded"):
                cells = (one, it["side"], it["topic"], it["key"], it["sequence"])
                table.add_row(*(escape(str(c)) for c in (*cells, it["error"] or "", it["reason"], it["at"])))
    console.print(table if table.row_count else "没有放弃过事件。")


async def rebuild(stack: Stack, console: Console, service: str, projection: str, since: str | None) -> None:
    """Have a projection rebuilt beside the one in use; raises `LocalError`."""
    wanted = {"projection": projection} | ({"since": since} if since else {})
    async with signed_in(stack, _OPERATOR) as api:
        it = taken(await api.post(_rebuilds(service), wanted), httpx.codes.ACCEPTED)
    console.print(f"开始重建 {escape(projection)}：{it['id']}", highlight=False)


async def show_rebuilds(stack: Stack, console: Console, service: str) -> None:
    """Show the rebuilds of a service, and of those under way what they would change; raises `LocalError`."""
    found = False
    async with signed_in(stack, _OPERATOR) as api:
        async for listed in _all(api, _rebuilds(service)):
            found = True
            it = taken(await api.get(f"{_rebuilds(service)}/{listed['id']}"), httpx.codes.OK)
            state = _REBUILDS[it["state"]] + (f"（{it['error']}）" if it["error"] else "")
            console.print(f"{it['id']} {it['projection']} 自 {it['since'] or '开始'} {state}", highlight=False)
            console.print(f"    已读 {it['read']}，{it['held_up']} 个对象处理不了", highlight=False)
            for d in it["differences"]:
                told = f"现用的缺少 {d['missing']}，多出 {d['surplus']}，不同 {d['changed']}"
                console.print(f"    {d['table']}：{told}", highlight=False)
    if not found:
        console.print("没有重建过。")


async def end_rebuild(stack: Stack, console: Console, service: str, rebuild_id: str, how: str) -> None:
    """Put a rebuild into use (`swap`) or give it up (`abandonment`); raises `LocalError`."""
    async with signed_in(stack, _OPERATOR) as api:
        it = taken(await api.post(f"{_rebuilds(service)}/{rebuild_id}/{how}", {}), httpx.codes.OK)
    console.print(f"{escape(it['projection'])}：{_REBUILDS[it['state']]}。", highlight=False)


def _rebuilds(service: str) -> str:
    return f"/{service}/v1/events/rebuilds"


def _address(service: str, side: str, topic: str, key: str) -> str:
    return f"/{service}/v1/events/held-up/{side}/{topic}/{key}"


async def _all(api: Api, path: str) -> AsyncIterator[Any]:
    """Yield the items of a list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = taken(await api.get(path, limit="100", **cursor), httpx.codes.OK)
        for item in page["items"]:
            yield item
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}
