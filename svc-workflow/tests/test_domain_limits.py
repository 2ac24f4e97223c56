"""The limits of a proceeding: what stops them, who extends them, when they warn."""

from datetime import date
from uuid import uuid4

import pytest

from onestop_legal.clock import Interval
from onestop_legal.working_days import Calendar, CalendarYear
from svc_workflow.domain.decision import Remedies, document_name_of, document_number, licence_of, obligations_of
from svc_workflow.domain.limit import (
    PROMISED,
    STATUTORY,
    STOP_BASIS,
    AlreadyExtended,
    CauseStopsNothing,
    ClockAlreadyStopped,
    ClockNotStopped,
    ExtensionNotProvided,
    LimitAlreadyOver,
    Limits,
    Stop,
    cause_of,
)
from svc_workflow.domain.proceeding import Matter

CALENDAR = Calendar.of(
    [CalendarYear(2026, published=True, holidays=frozenset({date(2026, 4, 6)}), workdays=frozenset())]
)
ACCEPTED = date(2026, 3, 10)
LIMITS = Limits(ACCEPTED, 10, 6, 5, natural=False)
STOP = Stop(
    uuid4(), Interval(date(2026, 3, 12), None, "expert_review", STOP_BASIS), "秦开审批特字〔2026〕第000001号", 5
)


def test_an_on_site_check_does_not_stop_the_clock():
    with pytest.raises(CauseStopsNothing, match="现场核查不停止计时"):
        cause_of("on_site_check")


def test_a_stop_holds_both_limits_and_its_end_moves_both():
    stopped = LIMITS.stop(STOP)
    assert stopped.deadline(STATUTORY, CALENDAR) is stopped.deadline(PROMISED, CALENDAR) is None
    resumed = stopped.resume(date(2026, 3, 19))
    assert resumed.deadline(STATUTORY, CALENDAR) == CALENDAR.deadline(ACCEPTED, 15)
    assert resumed.deadline(PROMISED, CALENDAR) == CALENDAR.deadline(ACCEPTED, 11)


def test_stops_do_not_overlap_and_only_an_open_one_ends():
    with pytest.raises(ClockAlreadyStopped):
        LIMITS.stop(STOP).stop(STOP)
    with pytest.raises(ClockNotStopped):
        LIMITS.resume(date(2026, 3, 19))


def test_a_limit_is_extended_once_by_what_the_item_provides():
    extended = LIMITS.extend(CALENDAR, date(2026, 3, 20))
    assert extended.deadline(STATUTORY, CALENDAR) == CALENDAR.deadline(ACCEPTED, 15)
    with pytest.raises(AlreadyExtended):
        extended.extend(CALENDAR, date(2026, 3, 20))


def test_a_clock_that_stands_still_is_not_extended():
    with pytest.raises(ClockAlreadyStopped):
        LIMITS.stop(STOP).extend(CALENDAR, date(2026, 3, 13))


def test_where_the_law_provides_no_extension_there_is_none():
    with pytest.raises(ExtensionNotProvided):
        Limits(ACCEPTED, 10, 6, 0, natural=False).extend(CALENDAR, date(2026, 3, 20))


def test_a_limit_that_is_over_is_not_extended():
    with pytest.raises(LimitAlreadyOver):
        LIMITS.extend(CALENDAR, date(2026, 3, 25))


def test_warnings_come_two_days_before_the_end_and_the_day_after():
    warnings = LIMITS.warnings(CALENDAR)
    assert warnings[STATUTORY, "yellow"] == CALENDAR.deadline(ACCEPTED, 8).day
    assert warnings[STATUTORY, "red"] == CALENDAR.deadline(ACCEPTED, 11).day
    assert warnings[PROMISED, "yellow"] == CALENDAR.deadline(ACCEPTED, 4).day
    assert set(LIMITS.stop(STOP).warnings(CALENDAR).values()) == {None}


def test_a_warning_comes_exactly_when_the_light_changes():
    for limit in (STATUTORY, PROMISED):
        clock = LIMITS.clock(limit)
        for light in ("yellow", "red"):
            day = LIMITS.warnings(CALENDAR)[limit, light]
            assert day
            before = CALENDAR.deadline(ACCEPTED, CALENDAR.count(ACCEPTED, day) - 1).day
            assert clock.light(CALENDAR, day) == light
            assert clock.light(CALENDAR, before) != light


def matter(**changes: object) -> Matter:
    facts = {
        "case_id": uuid4(), "case_number": "n", "item_code": "c", "item_name": "食品（含保健食品）经营许可核发",
        "item_type": "01", "agency_code": "11130371037100371Q", "agency_name": "行政审批局", "region": "130371",
        "party_id": str(uuid4()), "party_kind": "legal", "party_credit_code": "91130371MA7001010P",
        "party_name": "山海",
        "obligations": ("certificate", "disclosure", "notice"), "public_fields": {"business_type": "catering"},
        "result": {"kind": "licence", "name": "食品经营许可证", "licence_type": "11100000000013338W032",
                   "valid_years": 5, "number_prefix": "JY"},
        "limit_basis": {},
    }  # fmt: skip
    return Matter(**(facts | changes))  # type: ignore[arg-type]


def test_a_food_licence_has_its_number_identifier_and_five_years():
    licence = licence_of(matter(), uuid4(), 17, date(2026, 3, 20))
    assert licence.number.startswith("JY2130371000017")
    assert licence.identifier.startswith("1.2.156.3005.2.11100000000013338W032.11130371037100371Q.JY2")
    assert (licence.valid_from, licence.valid_to) == (date(2026, 3, 20), date(2031, 3, 19))


def test_a_licence_says_what_it_permits_in_words():
    fields = {"place_area": 86, "business_type": "sales", "business_scope": "预包装食品销售", "chilled": True}
    licence = licence_of(matter(public_fields=fields), uuid4(), 1, date(2026, 3, 20))
    assert licence.content == "食品（含保健食品）经营许可核发：预包装食品销售"
    assert licence_of(matter(), uuid4(), 1, date(2026, 3, 20)).content == "食品（含保健食品）经营许可核发"


def test_a_licence_without_a_scheme_is_numbered_by_region_and_year():
    other = matter(
        result={"kind": "licence", "name": "x", "licence_type": "11100000000013338W033", "valid_years": None}
    )
    licence = licence_of(other, uuid4(), 3, date(2024, 2, 29))
    assert (licence.number, licence.valid_to) == ("1303712024000003", None)


def test_a_leap_day_licence_ends_before_the_first_of_march():
    assert licence_of(matter(), uuid4(), 1, date(2024, 2, 29)).valid_to == date(2029, 2, 28)


def test_documents_are_numbered_in_the_agencys_series():
    assert document_number("秦开审批", "准", 2026, 1) == "秦开审批准字〔2026〕第000001号"
    assert document_name_of("01", "denied") == "不予行政许可决定书"


def test_a_refusal_owes_notice_only_and_names_remedies_in_full():
    assert obligations_of(matter(), "denied") == ("notice",)
    text = Remedies("秦皇岛市人民政府", "秦皇岛市海港区人民法院").text
    assert all(
        part in text
        for part in ("六十日", "秦皇岛市人民政府", "行政复议", "六个月", "秦皇岛市海港区人民法院", "行政诉讼")
    )
