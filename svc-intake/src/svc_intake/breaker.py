"""A circuit breaker: what has failed again and again is left alone for a while, then tried once."""

from collections.abc import Callable


class Breaker:
    """Counts failures in a row; open after `limit` of them, for `rest` seconds, then lets one call through."""

    def __init__(self, limit: int, rest: float, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._rest = rest
        self._monotonic = monotonic
        self._failures = 0
        self._closed_again = 0.0

    def lets_through(self) -> bool:
        """Tell whether a call may be tried; when it was open, only one caller gets True per rest."""
        if self._failures < self._limit:
            return True
        now = self._monotonic()
        if now < self._closed_again:
            return False
        self._closed_again = now + self._rest
        return True

    def succeeded(self) -> None:
        """Note that a call went well."""
        self._failures = 0

    def failed(self) -> None:
        """Note that a call failed."""
        self._failures += 1
        if self._failures >= self._limit:
            self._closed_again = self._monotonic() + self._rest
