"""A consumer whose code raises at random."""

import asyncio
import random
from dataclasses import dataclass

import asyncpg

from breaking.stand import Stand

_AGAIN = "UPDATE dead_letter SET replay_at = clock_timestamp() WHERE NOT key = ANY($1::uuid[]) RETURNING key"


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
    """Have a service try again what it has set aside, until nothing is left but what was poisoned on purpose."""
    connection = await asyncpg.connect(stand.records().dsns[service])
    try:
        while await connection.fetch(_AGAIN, list(stand.poisoned)):  # noqa: ASYNC110 - the service makes it true
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
