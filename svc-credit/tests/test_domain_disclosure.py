"""A positive decision on a permit is disclosed within 7 working days; nothing else is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from onestop_legal.working_days import Calendar, CalendarYear
from svc_credit.domain import (
    DEFAULT_RULES,
    Decision,
    NothingToDisclose,
    RecordAlreadyWithdrawn,
    RecordState,
    Subject,
    record_of,
    rule_for,
)

RULES = list(DEFAULT_RULES)
YEAR = CalendarYear(2026, published=True, holidays=frozenset({date(2026, 4, 6)}), workdays=frozenset())
CALENDAR = Calendar.of([YEAR])
NOW = datetime(2026, 3, 27, 7, 0, tzinfo=UTC)
DECISION = Decision(
    id=uuid4(),
    case_id=uuid4(),
    item_name="食品（含保健食品）经营许可核发",
    item_type="01",
    outcome="granted",
    obligations=frozenset({"certificate", "disclosure", "notice"}),
    agency_code="11130371037100371Q",
    agency_name="秦皇岛经济技术开发区行政审批局",
    document_name="准予行政许可决定书",
    document_number="秦开审批准字〔2026〕第000001号",
    decided_on=date(2026, 3, 27),
    subject=Subject(uuid4(), "legal", "91130371MA7001010P", "秦皇岛开发区山海食品有限公司"),
    licence=None,
)


def test_the_limit_is_seven_working_days_over_a_holiday():
    record = record_of(uuid4(), DECISION, RULES, CALENDAR)
    assert (record.due.day, record.due.provisional) == (date(2026, 4, 8), False)


def test_a_limit_into_an_unpublished_year_is_provisional():
    late = replace(DECISION, decided_on=date(2026, 12, 28))
    assert record_of(uuid4(), late, RULES, CALENDAR).due.provisional


@pytest.mark.parametrize(
    "decision",
    [
        replace(DECISION, outcome="denied"),
        replace(DECISION, obligations=frozenset({"notice"})),
        replace(DECISION, item_type="05"),
        replace(DECISION, decided_on=date(2015, 6, 30)),
    ],
    ids=["denied", "no obligation", "a benefit", "before the rule"],
)
def test_what_owes_no_disclosure_is_not_recorded(decision: Decision):
    assert rule_for(decision, RULES) is None
    with pytest.raises(NothingToDisclose):
        record_of(uuid4(), decision, RULES, CALENDAR)


def test_disclosing_twice_changes_nothing():
    record = record_of(uuid4(), DECISION, RULES, CALENDAR)
    record.disclose(NOW)
    record.disclose(datetime(2026, 5, 1, tzinfo=UTC))
    assert (record.state, record.disclosed_at, record.late) == (RecordState.DISCLOSED, NOW, False)


def test_a_disclosure_after_its_last_day_in_shanghai_is_late():
    record = record_of(uuid4(), DECISION, RULES, CALENDAR)
    record.disclose(datetime(2026, 4, 8, 16, 0, tzinfo=UTC))
    assert record.late


def test_a_record_is_withdrawn_once():
    record = record_of(uuid4(), DECISION, RULES, CALENDAR)
    record.disclose(NOW)
    record.withdraw(NOW, "原许可决定已被依法撤销")
    assert (record.state, record.version) == (RecordState.WITHDRAWN, 2)
    with pytest.raises(RecordAlreadyWithdrawn):
        record.withdraw(NOW, "再次")


def test_every_rule_names_its_source():
    assert all(rule.source for rule in RULES)
