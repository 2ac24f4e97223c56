"""Case numbers, drawn in company: who submits at the same moment shares one visit to the counter.

A counter row that stays locked until the commit of each submission would let one item receive one application per
fsync. So numbers are drawn on a connection of their own, and the draw itself does not wait for the disk: the commit of
the case comes after it in the log, hence no case is durable whose number is not. A submission that fails after
drawing leaves a gap, which is harmless: numbers name cases, they do not count them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

import asyncpg

from onestop_runtime.database import close_pool, open_pool
from onestop_runtime.settings import ServiceSettings

_DRAW = """
WITH at_ease AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO case_counter AS c (item_code, day, last) SELECT $1, $2, $3::bigint FROM at_ease
ON CONFLICT (item_code, day) DO UPDATE SET last = c.last + excluded.last
RETURNING last
"""


@dataclass(slots=True, eq=False)
class _Ticket:
    """One who waits; no ticket equals another."""

    serial: int | None = None


class CaseNumbers:
    """Draws serial numbers per implementation and legal day."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._counter = asyncio.Lock()
        self._waiting: dict[tuple[str, date], list[_Ticket]] = {}

    async def draw(self, item_code: str, day: date) -> int:
        """Return the next serial number, from 1, of an implementation on a legal day; never the same twice."""
        place = (item_code, day)
        ticket = _Ticket()
        self._waiting.setdefault(place, []).append(ticket)
        try:
            async with self._counter:
                if ticket.serial is None:
                    await self._draw_for_all(place)
        except BaseException:
            waiting = self._waiting.get(place, [])
            if ticket in waiting:
                waiting.remove(ticket)
            raise
        assert ticket.serial  # noqa: S101 - whoever drew for all has drawn for this ticket
        return ticket.serial

    async def _draw_for_all(self, place: tuple[str, date]) -> None:
        """Draw as many numbers as are waited for at this moment."""
        tickets = self._waiting.pop(place)
        try:
            last = await self._pool.fetchval(_DRAW, *place, len(tickets))
        except BaseException:
            self._waiting.setdefault(place, []).extend(tickets)
            raise
        for offset, ticket in enumerate(reversed(tickets)):
            ticket.serial = last - offset


@asynccontextmanager
async def case_numbers(settings: ServiceSettings) -> AsyncIterator[CaseNumbers]:
    """Open the counter's own connection."""
    pool = await open_pool(settings.model_copy(update={"pool_size": 1}))
    try:
        yield CaseNumbers(pool)
    finally:
        await close_pool(pool)
