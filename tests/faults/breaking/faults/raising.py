"""A consumer whose code raises at random."""

import asyncio
import contextlib
import random
from dataclasses import dataclass

import asyncpg

from breaking.stand import Stand


@dataclass(frozen=True, slots=True)
class RaisingConsumer:
    """Handlers raise after their effect, more often than not; what was set aside by that is replayed afterwards."""

    process: str
    likely: float = 0.5
    seconds: float = 8.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"consumer of {self.process} raises at random"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Have the handlers raise; then replay as an operator does."""
        del chance
        stand.tell(self.process, **{"raise": self.likely})
        await asyncio.sleep(self.seconds)
        stand.tell(self.process)
        await replay(stand, self.process.removeprefix("svc-"))


async def replay(stand: Stand, service: str) -> None:
    """Let a service apply what it has set aside: the dead letters are removed and the consumers start anew."""
    connection = await asyncpg.connect(stand.records().dsns[service])
    try:
        poisoned = list(stand.poisoned)
        removed = await connection.fetch(
            "DELETE FROM dead_letter WHERE NOT key = ANY($1::uuid[]) RETURNING 1", poisoned
        )
    finally:
        await connection.close()
    if removed:
        for worker in [one for one in stand.workers if one.name == f"second svc-{service}"]:
            with contextlib.suppress(OSError):
                stand.kill_worker(worker)
        await stand.until_replaced(f"svc-{service}", stand.kill(f"svc-{service}"))
