"""Working days as the law counts them, against the real calendars of 2019–2026 and a slow obvious version."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.working_days import Calendar, CalendarYear, Deadline, legal_day

SATURDAY = 5


def published(year: int) -> CalendarYear:
    days = [date(year, 1, 1) + timedelta(n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    working = {day for day in days if chinese_calendar.is_workday(day)}
    return CalendarYear(
        year,
        published=True,
        holidays=frozenset(day for day in days if day.weekday() < SATURDAY and day not in working),
        workdays=frozenset(day for day in days if day.weekday() >= SATURDAY and day in working),
    )


CALENDAR = Calendar.of(published(year) for year in range(2019, 2027))
DAYS = st.dates(date(2019, 1, 1), date(2026, 12, 31))


def slow_deadline(start: date, days: int) -> date:
    day = start
    while days:
        day += timedelta(1)
        days -= CALENDAR.is_working_day(day)
    return day


@pytest.mark.parametrize("day", [date(2019, 2, 2), date(2019, 2, 3)])
def test_a_weekend_day_that_is_worked_is_a_working_day(day: date):
    assert CALENDAR.is_working_day(day)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2019, 1, 31), 5, date(2019, 2, 12)),
        (date(2019, 1, 28), 20, date(2019, 2, 28)),
        (date(2026, 3, 9), 0, date(2026, 3, 9)),
    ],
)
def test_limits_end_where_the_vectors_say(start: date, days: int, end: date):
    assert CALENDAR.deadline(start, days) == Deadline(end, provisional=False)


def test_every_day_of_eight_years_is_what_the_notices_say():
    day = date(2019, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(1)


@given(start=DAYS, days=st.integers(0, 60))
def test_a_deadline_is_what_counting_day_by_day_gives(start: date, days: int):
    assert CALENDAR.deadline(start, days).day == slow_deadline(start, days)


@given(start=DAYS, end=DAYS)
def test_a_count_is_what_counting_day_by_day_gives(start: date, end: date):
    first, last = sorted((start, end))
    slow = sum(CALENDAR.is_working_day(first + timedelta(n)) for n in range(1, (last - first).days + 1))
    assert CALENDAR.count(first, last) == slow
    assert CALENDAR.count(last, first) == -slow


@given(start=DAYS, days=st.integers(1, 60))
def test_a_deadline_is_a_working_day_and_counts_back_to_its_length(start: date, days: int):
    end = CALENDAR.deadline(start, days).day
    assert CALENDAR.is_working_day(end)
    assert CALENDAR.count(start, end) == days


def test_a_limit_that_reaches_into_an_unpublished_year_is_provisional():
    assert CALENDAR.deadline(date(2026, 12, 30), 1).provisional is False
    assert CALENDAR.deadline(date(2026, 12, 30), 5).provisional is True


def test_an_absent_year_is_provisional_and_a_given_one_says_so_itself():
    assert CALENDAR.is_provisional(date(2027, 1, 4))
    assert not CALENDAR.is_provisional(date(2026, 12, 31))


def test_an_unknown_year_has_weekends_and_fixed_holidays():
    assert CALENDAR.deadline(date(2029, 12, 31), 1) == Deadline(date(2030, 1, 2), provisional=True)
    assert not CALENDAR.is_working_day(date(2030, 10, 2))


def test_a_provisional_year_that_is_published_replaces_what_was_assumed():
    provisional = CalendarYear(2027, published=False, holidays=frozenset({date(2027, 1, 1)}), workdays=frozenset())
    assert Calendar.of([*CALENDAR.years, provisional]).deadline(date(2026, 12, 31), 1) == Deadline(
        date(2027, 1, 4), provisional=True
    )
    final = CalendarYear(2027, published=True, holidays=frozenset({date(2027, 1, 1), date(2027, 1, 4)}),
                         workdays=frozenset({date(2027, 1, 2)}))  # fmt: skip
    assert Calendar.of([*CALENDAR.years, final]).deadline(date(2026, 12, 31), 1) == Deadline(
        date(2027, 1, 2), provisional=False
    )


def test_of_the_same_year_given_twice_the_later_holds():
    former = CalendarYear(2026, published=False, holidays=frozenset({date(2026, 3, 10)}), workdays=frozenset())
    assert Calendar.of([former, published(2026)]) == Calendar.of([published(2026)])
    assert Calendar.of([former, published(2026)]).is_working_day(date(2026, 3, 10))


def test_a_notice_that_reaches_back_into_december_changes_the_earlier_year():
    before = CalendarYear(2018, published=True, holidays=frozenset(), workdays=frozenset())
    assert Calendar.of([before]).deadline(date(2018, 12, 28), 1).day == date(2018, 12, 31)
    after = published(2018)
    assert Calendar.of([after]).deadline(date(2018, 12, 28), 1).day == date(2018, 12, 29)
    assert not Calendar.of([after]).is_working_day(date(2018, 12, 31))


@given(instant=st.datetimes(datetime(1992, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_the_legal_day_agrees_with_the_time_zone_database(instant: datetime):
    assert legal_day(instant) == instant.astimezone(ZoneInfo("Asia/Shanghai")).date()


def test_an_instant_without_a_zone_has_no_legal_day():
    with pytest.raises(ValueError, match="aware"):
        legal_day(datetime(2026, 3, 9, 16, 0))  # noqa: DTZ001 - that is the point


def test_the_legal_day_is_the_date_in_shanghai():
    assert legal_day(datetime(2026, 3, 9, 16, 0, tzinfo=UTC)) == date(2026, 3, 10)
    assert legal_day(datetime(2026, 3, 9, 15, 59, tzinfo=UTC)) == date(2026, 3, 9)


def test_a_limit_has_no_negative_length():
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.deadline(date(2026, 3, 9), -1)


def test_the_next_working_day_skips_a_holiday():
    assert CALENDAR.next_working_day(date(2026, 10, 1)) == date(2026, 10, 8)
    assert CALENDAR.next_working_day(date(2026, 10, 8)) == date(2026, 10, 8)
