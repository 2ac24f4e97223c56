"""The clock counts from intervals; only what the law names is left out."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.clock import Clock, Interval, StopCause, StopEndsBeforeItBegins, StopsOverlap, close_last
from onestop_legal.working_days import Calendar, CalendarYear

BASIS = "《中华人民共和国行政许可法》第四十五条"
START = date(2026, 3, 10)


def year_of(year: int) -> CalendarYear:
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    return CalendarYear(
        year,
        published=True,
        holidays=frozenset(d for d in days if d.weekday() < 5 and not chinese_calendar.is_workday(d)),
        workdays=frozenset(d for d in days if d.weekday() >= 5 and chinese_calendar.is_workday(d)),
    )


CALENDAR = Calendar.of([year_of(2026)])


def stop(start: date, end: date | None) -> Interval:
    return Interval(start, end, StopCause.EXPERT_REVIEW, BASIS)


def slow_used(clock: Clock, upto: date) -> int:
    used, day = 0, clock.start
    while day < upto:
        day += timedelta(1)
        left_out = any(s.start < day and (s.end is None or day <= s.end) for s in clock.stops)
        used += CALENDAR.is_working_day(day) and not left_out
    return used


def test_without_stops_the_deadline_is_the_calendars():
    clock = Clock(START, 20)
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 20)
    assert clock.used(CALENDAR, date(2026, 3, 17)) == 5
    assert clock.remaining(CALENDAR, date(2026, 3, 17)) == 15


def test_a_stop_moves_the_deadline_by_the_working_days_it_took():
    clock = Clock(START, 20, (stop(date(2026, 3, 12), date(2026, 3, 19)),))
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 25)
    assert clock.used(CALENDAR, date(2026, 3, 19)) == 2


def test_while_it_stands_still_there_is_no_deadline_and_nothing_is_used():
    clock = Clock(START, 20, (stop(date(2026, 3, 12), None),))
    assert clock.stopped
    assert clock.deadline(CALENDAR) is None
    assert clock.used(CALENDAR, date(2026, 6, 1)) == 2


def test_a_stop_after_the_end_of_the_limit_saves_nobody():
    clock = Clock(START, 2, (stop(date(2026, 4, 1), date(2026, 4, 10)),))
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 2)


def test_natural_days_count_every_day():
    assert Clock(START, 30, natural=True).deadline(CALENDAR).day == date(2026, 4, 9)  # type: ignore[union-attr]


def test_stops_must_follow_each_other():
    with pytest.raises(StopsOverlap):
        Clock(START, 20, (stop(date(2026, 3, 12), None), stop(date(2026, 3, 20), None)))
    with pytest.raises(StopsOverlap):
        Clock(START, 20, (stop(date(2026, 3, 12), date(2026, 3, 20)), stop(date(2026, 3, 19), None)))


def test_a_stop_cannot_end_before_it_begins():
    with pytest.raises(StopEndsBeforeItBegins):
        stop(date(2026, 3, 12), date(2026, 3, 11))


def test_an_on_site_check_is_no_reason_to_stop():
    assert {cause.label for cause in StopCause} == {
        "听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审",
    }  # fmt: skip
    assert "现场勘验" not in {cause.label for cause in StopCause}


@pytest.mark.parametrize(
    ("days_used", "light"), [(0, "green"), (15, "green"), (16, "yellow"), (20, "yellow"), (21, "red")]
)
def test_the_light_turns_yellow_at_a_fifth_and_red_when_over(days_used: int, light: str):
    today = CALENDAR.deadline(START, days_used).day
    assert Clock(START, 20).light(CALENDAR, today) == light


def test_a_short_limit_turns_yellow_two_days_before():
    assert Clock(START, 6).light(CALENDAR, CALENDAR.deadline(START, 3).day) == "green"
    assert Clock(START, 6).light(CALENDAR, CALENDAR.deadline(START, 4).day) == "yellow"


def test_closing_the_last_stop_keeps_the_others():
    stops = (stop(date(2026, 3, 12), date(2026, 3, 13)), stop(date(2026, 3, 16), None))
    assert close_last(stops, date(2026, 3, 18))[1].end == date(2026, 3, 18)
    assert close_last(stops, date(2026, 3, 18))[0] == stops[0]


STOPS = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 10)), max_size=3)


@given(gaps=STOPS, days=st.integers(1, 40), upto=st.integers(0, 120))
def test_used_is_what_counting_day_by_day_gives(gaps: list[tuple[int, int]], days: int, upto: int):
    stops, day = [], START
    for gap, length in gaps:
        begin = day + timedelta(gap)
        day = begin + timedelta(length)
        stops.append(stop(begin, day))
    clock = Clock(START, days, tuple(stops))
    today = START + timedelta(upto)
    assert clock.used(CALENDAR, today) == slow_used(clock, today)
    assert clock.remaining(CALENDAR, today) == days - slow_used(clock, today)


@given(gaps=STOPS, days=st.integers(1, 40))
def test_on_its_deadline_a_limit_is_used_up_exactly(gaps: list[tuple[int, int]], days: int):
    stops, day = [], START
    for gap, length in gaps:
        begin = day + timedelta(gap)
        day = begin + timedelta(length)
        stops.append(stop(begin, day))
    clock = Clock(START, days, tuple(stops))
    deadline = clock.deadline(CALENDAR)
    assert deadline
    assert clock.used(CALENDAR, deadline.day) == days
    assert clock.used(CALENDAR, deadline.day - timedelta(1)) == days - 1
