"""Time limits of requests: the local rule until 2025-07-31, the national one from 2025-08-01."""

from datetime import date

import pytest

from onestop_legal.working_days import Calendar, CalendarYear
from svc_datashare.requests.domain.limits import LimitRule, Limits, NoLimitRule, Step
from svc_datashare.resources.domain.metadata import ShareType

YEARS = (
    CalendarYear(2025, published=True, holidays=frozenset({date(2025, 10, 1), date(2025, 10, 2), date(2025, 10, 3)}),
                 workdays=frozenset({date(2025, 9, 28)})),
)  # fmt: skip
CALENDAR = Calendar.of(YEARS)
LOCAL, NATIONAL = (date(2019, 1, 1), date(2025, 7, 31)), (date(2025, 8, 1), None)


def rule(name: str, share_type: str, step: Step, days: int, *, from_receipt: bool = True) -> LimitRule:
    valid = LOCAL if name == "local" else NATIONAL
    return LimitRule(name, ShareType(share_type), step, days, from_receipt, "依据", *valid)


RULES = (
    rule("local", "1", Step.PLATFORM, 2),
    rule("local", "2", Step.PLATFORM, 2),
    rule("local", "2", Step.PROVIDER, 5, from_receipt=False),
    rule("national", "1", Step.PLATFORM, 1),
    rule("national", "2", Step.PROVIDER, 10),
    rule("national", "2", Step.SUPPLY, 20, from_receipt=False),
)


def due(share_type: str, step: Step, received: date, previous: date) -> date | None:
    found = Limits.of(RULES, ShareType(share_type), received).due(CALENDAR, step, received, previous)
    return found.deadline.day if found else None


def test_by_the_local_rule_the_platform_has_2_working_days_and_the_provider_5_more():
    received = date(2025, 7, 31)  # a Thursday, the rule's last day
    assert due("2", Step.PLATFORM, received, received) == date(2025, 8, 4)
    assert due("2", Step.PROVIDER, received, date(2025, 8, 1)) == date(2025, 8, 8)
    assert due("2", Step.SUPPLY, received, date(2025, 8, 8)) is None
    assert due("1", Step.PLATFORM, received, received) == date(2025, 8, 4)


def test_by_the_national_rule_the_answer_is_due_in_10_and_the_supply_20_after_it():
    received = date(2025, 8, 1)
    assert due("2", Step.PROVIDER, received, date(2025, 8, 5)) == date(2025, 8, 15)
    assert due("2", Step.SUPPLY, received, date(2025, 8, 15)) == date(2025, 9, 12)
    assert due("1", Step.PLATFORM, received, received) == date(2025, 8, 4)


def test_the_platforms_share_of_the_answer_has_no_limit_of_its_own():
    received = date(2025, 8, 1)
    assert due("2", Step.PLATFORM, received, received) == date(2025, 8, 15)


def test_the_rule_of_the_day_of_receipt_binds_to_the_end():
    received = date(2025, 7, 30)
    assert due("2", Step.PROVIDER, received, date(2025, 8, 20)) == date(2025, 8, 27)


def test_holidays_and_worked_weekends_count_as_the_calendar_says():
    received = date(2025, 9, 26)
    assert due("1", Step.PLATFORM, received, received) == date(2025, 9, 28)
    assert due("2", Step.PROVIDER, received, received) == date(2025, 10, 14)


def test_a_limit_that_reaches_past_the_published_calendar_is_provisional():
    received = date(2025, 12, 29)
    found = Limits.of(RULES, ShareType.CONDITIONAL, received).due(CALENDAR, Step.PROVIDER, received, received)
    assert found
    assert found.deadline.provisional
    assert found.is_late(date(2026, 2, 1))
    assert not found.is_late(found.deadline.day)


def test_without_a_rule_in_force_there_is_no_limit_to_invent():
    with pytest.raises(NoLimitRule):
        Limits.of(RULES, ShareType.CONDITIONAL, date(2018, 12, 31))
    with pytest.raises(NoLimitRule):
        Limits.of(RULES, ShareType.WITHHELD, date(2026, 1, 5))
