"""The clock of a limit 期限: intervals of time that is not counted, never a counter.

A limit runs from the day of acceptance, which is not counted itself. What is used, what remains, the last day and
the warning light are computed each time from the intervals and the calendar. The statutory and the promised limit of
a proceeding are two clocks over the same intervals.

The rule for stops, in whole legal days (行政许可法 45 says that the time is not counted, not from which hour on):

1. A stop from `start` to `end` leaves out the days after `start` through `end`: the day on which it begins still
   counts, the day on which it ends does not. Limits themselves are counted the same way.
2. A day is left out once, however many stops lie over it.
3. A stop has an effect only if it begins while the limit still runs, on its last day at the latest; a limit that is
   over stays over. One that begins on the last day holds the limit there: it is over when the stop is.
4. Only causes the law names stop the clock; an interval with another cause is kept, and the clock runs on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError
from onestop_legal.working_days import Calendar, Deadline

Light = Literal["green", "yellow", "red"]


class StopCause(CodeList):
    """特别程序: the procedures whose time is not counted (行政许可法 45)."""

    HEARING = "hearing", "听证"
    TENDER = "tender", "招标"
    AUCTION = "auction", "拍卖"
    INSPECTION = "inspection", "检验"
    TESTING = "testing", "检测"
    QUARANTINE = "quarantine", "检疫"
    APPRAISAL = "appraisal", "鉴定"
    EXPERT_REVIEW = "expert_review", "专家评审"


class RunningStep(CodeList):
    """Steps that look like a special procedure and are none: the clock runs on (not named by 行政许可法 45)."""

    ON_SITE_CHECK = "on_site_check", "现场勘验"


ARTICLE_45: frozenset[str] = frozenset(cause.value for cause in StopCause)


class StopEndsBeforeItBegins(NamedError):
    """The end of a stop lies before its beginning."""

    slug = "clock-stop-ends-too-early"
    title = "不计时期间的结束日不能早于开始日"
    status = 422


@dataclass(frozen=True, slots=True)
class Interval:
    """A special procedure: the days after `start` through `end`; open while `end` is None.

    Attributes:
        cause: a code of `StopCause`; any other does not stop a statutory clock.
        basis: law and article, as the applicant is told.

    Raises:
        StopEndsBeforeItBegins: when it would.
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
    """When a light turns yellow: at this share of the limit or this number of days left, whichever comes first."""

    share: float = 0.2
    days: int = 2

    def ahead(self, days: int) -> int:
        """Return with how many days left a limit of `days` turns yellow."""
        return min(max(int(round(self.share * days, 6)), self.days), days)


DEFAULT_THRESHOLDS = Thresholds()

_Span = tuple[date, date | None]
"""The days after the first through the second; None for open."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of one proceeding.

    Attributes:
        start: legal day of acceptance.
        days: length in working days (or natural days), extension included.
        stops: in any order; they may overlap and be open.
        natural: count every day instead of working days, the last one not moved when it is a holiday.
        causes: which causes stop it; a special law may name more than 行政许可法 45.
    """

    start: date
    days: int
    stops: tuple[Interval, ...] = ()
    natural: bool = False
    causes: frozenset[str] = ARTICLE_45

    @property
    def stopped(self) -> bool:
        """Whether a stop is open."""
        return any(stop.end is None and stop.cause in self.causes for stop in self.stops)

    def extended(self, days: int) -> "Clock":
        """Return the clock with its limit prolonged by `days` (行政许可法 42: once, by the head of the organ)."""
        return replace(self, days=self.days + days)

    def used(self, calendar: Calendar, upto: date) -> int:
        """Return how many days of the limit are used at the end of the legal day `upto`."""
        total = max(self._count(calendar, self.start, upto), 0)
        if not self.stops or not total:
            return total
        _, spans = self._run(calendar)
        return total - sum(max(self._count(calendar, begin, min(end or upto, upto)), 0) for begin, end in spans)

    def remaining(self, calendar: Calendar, upto: date) -> int:
        """Return how many days are left after `upto`; negative when the limit is over by that many days."""
        return self.days - self.used(calendar, upto)

    def deadline(self, calendar: Calendar) -> Deadline | None:
        """Return the last day of the limit, or None while the clock stands still."""
        return self._run(calendar)[0]

    def light(self, calendar: Calendar, today: date, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Light:
        """Return the warning light 红黄灯 on the legal day `today`: red when over, yellow when little is left.

        Over means past the last day, on a weekend too; while the clock stands still the light does not turn.
        """
        deadline = self.deadline(calendar)
        if deadline and today > deadline.day:
            return "red"
        return "yellow" if self.remaining(calendar, today) <= thresholds.ahead(self.days) else "green"

    def turns_yellow(self, calendar: Calendar, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> date | None:
        """Return the first day with a yellow light, or None while the clock stands still before it."""
        days = self.days - thresholds.ahead(self.days)
        day = self._after(calendar, self.start, days).day
        for begin, end in self._run(calendar)[1]:
            if begin >= day:
                break
            if end is None:
                return None
            day = self._after(calendar, day, self._count(calendar, begin, end)).day
        return day

    def turns_red(self, calendar: Calendar) -> date | None:
        """Return the first day with a red light, or None while the clock stands still."""
        deadline = self.deadline(calendar)
        return deadline.day + timedelta(1) if deadline else None

    def _run(self, calendar: Calendar) -> tuple[Deadline | None, Sequence[_Span]]:
        """Return the last day (None: stands still) and the stops that have an effect."""
        end = self._after(calendar, self.start, self.days)
        spans: list[_Span] = []
        for begin, finish in self._merged():
            if begin > end.day:
                break
            spans.append((begin, finish))
            if finish is None:
                return None, spans
            left_out = self._count(calendar, begin, finish)
            if left_out:
                further = self._after(calendar, end.day, left_out)
                end = Deadline(further.day, further.provisional or end.provisional)
        return end, spans

    def _merged(self) -> Sequence[_Span]:
        """Return the stops of this clock, ascending, not before its start, joined where they overlap or touch."""
        spans: list[_Span] = []
        for stop in sorted(self.stops, key=lambda stop: stop.start):
            if stop.cause not in self.causes or (stop.end is not None and stop.end <= self.start):
                continue
            begin, end = max(stop.start, self.start), stop.end
            if spans and (spans[-1][1] is None or begin <= spans[-1][1]):
                begin, former = spans.pop()
                end = None if former is None or end is None else max(former, end)
            spans.append((begin, end))
        return spans

    def _count(self, calendar: Calendar, start: date, end: date) -> int:
        return (end - start).days if self.natural else calendar.count(start, end)

    def _after(self, calendar: Calendar, start: date, days: int) -> Deadline:
        if self.natural:
            return Deadline(start + timedelta(days), provisional=False)
        return calendar.deadline(start, days)
