"""Working-day arithmetic 工作日 over a given calendar.

The calendar of a year follows the State Council's yearly notice (weekdays off, weekend days worked). A year whose
notice is not out is provisional (暂定). Days here are legal days, dates in Asia/Shanghai.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Statutory holidays on fixed dates (全国年节及纪念日放假办法 2, as of 2025-01-01)."""


def legal_day(instant: datetime) -> date:
    """Return the legal day of an aware instant: its date in Asia/Shanghai."""
    if instant.tzinfo is None:
        raise ValueError("a legal day needs an aware instant")
    return instant.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year of the calendar.

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


@dataclass(frozen=True, slots=True)
class _Days:
    """The working days of one year, ascending."""

    published: bool
    days: tuple[date, ...]


@dataclass(frozen=True)
class Calendar:
    """The working-day calendar; years that nobody gave are weekends and fixed holidays, provisional."""

    years: tuple[CalendarYear, ...]
    _by_year: dict[int, CalendarYear] = field(init=False, repr=False, compare=False)
    _days: dict[int, _Days] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the years."""
        object.__setattr__(self, "_by_year", {year.year: year for year in self.years})
        object.__setattr__(self, "_days", {})

    @classmethod
    def of(cls, years: Iterable[CalendarYear]) -> "Calendar":
        """Return the calendar made of `years`, in any order."""
        return cls(tuple(sorted(years, key=lambda year: year.year)))

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is a working day."""
        return self._year(day.year).is_working_day(day)

    def is_provisional(self, day: date) -> bool:
        """Tell whether the calendar of the day's year is not published yet."""
        return not self._year(day.year).published

    def deadline(self, start: date, days: int) -> Deadline:
        """Return the last day of a limit of `days` working days; the day of the start is not counted.

        2019-01-31 + 5 = 2019-02-12. Zero days end on the start itself.
        """
        if days < 0:
            raise ValueError("a limit has no negative length")
        if days == 0:
            return Deadline(start, self.is_provisional(start))
        year, left, provisional = start.year, days, False
        position = bisect_right(self._working(year).days, start)
        while True:
            working = self._working(year)
            provisional = provisional or not working.published
            if position + left <= len(working.days):
                return Deadline(working.days[position + left - 1], provisional)
            left -= len(working.days) - position
            year, position = year + 1, 0

    def count(self, start: date, end: date) -> int:
        """Return how many working days lie in (`start`, `end`]; negative when `end` is before `start`."""
        if end < start:
            return -self.count(end, start)
        if start.year == end.year:
            days = self._working(start.year).days
            return bisect_right(days, end) - bisect_right(days, start)
        first = self._working(start.year).days
        between = sum(len(self._working(year).days) for year in range(start.year + 1, end.year))
        return len(first) - bisect_right(first, start) + between + bisect_right(self._working(end.year).days, end)

    def next_working_day(self, day: date) -> date:
        """Return `day` when it is a working day, else the first one after it."""
        days = self._working(day.year).days
        position = bisect_left(days, day)
        return days[position] if position < len(days) else self._working(day.year + 1).days[0]

    def _year(self, year: int) -> CalendarYear:
        return self._by_year.get(year) or _unknown_year(year)

    def _working(self, year: int) -> _Days:
        known = self._days.get(year)
        if known is None:
            rules = self._year(year)
            start = date(year, 1, 1)
            length = (date(year + 1, 1, 1) - start).days
            days = (start + timedelta(n) for n in range(length))
            known = _Days(rules.published, tuple(day for day in days if rules.is_working_day(day)))
            self._days[year] = known
        return known
