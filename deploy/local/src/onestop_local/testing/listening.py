"""An application of this process behind a port, for programs that know only addresses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

KEEP_ALIVE_SECONDS = 75
"""As the processes of the stack: longer than a device waits between two polls, or its next one may meet the close."""


@asynccontextmanager
async def listening(app: Any, port: int) -> AsyncIterator[None]:
    """Serve `app` on a port of this machine until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, timeout_keep_alive=KEEP_ALIVE_SECONDS)
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn says so by this attribute alone
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            server.should_exit = True
