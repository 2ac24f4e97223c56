"""The keys that sign the tokens of a running stack, shown and rotated as its administrator."""

import httpx
from rich.console import Console
from rich.table import Column, Table

from onestop_local.registry import administrator, taken
from onestop_local.stack import Stack

_PATH = "/gateway/v1/signing-keys"


async def show(stack: Stack, console: Console) -> None:
    """Show every signing key and its times; raises `LocalError`."""
    names = ("密钥", "算法", "启用", "停止签名", "不再相信")
    table = Table(*(Column(name, overflow="fold") for name in names))
    async with administrator(stack) as api:
        for key in taken(await api.get(_PATH), httpx.codes.OK):
            table.add_row(
                key["kid"],
                key["algorithm"],
                *(key[name] or "" for name in ("signs_from", "retired_at", "forgotten_at")),
            )
    console.print(table)


async def rotate(stack: Stack, console: Console, *, at_once: bool) -> None:
    """Publish the keys that sign next, or have them sign at once in place of stolen ones; raises `LocalError`."""
    async with administrator(stack) as api:
        new = taken(await api.post(_PATH, {"at_once": at_once}), httpx.codes.CREATED)
    for key in new:
        text = f"已公布签名密钥 {key['kid']}（{key['algorithm']}），{key['signs_from']} 起启用。"
        console.print(text, highlight=False, soft_wrap=True)
