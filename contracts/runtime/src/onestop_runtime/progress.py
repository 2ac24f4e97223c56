"""How far a service has come in the events it follows, and who waits until it has come further.

Whoever waits holds no connection. The consumer of the same process wakes him when it has committed; what another
process has applied, and what is held up, is found by one look for all who wait, as long as anybody does.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from onestop_legal.errors import NamedError
from onestop_runtime import metrics
from onestop_runtime.logs import logger
from onestop_runtime.positions import MOST, Place, PositionHeldUp, PositionNotReached, Positions
from onestop_runtime.transaction import acquired
from onestop_runtime.turns import Turns

if TYPE_CHECKING:
    from onestop_runtime.service import Service

LOOK_SECONDS = 0.05
"""Between two looks for all who wait."""
MOST_WAITED_FOR = 200
"""Positions waited for in a process at a time; who comes then is told at once that they are not reached. Far below what
the edge lets be under way at a service: when a consumer stands still, who has nothing to wait for is still served."""
MOST_OF_ONE = MOST
"""How many of them one caller may wait for: who makes tokens up keeps nobody else from waiting."""
HELD_UP_SECONDS = 60
"""When to ask again for what somebody has to look after first."""

log = logger(__name__)

# What waits behind a gap or a dead letter is parked, and the dead letter itself as well.
_LOOK = """
SELECT w.topic, w.key, coalesce(i.last, s.last, 0) AS last,
    EXISTS (
        SELECT FROM parked p WHERE p.topic = w.topic AND p.key = w.key AND p.sequence > coalesce(i.last, 0)
    ) AS held_up
