"""How many may do something at once, and how many may wait for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from starlette.requests import Request

from onestop_runtime.problems import Overloaded


class Turns:
    """Lets so many in at once, has so many wait in order, and tells the next one to come back."""

    def __init__(self, at_once: int, queue: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._queue = queue
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it while the body runs.

        Raises:
            Overloaded: when too many wait already.
        """
        if self._waiting >= self._queue:
            raise Overloaded("当前登录人数过多，请稍后再试。", retry_after=5)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


def turn_of(request: Request) -> AbstractAsyncContextManager[None]:
    """Return the turn in which a request is served; none is needed while the gateway has not reached its database."""
    turns = getattr(request.app.state.context.state, "turns", None)
    return turns.turn() if isinstance(turns, Turns) else nullcontext()
