"""Clocks that are set while a process runs."""

import asyncio
import random
from dataclasses import dataclass

from breaking.stand import Stand


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock of one process jumps, and jumps back after a while."""

    process: str
    offset: float
    seconds: float = 6.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"clock of {self.process} {self.offset:+.0f} s"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Set the clock wrong, then right."""
        del chance
        stand.tell(self.process, clock_offset=self.offset)
        await asyncio.sleep(self.seconds)
        stand.tell(self.process, clock_offset=0)
