"""Waiting out errors that pass: the database is away, or somebody else holds what is needed."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.problems import AWAY, Busy, Overloaded, ServiceUnavailable
from onestop_runtime.transaction import T

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0
CONTENDED_SECONDS = 60
"""How long an error that passes is waited out while the database answers; then it is no longer taken for one."""
ANSWER_SECONDS = 2
TRANSIENT = (*AWAY, OSError, Busy, Overloaded, ServiceUnavailable, asyncpg.TransactionRollbackError,
             asyncpg.LockNotAvailableError)  # fmt: skip
"""Errors that pass: what failed is tried again until they do."""

log = logger(__name__)


class Patience:
    """Tries again, later and later.

    Attributes:
        alive_at: when the last attempt began, by the monotonic clock.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.alive_at = time.monotonic()

    async def wait_out(self, place: tuple[str, UUID], step: Callable[[], Awaitable[T]], longest: float = math.inf) -> T:
        """Do `step` for the aggregate at `place`; as long as it fails by an error that passes, do it again.

        While the database is away, that is for as long as it takes; else for `longest` seconds, then the error leaves.
        """
        delay, since = FIRST_DELAY_SECONDS, time.monotonic()
        while True:
            self.alive_at = time.monotonic()
            try:
                return await step()
            except TRANSIENT as error:
                log.warning("message waits", topic=place[0], key=str(place[1]), error=type(error).__name__)
                if not await self._database_answers():
                    since = time.monotonic()
                elif time.monotonic() - since > longest:
                    raise
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)

    async def _database_answers(self) -> bool:
        try:
            await self._context.pool.fetchval("SELECT 1", timeout=ANSWER_SECONDS)
        except (*TRANSIENT, TimeoutError, asyncpg.PostgresError):
            return False
        return True
