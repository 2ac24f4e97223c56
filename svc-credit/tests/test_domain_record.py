"""A record: pending → disclosed → withdrawn, complete and in time."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.errors import FieldErrors
from onestop_legal.working_days import Calendar, CalendarYear
from svc_credit.records.domain.decision import Agency, Certificate, Decision, Subject
from svc_credit.records.domain.record import IncompleteRecord, Record, RecordState, WrongRecordState
from svc_credit.records.domain.rules import DisclosureRule, RecordKind

PERMIT = DisclosureRule("01", RecordKind.LICENCE, 7, 3, "普通", "发改办财金〔2018〕424号", date(2015, 7, 1), None)
CALENDAR = Calendar.of(
    [CalendarYear(2026, published=True, holidays=frozenset({date(2026, 4, 6)}), workdays=frozenset())]
)
DECIDED = date(2026, 3, 20)
NOW = datetime(2026, 3, 20, 7, tzinfo=UTC)
IDENTITY_NUMBER = "11010519491231002X"


def record(**changes: Any) -> Record:
    certificate = Certificate("食品经营许可证", "JY11303710000019", "预包装食品销售", DECIDED, date(2031, 3, 19))
    said: dict[str, Any] = {
        "id": uuid4(),
        "case_id": uuid4(),
        "case_number": "11130371037100371Q4000131001000202603090001",
        "item_code": "11130371037100371Q4000131001000",
        "item_name": "食品（含保健食品）经营许可核发",
        "item_type": "01",
        "agency": Agency("11130371037100371Q", "行政审批局"),
        "region": "130371",
        "subject": Subject(uuid4(), "legal", "91130371MA7001010P", "秦皇岛开发区山海食品有限公司"),
        "outcome": "granted",
        "document_name": "准予行政许可决定书",
        "document_number": "秦开审批准字〔2026〕第000001号",
        "decided_on": DECIDED,
        "obligations": frozenset({"certificate", "disclosure"}),
        "certificate": certificate,
    }
    made = Record.of(uuid4(), Decision(**said | changes), (PERMIT,), CALENDAR)
    assert made
    return made


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def test_a_complete_record_is_disclosed_once():
    found = record()
    assert found.missing == ()
    found.disclose(NOW)
    assert (found.state, found.disclosed_at, found.version) == (RecordState.DISCLOSED, NOW, 2)
    with pytest.raises(WrongRecordState):
        found.disclose(NOW)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"document_number": " "}, "document_number"),
        ({"document_name": ""}, "document_name"),
        ({"certificate": None}, "certificate_number"),
        ({"subject": Subject(uuid4(), "legal", "91130371MA7001010Q", "山海")}, "credit_code"),
        ({"subject": Subject(uuid4(), "legal", None, "山海")}, "credit_code"),
        ({"subject": Subject(uuid4(), "legal", "91130371MA7001010P", " ")}, "subject_name"),
        ({"document_number": f"许字{IDENTITY_NUMBER}号"}, "document_number"),
    ],
)
def test_what_the_disclosure_must_show_is_there_or_the_record_waits(changes: dict[str, Any], missing: str):
    found = record(**changes)
    with pytest.raises(IncompleteRecord) as raised:
        found.disclose(NOW)
    assert raised.value.missing == (missing,)
    assert (found.state, found.version) == (RecordState.PENDING, 1)


def test_a_permit_without_certificate_needs_no_number():
    found = record(certificate=None, obligations=frozenset({"disclosure"}))
    found.disclose(NOW)
    assert found.licensed.content == "食品（含保健食品）经营许可核发"


def test_a_natural_persons_record_needs_no_credit_code():
    record(subject=Subject(uuid4(), "natural", None, "李*")).disclose(NOW)


@given(before=st.sampled_from(["", "负责人：", "证件号码 "]), after=st.sampled_from(["", "。", " 等"]))
def test_a_text_with_an_identity_number_is_never_disclosed(before: str, after: str):
    certificate = Certificate("许可证", "X1", f"{before}{IDENTITY_NUMBER}{after}", DECIDED, None)
    assert "content" in record(certificate=certificate).missing
    assert (
        "content"
        in record(certificate=dataclasses.replace(certificate, content=f"{IDENTITY_NUMBER.lower()} 负责")).missing
    )


def test_numbers_that_only_look_like_it_are_fine():
    for content in ("第11130371037100371Q4000131001000202603090001号", "110105194912310021 号车间", "联系 15400000001"):
        certificate = Certificate("许可证", "X1", content, DECIDED, None)
        assert record(certificate=certificate).missing == ()


def test_what_is_missing_can_be_added_and_the_decision_stays_as_it_is():
    found = record(subject=Subject(uuid4(), "legal", "91130371MA7001010Q", "山海"), document_number="")
    with pytest.raises(FieldErrors) as raised:
        found.complete({"content": "别的内容", "credit_code": "91130371MA7001010R"})
    assert {(wrong.pointer, wrong.code) for wrong in raised.value.errors} == {
        ("/content", "not-missing"),
        ("/credit_code", "invalid-credit-code"),
    }
    found.complete({"document_number": "秦开审批准字〔2026〕第000009号"})
    assert found.missing == ("credit_code",)
    found.complete({"credit_code": "91130371ma7001010p"})
    assert (found.missing, found.subject.credit_code) == ((), "91130371MA7001010P")
    found.disclose(NOW)
    with pytest.raises(WrongRecordState):
        found.complete({"document_number": "改"})


@pytest.mark.parametrize(("day", "late"), [(date(2026, 3, 31), False), (date(2026, 4, 1), True)])
def test_a_disclosure_past_its_last_day_shows_as_late(day: date, late: bool):  # noqa: FBT001 - a case of the table
    found = record()
    assert found.due.day == date(2026, 3, 31)
    assert found.is_late(day) is late  # still pending on that day
    found.disclose(at(day))
    assert found.is_late(date(2027, 1, 1)) is late


def test_a_revoked_decisions_record_is_due_to_be_taken_down_in_three_working_days():
    found = record()
    found.disclose(NOW)
    assert found.withdraw("原决定被撤销", date(2026, 4, 3), CALENDAR, at(date(2026, 4, 10)))
    assert found.withdrawal_due_on == date(2026, 4, 9)  # 6 April is off
    assert found.was_withdrawn_late
    with pytest.raises(WrongRecordState):
        found.withdraw("再次", date(2026, 4, 3), CALENDAR, at(date(2026, 4, 10)))


def test_what_the_public_never_saw_is_taken_down_without_telling():
    found = record()
    assert not found.withdraw("原决定被撤销", DECIDED, CALENDAR, NOW)
    assert not found.is_late(date(2027, 1, 1))


@pytest.mark.parametrize("day", [DECIDED - timedelta(days=1), date(2026, 3, 21)])
def test_a_revocation_lies_between_the_decision_and_today(day: date):
    found = record()
    found.disclose(NOW)
    with pytest.raises(FieldErrors):
        found.withdraw("原决定被撤销", day, CALENDAR, NOW)


def test_a_new_calendar_moves_a_provisional_last_day():
    found = record(decided_on=date(2026, 12, 28))
    assert found.due.provisional
    new_year = CalendarYear(2027, published=True, holidays=frozenset({date(2027, 1, 1), date(2027, 1, 4)}),
                            workdays=frozenset())  # fmt: skip
    assert found.reckon(Calendar.of([*CALENDAR.years, new_year]))
    assert (found.due.day, found.due.provisional, found.version) == (date(2027, 1, 8), False, 2)
    assert not found.reckon(Calendar.of([*CALENDAR.years, new_year]))
