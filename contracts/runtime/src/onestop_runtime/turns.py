"""How many may do something at once, and how many may wait for it: beyond that, the next one is told to come back."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from onestop_runtime.problems import Overloaded


class Turns:
    """Lets so many in at once, has so many wait in order, and tells the next one to come back.

    A queue that is short is soon over: who waits in it is served while somebody still wants his answer.

    Args:
        at_once: how many are in at most.
        queue: how many wait at most.
        longest: seconds after which one who waits is told to come back, too.
        detail: what those are told.
        retry_after: seconds after which they may come back.
        refused: called for each of them.
    """

    def __init__(
        self,
        at_once: int,
        queue: int,
        *,
        longest: float = math.inf,
        detail: str = "",
        retry_after: int = 1,
        refused: Callable[[], None] | None = None,
    ) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._queue = queue
        self._waiting = 0
        self._longest = longest if longest < math.inf else None
        self._detail = detail
        self._retry_after = retry_after
        self._refused = refused

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it while the body runs.

        Raises:
            Overloaded: when too many wait already, or one has waited too long.
        """
        if self._waiting >= self._queue:
            raise self._overloaded()
        if self._turns.locked():
            await self._wait()
        else:
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    async def _wait(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._longest):
                await self._turns.acquire()
        except TimeoutError as error:
            raise self._overloaded() from error
        finally:
            self._waiting -= 1

    def _overloaded(self) -> Overloaded:
        if self._refused:
            self._refused()
        return Overloaded(self._detail, retry_after=self._retry_after)
