"""Time-outs without a timer for each: whoever waits has a moment, and one timer looks at all of them."""

import asyncio
from math import inf
from typing import Final, Protocol

LOOK_SECONDS: Final = 0.1
"""How late a time-out may be noticed."""


class Waiting(Protocol):
    """Somebody with a deadline.

    Attributes:
        deadline: moment of the loop's clock; infinite while nobody is waited for.
    """

    deadline: float

    def too_late(self) -> None:
        """Do what is to be done at the deadline, which is infinite again."""


class Deadlines:
    """Those who may have to wait. To move a deadline costs nothing; to look costs a moment for each."""

    def __init__(self) -> None:
        self._waiting: dict[Waiting, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiting: Waiting) -> None:
        """Look after `waiting` until it is discarded."""
        self._waiting[waiting] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def discard(self, waiting: Waiting) -> None:
        """Look after it no longer."""
        self._waiting.pop(waiting, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for waiting in [one for one in self._waiting if one.deadline <= now]:
            waiting.deadline = inf
            waiting.too_late()
        self._timer = loop.call_later(LOOK_SECONDS, self._look) if self._waiting else None
