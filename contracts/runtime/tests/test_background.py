"""What runs beside the requests of a process, and what becomes of the process when that fails."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from notes import service as notes

from onestop_runtime.context import Context
from onestop_runtime.service import compose

Open = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def startup_fails(_context: Context) -> AsyncIterator[None]:
    raise ValueError("a setting is missing")
    yield


async def worker_fails(_context: Context) -> None:
    raise ValueError("a worker is broken")


@pytest.mark.parametrize(
    "broken", [{"startup": startup_fails}, {"workers": (worker_fails,)}], ids=["startup", "worker"]
)
async def test_a_part_that_fails_ends_the_process_and_says_why(
    service_database: Open, broken: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    service = replace(notes.service(), **broken)
    app = compose(service, service.settings(dsn=await service_database(service), kafka_bootstrap="127.0.0.1:1"))
    app.state.context.ends_process = True
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    try:
        async with asyncio.timeout(10):
            with pytest.raises((ValueError, ExceptionGroup)):
                async with app.router.lifespan_context(app):
                    await told.wait()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    assert "a background part failed" in caplog.messages
