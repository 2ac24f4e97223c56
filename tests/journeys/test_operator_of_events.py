"""An operator finds an event that failed, tries it again and gives it up, through the door, by `onestop events`."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from rich.console import Console

from onestop_local import events
from onestop_local.registry import signed_in
from onestop_local.stack import Stack
from onestop_messages.catalog import GuideSuspended
from onestop_runtime.transaction import bucket_of

Say = Callable[..., Awaitable[str]]


@pytest.fixture
async def sick(stack: Stack) -> UUID:
    """An aggregate whose only event nobody can read; it tells a name, too."""
    key = uuid4()
    outbox = await asyncpg.connect(stack.service("catalog")["dsn"])
    await outbox.execute(
        "INSERT INTO outbox (bucket, topic, key, sequence, version, type, event_id, occurred_at, payload) "
        "VALUES ($1, $2, $3, 1, 1, $4, $5, $6, $7)",
        bucket_of(key), GuideSuspended.TOPIC, key, GuideSuspended.TYPE, uuid4(),
        datetime.now(UTC),  # noqa: TID251 - the event's own instant
        '{"reason":"张三丰申请"}'.encode(),
    )  # fmt: skip
    await outbox.close()
    return key


@pytest.fixture
def say(stack: Stack) -> Say:
    async def said(command: Callable[..., Awaitable[None]], *arguments: object) -> str:
        written = io.StringIO()
        await command(stack, Console(file=written, width=200), *arguments)
        return written.getvalue()

    return said


async def until_tried(stack: Stack, address: str, attempts: int) -> None:
    """Wait until the event at `address` has failed so many times."""
    async with asyncio.timeout(60), signed_in(stack, "operator") as api:
        while (await api.get(address)).json().get("attempts") != attempts:  # noqa: ASYNC110 - a process makes it true
            await asyncio.sleep(0.1)


async def test_an_operator_sees_what_failed_tries_it_again_and_gives_it_up(stack: Stack, sick: UUID, say: Say):
    place = ("intake", "in", GuideSuspended.TOPIC, str(sick))
    address = f"/intake/v1/events/held-up/in/{GuideSuspended.TOPIC}/{sick}"
    await until_tried(stack, address, 3)
    told = await say(events.show_held_up, "intake")
    assert f"已隔离 {' '.join(place)} --sequence 1" in told
    assert "ValidationError: /item_id missing" in told
    shown = await say(events.show_one, place)
    assert '"张****"' in shown
    assert "三" not in shown
    assert "已要求重放 1 个" in await say(events.replay, "intake", {"key": str(sick)})
    await until_tried(stack, address, 6)
    assert "已放弃第 1 至 1 个事件" in await say(events.discard, place, 1, "发送方已更正")
    assert "发送方已更正" in await say(events.show_discarded, "intake")


async def test_nobody_else_is_let_to_the_tools(stack: Stack):
    async with signed_in(stack, "reviewer") as api:
        assert (await api.get("/intake/v1/events/held-up")).status_code == 403
