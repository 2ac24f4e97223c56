"""What every fault is."""

import random
from typing import Protocol

from breaking.stand import Stand


class NotPossible(Exception):
    """The machine does not let us break this; the text says why."""


class Fault(Protocol):
    """Something that goes wrong.

    Attributes:
        name: what the report calls it.
    """

    @property
    def name(self) -> str:
        """What the report calls it."""

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Break something, and mend it again where that has an end; raises `NotPossible`."""
