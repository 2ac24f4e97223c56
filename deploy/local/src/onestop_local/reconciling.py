"""`onestop reconcile`: have the books of a running stack compared now, and say what does not add up."""

import asyncio
import time
from datetime import date
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from onestop_local.browser import Api
from onestop_local.errors import LocalError
from onestop_local.registry import signed_in, taken
from onestop_local.stack import Stack

PATH = "/workflow/v1/conservation"
_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 600.0
_CASES = {
    "waiting": "待受理",
    "refused": "不予受理",
    "withdrawn": "撤回",
    "in_procedure": "在办",
    "concluded": "办结",
    "unaccounted": "去向不明",
}


async def reconcile(stack: Stack, console: Console, since: date | None, until: date | None) -> bool:
    """Compare, show the totals and whatever does not add up; return whether everything does.

    Raises:
        LocalError: when the stack does not do it, or some service did not show its books.
    """
    async with signed_in(stack, "operator") as api:
        run = await compare(api, since, until)
        _show(console, run["result"])
        findings = await unresolved(api)
    if findings:
        console.print(_table(findings))
    if run["error"]:
        raise LocalError(run["error"], "该服务恢复后再对账。")
    balanced: bool = run["result"]["balanced"]
    return balanced


async def compare(api: Api, since: date | None = None, until: date | None = None) -> dict[str, Any]:
    """Have the books compared and return the run when it is done; raises `LocalError`."""
    wanted = {"since": since and since.isoformat(), "until": until and until.isoformat()}
    run = taken(await api.post(f"{PATH}/runs", wanted), httpx.codes.ACCEPTED)
    end = time.monotonic() + _PATIENCE_SECONDS
    while not run["ended_at"]:
        if time.monotonic() > end:
            raise LocalError("对账没有按时完成。", "查看 svc-workflow 的日志。")
        await asyncio.sleep(_POLL_SECONDS)
        run = taken(await api.get(f"{PATH}/runs/{run['id']}"), httpx.codes.OK)
    done: dict[str, Any] = run
    return done


async def unresolved(api: Api) -> list[dict[str, Any]]:
    """Return everything that does not add up at present; raises `LocalError`."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = taken(await api.get(f"{PATH}/findings", limit="100", **cursor), httpx.codes.OK)
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def _show(console: Console, result: dict[str, Any]) -> None:
    cases = result["cases"]
    parts = " + ".join(f"{name} {cases[key]}" for key, name in _CASES.items() if cases[key] or key != "unaccounted")
    console.print(f"收件 {cases['submitted']} = {parts}", highlight=False)
    procedure = result["procedure"]
    office = f"在办 {procedure['running']} + 已决定 {procedure['decided']} + 撤回 {procedure['withdrawn']}"
    console.print(f"受理 {procedure['accepted']}，审批部门 {office}", highlight=False)
    for one in result["obligations"]:
        console.print(f"{one['name']}：应有 {one['owed']}，已有 {one['met']}", highlight=False)
    word = "[green]✔ 守恒[/green]" if result["balanced"] else "[red]✘ 不守恒[/red]"
    travelling = result["findings"]["travelling"]
    console.print(word + (f"，另有 {travelling} 项在途" if travelling else ""), highlight=False)


def _table(findings: list[dict[str, Any]]) -> Table:
    table = Table("法定日", "问题", "服务", "办件或决定", "应由事件送达", "事件到了哪里", "情况")
    for one in findings:
        event = one["event"]
        number = f" #{event['sequence']}" if event["sequence"] else ""
        table.add_row(
            one["day"],
            one["flaw_name"],
            one["service"],
            one["subject"],
            f"{event['type'].removeprefix('cn.onestop.')}{number}",
            one["stage_name"] or "",
            one["standing_name"],
        )
    return table
