"""Waiting for what others make true."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.02)


async def until_logged(caplog: pytest.LogCaptureFixture, event: str, times: int = 1) -> None:
    """Wait until the log has told `event` so many times."""

    async def logged() -> bool:
        return caplog.messages.count(event) >= times

    await until(logged)
