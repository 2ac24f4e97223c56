"""The clock counts from intervals; only what the law names is left out."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.clock import Clock, Interval, RunningStep, StopCause, StopEndsBeforeItBegins, Thresholds
from onestop_legal.working_days import Calendar, CalendarYear, Deadline

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


def slow_days(clock: Clock, upto: date) -> list[tuple[date, int, bool]]:
    """Return day by day what is used at its end and whether the limit still runs, by the words of the rule."""
    used, standing, days = 0, [s for s in clock.stops if s.start <= clock.start], []
    runs, day = True, clock.start
    while day < upto:
        day += timedelta(1)
        held = any(s.start < day and (s.end is None or day <= s.end) for s in standing)
        runs = runs and (held or used < clock.days)
        counts = CALENDAR.is_working_day(day) and not held
        used += counts
        if runs or held:
            standing += [s for s in clock.stops if s.start == day]
        days.append((day, used, runs))
    return days


def slow_used(clock: Clock, upto: date) -> int:
    days = slow_days(clock, upto)
    return days[-1][1] if days else 0


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


def test_it_stays_over_and_grows_late_although_a_stop_begins_then():
    clock = Clock(START, 2, (stop(date(2026, 3, 16), None),))
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 2)
    assert clock.remaining(CALENDAR, date(2026, 3, 19)) == -5
    assert clock.light(CALENDAR, date(2026, 3, 19)) == "red"


def test_a_stop_that_begins_on_the_last_day_holds_the_limit_there():
    last = CALENDAR.deadline(START, 2).day
    held = Clock(START, 2, (stop(last, None),))
    assert held.deadline(CALENDAR) is None
    assert held.light(CALENDAR, date(2026, 3, 30)) == "yellow"
    over = Clock(START, 2, (stop(last, date(2026, 3, 19)),))
    assert over.deadline(CALENDAR) == Deadline(date(2026, 3, 19), provisional=False)
    assert over.light(CALENDAR, date(2026, 3, 20)) == "red"


def test_a_day_under_two_stops_is_left_out_once():
    hearing = Interval(date(2026, 3, 12), date(2026, 3, 19), StopCause.HEARING, BASIS)
    review = stop(date(2026, 3, 16), date(2026, 3, 24))
    both = Clock(START, 20, (review, hearing))
    assert both.deadline(CALENDAR) == Clock(START, 20, (stop(date(2026, 3, 12), date(2026, 3, 24)),)).deadline(CALENDAR)
    assert both.used(CALENDAR, date(2026, 3, 24)) == 2


def test_an_open_stop_swallows_the_ones_inside():
    clock = Clock(START, 20, (stop(date(2026, 3, 12), None), stop(date(2026, 3, 16), date(2026, 3, 17))))
    assert clock.deadline(CALENDAR) is None
    assert clock.used(CALENDAR, date(2026, 6, 1)) == 2


def test_a_stop_before_the_acceptance_leaves_nothing_out():
    clock = Clock(START, 20, (stop(date(2026, 3, 2), date(2026, 3, 9)),))
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 20)
    assert clock.used(CALENDAR, date(2026, 3, 17)) == 5


def test_two_limits_run_apart_over_the_same_stops():
    stops = (stop(date(2026, 3, 17), date(2026, 3, 20)),)
    statutory, promised = Clock(START, 20, stops), Clock(START, 4, stops)
    assert statutory.deadline(CALENDAR) == CALENDAR.deadline(START, 23)
    assert promised.deadline(CALENDAR) == CALENDAR.deadline(START, 4)


def test_an_extension_adds_to_the_limit():
    clock = Clock(START, 20, (stop(date(2026, 3, 12), date(2026, 3, 19)),)).extended(10)
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 35)


def test_a_limit_past_the_published_calendar_ends_provisionally():
    accepted = date(2026, 12, 25)
    assert Clock(accepted, 3).deadline(CALENDAR) == Deadline(date(2026, 12, 30), provisional=False)
    held = Clock(accepted, 3, (stop(date(2026, 12, 28), date(2026, 12, 31)),)).deadline(CALENDAR)
    assert held == Deadline(date(2027, 1, 5), provisional=True)


def test_a_stop_cannot_end_before_it_begins():
    with pytest.raises(StopEndsBeforeItBegins):
        stop(date(2026, 3, 12), date(2026, 3, 11))


def test_the_causes_are_those_of_article_45():
    assert [cause.label for cause in StopCause] == [
        "听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审",
    ]  # fmt: skip


@pytest.mark.parametrize("cause", [RunningStep.ON_SITE_CHECK, "holiday", "听证"])
def test_the_clock_runs_on_through_an_on_site_check_and_whatever_else_the_law_does_not_name(cause: str):
    clock = Clock(START, 20, (Interval(date(2026, 3, 12), None, cause, BASIS),))
    assert not clock.stopped
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 20)
    assert clock.used(CALENDAR, date(2026, 3, 17)) == 5


def test_a_special_law_may_name_another_cause():
    stops = (Interval(date(2026, 3, 12), date(2026, 3, 19), "technical_review", "《药品注册管理办法》第九十九条"),)
    clock = Clock(START, 20, stops, causes=frozenset({"technical_review"}))
    assert clock.deadline(CALENDAR) == CALENDAR.deadline(START, 25)


@pytest.mark.parametrize(
    ("days_used", "light"), [(0, "green"), (15, "green"), (16, "yellow"), (20, "yellow"), (21, "red")]
)
def test_the_light_turns_yellow_at_a_fifth_and_red_when_over(days_used: int, light: str):
    today = CALENDAR.deadline(START, days_used).day
    assert Clock(START, 20).light(CALENDAR, today) == light


def test_a_short_limit_turns_yellow_two_days_before():
    assert Clock(START, 6).light(CALENDAR, CALENDAR.deadline(START, 3).day) == "green"
    assert Clock(START, 6).light(CALENDAR, CALENDAR.deadline(START, 4).day) == "yellow"


def test_a_limit_that_ended_on_friday_is_over_on_saturday():
    friday = CALENDAR.deadline(START, 3).day
    assert friday.isoweekday() == 5
    assert Clock(START, 3).light(CALENDAR, friday) == "yellow"
    assert Clock(START, 3).light(CALENDAR, friday + timedelta(1)) == "red"


@pytest.mark.parametrize(
    ("thresholds", "days", "ahead"),
    [
        (Thresholds(), 20, 4),
        (Thresholds(), 1, 1),
        (Thresholds(share=0.29), 100, 29),
        (Thresholds(share=0.5, days=0), 6, 3),
        (Thresholds(share=0, days=0), 6, 0),
    ],
)
def test_thresholds_are_configurable(thresholds: Thresholds, days: int, ahead: int):
    assert thresholds.ahead(days) == ahead
    yellow = Clock(START, days).turns_yellow(CALENDAR, thresholds)
    assert yellow == CALENDAR.deadline(START, days - ahead).day


STOPS = st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 20) | st.none(), st.sampled_from(StopCause)), max_size=4)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    stops = tuple(
        Interval(begin, None if length is None else begin + timedelta(length), cause, BASIS)
        for begin, length, cause in ((START + timedelta(n), length, cause) for n, length, cause in draw(STOPS))
    )
    return Clock(START + timedelta(draw(st.integers(0, 6))), draw(st.integers(1, 40)), stops)


@given(clock=clocks(), upto=st.integers(0, 150))
def test_used_is_what_counting_day_by_day_gives(clock: Clock, upto: int):
    today = clock.start + timedelta(upto)
    assert clock.used(CALENDAR, today) == slow_used(clock, today)
    assert clock.remaining(CALENDAR, today) == clock.days - slow_used(clock, today)


@given(clock=clocks())
def test_the_deadline_is_the_last_working_day_on_which_the_limit_runs(clock: Clock):
    running = [day for day, _, runs in slow_days(clock, date(2026, 12, 31)) if runs and CALENDAR.is_working_day(day)]
    deadline = clock.deadline(CALENDAR)
    if deadline is None:
        assert running[-1] == date(2026, 12, 31)
    else:
        assert deadline.day == running[-1]
        assert clock.used(CALENDAR, deadline.day) == clock.days


@given(clock=clocks(), share=st.sampled_from([0, 0.1, 0.2, 0.5]), days=st.integers(0, 3))
def test_the_light_turns_on_the_days_it_says_and_never_back(clock: Clock, share: float, days: int):
    thresholds = Thresholds(share, days)
    order = ["green", "yellow", "red"]
    seen = [(day, clock.light(CALENDAR, day, thresholds)) for day in (clock.start + timedelta(n) for n in range(200))]
    assert [light for _, light in seen] == sorted((light for _, light in seen), key=order.index)
    assert next((day for day, light in seen if light == "red"), None) == clock.turns_red(CALENDAR)
    assert next((day for day, light in seen if light != "green"), None) == clock.turns_yellow(CALENDAR, thresholds)
