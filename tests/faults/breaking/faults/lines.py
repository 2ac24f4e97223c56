"""Lines that break, that are slow, and that nobody hears anything through though they are open."""

import asyncio
import random
from dataclasses import dataclass
from typing import Literal

from breaking.proxy import Direction, Line
from breaking.stand import Stand

Server = Literal["PostgreSQL", "Kafka"]


def _line(stand: Stand, server: Server) -> Line:
    return stand.to_postgres if server == "PostgreSQL" else stand.to_kafka


@dataclass(frozen=True, slots=True)
class CutLine:
    """Connections break again and again, a random half of them at a time; then all of them, for some seconds."""

    server: Server
    seconds: float = 4.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"connections to {self.server} cut"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Cut, and let them in again."""
        line = _line(stand, self.server)
        for _ in range(6):
            line.cut(lambda: chance.random() < 0.5)
            await asyncio.sleep(chance.random() * 0.5)
        line.take_down()
        await asyncio.sleep(self.seconds)
        line.heal()


@dataclass(frozen=True, slots=True)
class HalfOpenLine:
    """Connections stay open, and nothing comes through in a direction, or in both."""

    server: Server
    directions: tuple[Direction, ...]
    seconds: float = 8.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        way = {("to",): "towards", ("from",): "from"}.get(self.directions, "to and from")
        return f"half-open connections: nothing {way} {self.server}"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Hold back what is sent, then let it through, late."""
        line = _line(stand, self.server)
        line.hold(*self.directions, choose=lambda: chance.random() < 0.7)
        await asyncio.sleep(self.seconds)
        line.heal()


@dataclass(frozen=True, slots=True)
class SlowLine:
    """Every piece of data waits, each way."""

    server: Server
    delay: float = 0.15
    seconds: float = 8.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"slow connections to {self.server} ({2 * self.delay * 1000:.0f} ms a round trip)"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Slow the line down."""
        del chance
        line = _line(stand, self.server)
        line.delay = self.delay
        await asyncio.sleep(self.seconds)
        line.heal()
