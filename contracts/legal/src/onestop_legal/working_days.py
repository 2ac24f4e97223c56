"""Working-day arithmetic 工作日 over a given calendar.

The calendar of a year follows the State Council's yearly notice (weekdays off, weekend days worked). A year whose
notice is not out is provisional (暂定). Days here are legal days, dates in Asia/Shanghai.

A notice may reach back into the last days of December before it (that of 2019 took 2018-12-31 off): whoever keeps the
calendar gives the earlier year anew then, and deadlines that fall on those days are computed again.
"""

from bisect import bisect_left, bisect_right
from calendar import isleap
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time: eight hours ahead of UTC all year since 1992; needs no time zone database on the machine."""

_SATURDAY = 5
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Statutory holidays on fixed dates (全国年节及纪念日放假办法 2, as of 2025-01-01)."""


def legal_day(instant: datetime) -> date:
    """Return the legal day of an aware instant: its date in Asia/Shanghai.

    Raises:
        ValueError: when the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a legal day needs an aware instant")
    return instant.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year of the calendar.

    Dates of other years in the sets have no effect; a day in both sets is worked.

    Attributes:
        published: whether the State Council's notice for the year is out; otherwise the year is provisional.
        holidays: weekdays that are off.
        workdays: days of a weekend that are worked 调休.
    """

    year: int
    published: bool
    holidays: frozenset[date]
    workdays: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day`, of this year, is a working day."""
        if day in self.workdays:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


@lru_cache(maxsize=256)
def _unknown_year(year: int) -> CalendarYear:
    holidays = frozenset(date(year, month, day) for month, day in _FIXED_HOLIDAYS)
    return CalendarYear(year, published=False, holidays=holidays, workdays=frozenset())


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a limit.

    Attributes:
        provisional: the way to it leads through a year whose calendar is not published; it may move.
    """

    day: date
    provisional: bool


@lru_cache(maxsize=256)
def _working_days(year: CalendarYear) -> tuple[date, ...]:
    """Return the working days of a year, ascending; cached, because calendars are read anew more often than changed."""
    start = date(year.year, 1, 1)
    days = (start + timedelta(n) for n in range(366 if isleap(year.year) else 365))
    return tuple(day for day in days if year.is_working_day(day))


@dataclass(frozen=True)
class Calendar:
    """The working-day calendar; years that nobody gave are weekends and fixed holidays, provisional."""

    years: tuple[CalendarYear, ...]
    _by_year: dict[int, CalendarYear] = field(init=False, repr=False, compare=False)
    _days: dict[int, tuple[date, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the years."""
        object.__setattr__(self, "_by_year", {year.year: year for year in self.years})
        object.__setattr__(self, "_days", {})

    @classmethod
    def of(cls, years: Iterable[CalendarYear]) -> "Calendar":
        """Return the calendar made of `years`, in any order; of the same year given twice the later one holds."""
        by_year = {year.year: year for year in years}
        return cls(tuple(by_year[year] for year in sorted(by_year)))

    @classmethod
    def of_rows(cls, rows: Iterable[Any]) -> "Calendar":
        """Return the calendar that is kept as rows with `year`, `published`, `holidays` and `workdays`."""
        return cls.of(
            CalendarYear(row["year"], row["published"], frozenset(row["holidays"]), frozenset(row["workdays"]))
            for row in rows
        )

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is a working day."""
        return self._year(day.year).is_working_day(day)

    def is_provisional(self, day: date) -> bool:
        """Tell whether the calendar of the day's year is not published yet."""
        return not self._year(day.year).published

    def deadline(self, start: date, days: int) -> Deadline:
        """Return the last day of a limit of `days` working days; the day of the start is not counted.

        2019-01-31 + 5 = 2019-02-12. Zero days end on the start itself. It is provisional as soon as a year on the way
        is not published.

        Raises:
            ValueError: when `days` is negative.
        """
        if days < 0:
            raise ValueError("a limit has no negative length")
        if days == 0:
            return Deadline(start, self.is_provisional(start))
        year, left, provisional = start.year, days, False
        position = bisect_right(self._working(year), start)
        while True:
            working = self._working(year)
            provisional = provisional or not self._year(year).published
            if position + left <= len(working):
                return Deadline(working[position + left - 1], provisional)
            left -= len(working) - position
            year, position = year + 1, 0

    def count(self, start: date, end: date) -> int:
        """Return how many working days lie in (`start`, `end`]; negative when `end` is before `start`."""
        if end < start:
            return -self.count(end, start)
        first, last = self._working(start.year), self._working(end.year)
        if start.year == end.year:
            return bisect_right(first, end) - bisect_right(first, start)
        between = sum(len(self._working(year)) for year in range(start.year + 1, end.year))
        return len(first) - bisect_right(first, start) + between + bisect_right(last, end)

    def next_working_day(self, day: date) -> date:
        """Return `day` when it is a working day, else the first one after it."""
        days = self._working(day.year)
        position = bisect_left(days, day)
        return days[position] if position < len(days) else self._working(day.year + 1)[0]

    def _year(self, year: int) -> CalendarYear:
        return self._by_year.get(year) or _unknown_year(year)

    def _working(self, year: int) -> tuple[date, ...]:
        known = self._days.get(year)
        if known is None:
            known = self._days[year] = _working_days(self._year(year))
        return known
