"""Counts requests against rates, in the memory of this process or of all processes of a machine.

What is kept for a subject is one number: the moment at which what it has sent is refilled. When that moment is past,
nothing needs to be known of it; so the table has a fixed size, and a new subject takes the place of one that is done
with.
"""

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

from gateway.edge.rates import Rate, TooManyRequests

Charge = tuple[int, Rate]
"""Whom a request is counted for (see `subject`), and what he is held to."""

SUBJECTS: Final = 512 * 1024
_WAYS: Final = 8
_WORD: Final = 8
_REMEMBERED: Final = 32 * 1024
"""Of how many it is known where they stand; of others it is found again, in a moment."""


class Limiter(Protocol):
    """Lets a request through, or not."""

    @property
    def shared(self) -> bool:
        """Other machines are asked, so that `take` has to wait."""

    async def take(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request; return for each charge how many seconds it takes until nothing of it is owed.

        The first charge that is exhausted refuses: those before it are counted, those after it are not. So who is held
        to his own rate first uses up nothing that he shares with others.

        Raises:
            TooManyRequests: when one of the rates lets no more through.
        """

    def take_here(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request as `take` does, but without asking other machines."""


def subject(kind: str, name: str) -> int:
    """Return the number, never 0, that stands for somebody in the table; the same in every process."""
    return int.from_bytes(blake2b(f"{kind}\0{name}".encode(), digest_size=8).digest(), "little") or 1


class LocalLimiter:
    """Keeps what is owed in a table of fixed size.

    Args:
        path: file that all processes of the machine share; without it each process counts alone.
        subjects: how many the table holds, a power of two.
        clock: seconds since a moment that is the same in all processes of the machine.

    Raises:
        OSError: when the file cannot be opened.
        ValueError: when it was made for another number of subjects.
    """

    shared: Final = False

    def __init__(
        self, path: Path | None = None, *, subjects: int = SUBJECTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        size = 2 * subjects * _WORD
        self._clock = clock
        self._file = _opened(path, size) if path else -1
        memory = memoryview(mmap.mmap(self._file, size))
        self._subjects = memory[: size // 2].cast("Q")
        self._refilled_at = memory[size // 2 :].cast("d")
        self._mask = subjects // _WAYS - 1
        self._places: dict[int, int] = {}

    async def take(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request; see `Limiter`."""
        return self.take_here(charges)

    def take_here(self, charges: Sequence[Charge]) -> list[float]:
        """Count one request; waits for nothing but, for a moment, another process."""
        if self._file < 0:
            return self._take(charges)
        fcntl.flock(self._file, fcntl.LOCK_EX)  # let go by the kernel when this process is killed
        try:
            return self._take(charges)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _take(self, charges: Sequence[Charge]) -> list[float]:
        now = self._clock()
        refilled_at = self._refilled_at
        owed = []
        for who, rate in charges:
            place = self._places.get(who, -1)
            if place < 0 or self._subjects[place] != who:
                place = self._place_of(who)
            before = refilled_at[place] - now
            # More than a rate lets anybody owe is left from before a restart of the machine, or from other rates.
            after = before + rate.period if 0.0 < before <= rate.most else rate.period
            if after > rate.most:
                raise TooManyRequests(rate, before)
            refilled_at[place] = now + after
            owed.append(after)
        return owed

    def _place_of(self, who: int) -> int:
        """Return where `who` stands, or may stand from now on: where the least is owed among a few places."""
        first = (who & self._mask) * _WAYS
        places = range(first, first + _WAYS)
        found = next((place for place in places if self._subjects[place] == who), None)
        if found is None:
            found = min(places, key=self._refilled_at.__getitem__)
            self._subjects[found] = who
            self._refilled_at[found] = 0.0
        if len(self._places) >= _REMEMBERED:
            self._places.clear()
        self._places[who] = found
        return found


def _opened(path: Path, size: int) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    found = os.fstat(file).st_size
    if found not in (0, size):
        os.close(file)
        raise ValueError(f"{path} was made for another number of subjects")
    os.ftruncate(file, size)  # of several processes that start at the same moment, each does the same
    return file
