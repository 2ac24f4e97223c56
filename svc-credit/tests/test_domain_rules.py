"""Which decisions are disclosed, and until when."""

import dataclasses
from datetime import date
from uuid import uuid4

import pytest

from onestop_legal.working_days import Calendar, CalendarYear
from svc_credit.records.domain.decision import Agency, Certificate, Decision, Subject
from svc_credit.records.domain.record import Audience, Record, RecordState
from svc_credit.records.domain.rules import DisclosureRule, RecordKind, rule_for

PERMIT = DisclosureRule("01", RecordKind.LICENCE, 7, 3, "普通", "发改办财金〔2018〕424号", date(2015, 7, 1), None)
CALENDAR = Calendar.of(
    [
        CalendarYear(2019, published=True, holidays=frozenset(date(2019, 2, day) for day in (4, 5, 6, 7, 8)),
                     workdays=frozenset({date(2019, 2, 2), date(2019, 2, 3)})),
    ]
)  # fmt: skip
COMPANY = Subject(uuid4(), "legal", "91130371MA7001010P", "秦皇岛开发区山海食品有限公司")
DECISION = Decision(
    id=uuid4(),
    case_id=uuid4(),
    case_number="11130371037100371Q4000131001000201901310001",
    item_code="11130371037100371Q4000131001000",
    item_name="食品（含保健食品）经营许可核发",
    item_type="01",
    agency=Agency("11130371037100371Q", "行政审批局"),
    region="130371",
    subject=COMPANY,
    outcome="granted",
    document_name="准予行政许可决定书",
    document_number="秦开审批准字〔2019〕第000001号",
    decided_on=date(2019, 1, 31),
    obligations=frozenset({"certificate", "disclosure", "notice"}),
    certificate=Certificate(
        "食品经营许可证", "JY11303710000019", "预包装食品销售", date(2019, 1, 31), date(2024, 1, 30)
    ),
)


def record_of(decision: Decision, rules: tuple[DisclosureRule, ...] = (PERMIT,)) -> Record | None:
    return Record.of(uuid4(), decision, rules, CALENDAR)


def test_a_granted_permit_is_due_seven_working_days_after_the_day_of_the_decision():
    record = record_of(DECISION)
    assert record
    assert (record.kind, record.state, record.audience) == (
        RecordKind.LICENCE, RecordState.PENDING, Audience.PUBLIC,
    )  # fmt: skip
    assert record.due.day == date(2019, 2, 14)  # 2019-01-31 + 5 = 2019-02-12
    assert not record.due.provisional


def test_a_denial_is_no_disclosure():
    assert record_of(dataclasses.replace(DECISION, outcome="denied", certificate=None)) is None


def test_a_decision_without_the_obligation_is_none():
    assert record_of(dataclasses.replace(DECISION, obligations=frozenset({"certificate", "notice"}))) is None


@pytest.mark.parametrize("item_type", ["05", "07", "10", "20"])
def test_a_type_no_rule_names_is_none(item_type: str):
    assert record_of(dataclasses.replace(DECISION, item_type=item_type)) is None


def test_a_rule_holds_from_its_first_to_its_last_day():
    ended = dataclasses.replace(PERMIT, valid_to=date(2019, 1, 31))
    follower = dataclasses.replace(PERMIT, valid_from=date(2019, 2, 1), days=5)
    assert rule_for((ended, follower), "01", date(2019, 1, 31)) is ended
    assert rule_for((ended, follower), "01", date(2019, 2, 1)) is follower
    assert rule_for((ended, follower), "01", date(2015, 6, 30)) is None


def test_past_the_published_calendar_the_last_day_is_provisional():
    record = record_of(dataclasses.replace(DECISION, decided_on=date(2019, 12, 27)))
    assert record
    assert record.due.provisional


def test_a_natural_persons_record_is_restricted_and_masked():
    person = Subject(uuid4(), "natural", None, "李明华")
    record = record_of(dataclasses.replace(DECISION, subject=person))
    assert record
    assert record.audience is Audience.RESTRICTED
    assert record.subject.shown_name == "李**"