FROM unnest($1::text[], $2::uuid[], $3::boolean[]) AS w (topic, key, own)
LEFT JOIN inbox i ON i.topic = w.topic AND i.key = w.key AND NOT w.own
LEFT JOIN outbox_sequence s ON s.topic = w.topic AND s.key = w.key AND w.own
"""


@dataclass(slots=True, eq=False)
class _Waiter:
    """Somebody who waits.

    Attributes:
        missing: what has not been reached yet.
        ended: done when nothing is missing any more, or nothing will come.
    """

    missing: dict[Place, int]
    ended: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Progress:
    """How far one service has come, as one of its processes knows it."""

    def __init__(self, service: "Service", turns: Turns) -> None:
        self._service = service.name
        self._turns = turns
        self._followed = frozenset(subscription.topic for subscription in service.subscriptions)
        self._waiters: dict[Place, set[_Waiter]] = {}
        self._waited_for: Counter[Hashable] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._looking: set[asyncio.Task[None]] = set()

    def concerns(self, positions: Positions) -> dict[Place, int]:
        """Return those of `positions` that this service follows, or has made itself."""
        return {place: last for place, last in positions.items() if self._knows(place[0])}

    async def reach(self, pool: asyncpg.Pool, who: Hashable, positions: Positions, seconds: float) -> None:
        """Return when the service has come to all `positions`, which concern it.

        Args:
            pool: of the service's database; no connection is held while waiting, nor a turn.
            who: whoever has a share of his own in the waiting.
            positions: as `concerns` returns them.
            seconds: how long to wait.

        Raises:
            PositionNotReached: when it has not come there in time, or too many wait already.
            PositionHeldUp: when it will not come there before somebody has looked after what holds it up.
            Overloaded: when too many requests wait for a connection.
            ServiceUnavailable: when the database is not reached.
        """
        began = time.monotonic()
        outcome = "failed"
        waiter = _Waiter(dict(positions))
        self._enlist(waiter)  # before the first look: nothing that is committed meanwhile goes by unseen
        try:
            async with self._turns.turn():
                await self._look(pool, list(positions))
            if not waiter.ended.done():
                await self._wait(pool, who, waiter, seconds)
            waiter.ended.result()
            outcome = "reached"
        except (PositionNotReached, PositionHeldUp) as error:
            outcome = error.slug.removeprefix("position-")
            raise
        finally:
            self._dismiss(waiter, positions)
            metrics.POSITION_SECONDS.labels(self._service, outcome).observe(time.monotonic() - began)

    def advanced(self, places: Iterable[tuple[Place, int]]) -> None:
        """Wake who waits for what is reached by now: each place with the last sequence that is committed there."""
        for place, last in places:
            for waiter in self._waiters.get(place, ()):
                if waiter.missing.get(place, last + 1) <= last:
                    del waiter.missing[place]
                    if not waiter.missing and not waiter.ended.done():
                        waiter.ended.set_result(None)

    def _knows(self, topic: str) -> bool:
        return topic in self._followed or topic.startswith(f"onestop.{self._service}.")

    def _enlist(self, waiter: _Waiter) -> None:
        for place in waiter.missing:
            self._waiters.setdefault(place, set()).add(waiter)

    def _dismiss(self, waiter: _Waiter, positions: Positions) -> None:
        waiter.ended.cancel()
        for place in positions:
            self._waiters[place].discard(waiter)
            if not self._waiters[place]:
                del self._waiters[place]
        if not self._waiters and self._timer:
            self._timer.cancel()
            self._timer = None

    async def _wait(self, pool: asyncpg.Pool, who: Hashable, waiter: _Waiter, seconds: float) -> None:
        missing = len(waiter.missing)
        if self._waited_for.total() + missing > MOST_WAITED_FOR or self._waited_for[who] + missing > MOST_OF_ONE:
            log.warning("too many positions are waited for", all=self._waited_for.total(), own=self._waited_for[who])
            raise PositionNotReached(retry_after=1)
        self._count(who, missing)
        self._look_later(pool)
        try:
            async with asyncio.timeout(seconds):
                await waiter.ended
        except TimeoutError as error:
            (topic, key), last = next(iter(waiter.missing.items()))
            log.info("position not reached in time", topic=topic, key=str(key), sequence=last, seconds=seconds)
            raise PositionNotReached(retry_after=1) from error
        finally:
            self._count(who, -missing)

    def _count(self, who: Hashable, positions: int) -> None:
        self._waited_for[who] += positions
        if not self._waited_for[who]:
            del self._waited_for[who]
        metrics.POSITIONS_WAITED_FOR.labels(self._service).set(self._waited_for.total())

    async def _look(self, pool: asyncpg.Pool, places: Sequence[Place]) -> None:
        """Find out how far `places` have come; who waits for them is told."""
        topics, keys = zip(*places, strict=True)
        own = [topic not in self._followed for topic in topics]
        async with acquired(pool) as connection:
            rows = await connection.fetch(_LOOK, topics, keys, own)
        self.advanced(((row["topic"], row["key"]), row["last"]) for row in rows)
        for row in rows:
            if row["held_up"]:
                self._hold_up((row["topic"], row["key"]))

    def _hold_up(self, place: Place) -> None:
        for waiter in self._waiters.get(place, ()):
            if place in waiter.missing and not waiter.ended.done():
                log.info("position is held up", topic=place[0], key=str(place[1]), sequence=waiter.missing[place])
                waiter.ended.set_exception(PositionHeldUp(retry_after=HELD_UP_SECONDS))
                waiter.ended.exception()  # who has left does not look, and that is no loss

    def _look_later(self, pool: asyncpg.Pool) -> None:
        if self._waiters and self._timer is None and not self._looking:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look_now, pool)

    def _look_now(self, pool: asyncpg.Pool) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self._look_for_all(pool))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)
        task.add_done_callback(lambda _task: self._look_later(pool))

    async def _look_for_all(self, pool: asyncpg.Pool) -> None:
        places = list(self._waiters)
        if not places:
            return
        try:
            await self._look(pool, places)
        except (NamedError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("could not look how far events have come", error=type(error).__name__)
