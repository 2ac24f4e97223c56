"""The clock of a limit: intervals of counted and not counted time, never a counter.

A limit runs from the day of acceptance (not counted itself, see `working_days`). Stops are intervals of legal days;
the working days in them are not counted. What is used and what remains is computed each time, from the intervals
and the calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from onestop_legal.errors import NamedError
from onestop_legal.working_days import Calendar, Deadline

Light = Literal["green", "yellow", "red"]


class StopCause(StrEnum):
    """特别程序: what the law does not count (行政许可法 45). 现场勘验 is not among them: it never stops the clock."""

    HEARING = "hearing"
    TENDER = "tender"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return _CAUSES[self]


_CAUSES = {
    StopCause.HEARING: "听证",
    StopCause.TENDER: "招标",
    StopCause.AUCTION: "拍卖",
    StopCause.INSPECTION: "检验",
    StopCause.TESTING: "检测",
    StopCause.QUARANTINE: "检疫",
    StopCause.APPRAISAL: "鉴定",
    StopCause.EXPERT_REVIEW: "专家评审",
}


class StopsOverlap(NamedError):
    """A stop begins before the former one has ended."""

    slug = "clock-stops-overlap"
    title = "前一段不计时期间尚未结束"
    status = 409


class StopEndsBeforeItBegins(NamedError):
    """The end of a stop lies before its beginning."""

    slug = "clock-stop-ends-too-early"
    title = "不计时期间的结束日不能早于开始日"
    status = 422


@dataclass(frozen=True, slots=True)
class Interval:
    """A stop: time not counted, from the day after `start` through `end`; open while `end` is None.

    The day on which the special procedure begins still counts, the day on which it ends does not: exactly the
    working days in (start, end] are left out, the same half-open rule as for limits.
    """

    start: date
    end: date | None
    cause: str
    basis: str

    def __post_init__(self) -> None:
        """Refuse an end before the start."""
        if self.end is not None and self.end < self.start:
            raise StopEndsBeforeItBegins


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a light turns yellow: a share of the limit or a number of working days left, whichever comes first."""

    share: float = 0.2
    days: int = 2


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of one proceeding.

    Attributes:
        start: legal day of acceptance.
        days: length in working days (or natural days), extension included.
        stops: not overlapping, ascending; only the last one may be open.
        natural: count every day instead of working days.
    """

    start: date
    days: int
    stops: tuple[Interval, ...] = ()
    natural: bool = False

    def __post_init__(self) -> None:
        """Refuse stops that overlap."""
        for before, after in zip(self.stops, self.stops[1:], strict=False):
            if before.end is None or after.start < before.end:
                raise StopsOverlap

    @property
    def stopped(self) -> bool:
        """Whether a stop is open."""
        return bool(self.stops) and self.stops[-1].end is None

    def used(self, calendar: Calendar, upto: date) -> int:
        """Return how many days of the limit are used at the end of the legal day `upto`."""
        total = max(self._count(calendar, self.start, upto), 0)
        return total - self._left_out(calendar, upto)

    def remaining(self, calendar: Calendar, upto: date) -> int:
        """Return how many days are left after `upto`; negative when the limit is over."""
        return self.days - self.used(calendar, upto)

    def deadline(self, calendar: Calendar) -> Deadline | None:
        """Return the last day of the limit, or None while the clock stands still."""
        if self.stopped:
            return None
        end = self._after(calendar, self.start, self.days)
        for stop in self.stops:
            if stop.start >= end.day or stop.end is None:
                break
            left_out = self._count(calendar, max(stop.start, self.start), stop.end)
            further = self._after(calendar, end.day, max(left_out, 0))
            end = Deadline(further.day, further.provisional or end.provisional)
        return end

    def light(self, calendar: Calendar, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Light:
        """Return the warning light 红黄灯 on the legal day `today`: red when over, yellow when little is left."""
        left = self.remaining(calendar, today)
        if left < 0:
            return "red"
        return "yellow" if left <= max(thresholds.share * self.days, thresholds.days) else "green"

    def _left_out(self, calendar: Calendar, upto: date) -> int:
        return sum(
            max(self._count(calendar, max(stop.start, self.start), min(stop.end or upto, upto)), 0)
            for stop in self.stops
        )

    def _count(self, calendar: Calendar, start: date, end: date) -> int:
        return (end - start).days if self.natural else calendar.count(start, end)

    def _after(self, calendar: Calendar, start: date, days: int) -> Deadline:
        if self.natural:
            day = start + timedelta(days)
            return Deadline(day, provisional=False)
        return calendar.deadline(start, days)


def close_last(stops: Sequence[Interval], end: date) -> tuple[Interval, ...]:
    """Return `stops` with the open last one ended on `end`."""
    *before, last = stops
    return (*before, Interval(last.start, end, last.cause, last.basis))
