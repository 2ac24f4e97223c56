"""A circuit breaker: an upstream that fails again and again is left alone for a moment."""

from collections.abc import Callable
from math import ceil

from gateway.edge.failures import UpstreamUnavailable


class Breaker:
    """Opens after `threshold` failures running; lets one request try after a pause that doubles up to a limit.

    What counts as failure: no connection, no answer, an answer broken before its head. A status is an answer.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        threshold: int = 5,
        pause_seconds: float = 1.0,
        longest_pause_seconds: float = 15.0,
    ) -> None:
        self._clock = clock
        self._threshold = threshold
        self._first_pause = pause_seconds
        self._longest_pause = longest_pause_seconds
        self._pause = pause_seconds
        self._failures = 0
        self._closed_again_at = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """The upstream is being left alone, or is being tried by one request."""
        return self._failures >= self._threshold

    def permit(self) -> None:
        """Let a request through.

        Raises:
            UpstreamUnavailable: while the upstream is left alone.
        """
        if self._failures < self._threshold:
            return
        wait = self._closed_again_at - self._clock()
        if wait > 0 or self._trying:
            raise UpstreamUnavailable(retry_after=max(1, ceil(wait)))
        self._trying = True

    def succeeded(self) -> None:
        """Note an answer."""
        if self._failures:
            self._failures = 0
            self._pause = self._first_pause
        self._trying = False

    def failed(self) -> None:
        """Note a failure."""
        self._failures += 1
        if self._trying:
            self._pause = min(self._pause * 2, self._longest_pause)
        if self._trying or self._failures == self._threshold:  # what fails late was asked before: it tells nothing new
            self._closed_again_at = self._clock() + self._pause
        self._trying = False

    def undecided(self) -> None:
        """Note that a permitted request ended without telling anything about the upstream."""
        self._trying = False
