"""The window receives; it accepts only within the authority the agency gave its hall, by a dated document."""

from datetime import date
from uuid import uuid4

import pytest
from intake_world import CLERK, GUIDE_CODE, HALL, HEAD, REVIEWER, Intake, food_guide, pointers, problem, read, staff

from onestop_legal.errors import FieldErrors
from svc_intake.domain.authority import (
    AcceptanceAuthority,
    AuthorityAlreadyEnded,
    NoAcceptanceAuthority,
    authority_for,
)
from svc_intake.seed import AGENCIES

AGENCY = "11130371037100371Q"
DAY = date(2026, 3, 9)


def given(**changes: object) -> AcceptanceAuthority:
    values: dict[str, object] = {
        "id": uuid4(), "agency_code": AGENCY, "agency_name": "行政审批局", "hall": HALL, "items": None,
        "document_number": "秦开审批授〔2026〕1号", "seal": "专用章", "valid_from": date(2026, 1, 1), "valid_to": None,
    }  # fmt: skip
    return AcceptanceAuthority(**(values | changes))  # type: ignore[arg-type]


def test_an_authority_covers_its_agency_hall_items_and_days():
    assert authority_for([given()], AGENCY, HALL, GUIDE_CODE, DAY).hall == HALL
    assert authority_for([given(items=(GUIDE_CODE,))], AGENCY, HALL, GUIDE_CODE, DAY)
    assert authority_for([given(valid_from=DAY, valid_to=DAY)], AGENCY, HALL, GUIDE_CODE, DAY)


@pytest.mark.parametrize(
    "authority",
    [
        given(hall="130371-H02"),
        given(agency_code="11130371037100742F"),
        given(items=("another",)),
        given(valid_from=date(2026, 3, 10)),
        given(valid_to=date(2026, 3, 8)),
    ],
)
def test_nothing_outside_it_is_covered(authority: AcceptanceAuthority):
    with pytest.raises(NoAcceptanceAuthority):
        authority_for([authority], AGENCY, HALL, GUIDE_CODE, DAY)


def test_who_stands_in_no_hall_has_no_authority():
    with pytest.raises(NoAcceptanceAuthority):
        authority_for([given()], AGENCY, None, GUIDE_CODE, DAY)


def test_an_authority_ends_today_or_later_and_only_once():
    authority = given()
    with pytest.raises(FieldErrors):
        authority.end(date(2026, 3, 8), DAY)
    authority.end(DAY, DAY)
    assert authority.version == 2
    with pytest.raises(AuthorityAlreadyEnded):
        authority.end(date(2026, 3, 12), date(2026, 3, 11))


async def test_without_authority_the_clerk_may_neither_accept_nor_refuse_nor_ask(intake: Intake):
    case = await intake.submitted()
    await intake.rows("DELETE FROM acceptance_authority")
    problem(await intake.act(CLERK, case, "acceptance"), 403, "no-acceptance-authority")
    refusal = {"kind": "no-licence-needed", "reason": "自产自销的农产品无需许可"}
    problem(await intake.act(CLERK, case, "refusal", refusal), 403, "no-acceptance-authority")
    notice = {"items": [{"material_code": "M01", "reason": "缺签字"}]}
    problem(await intake.act(CLERK, case, "correction-notice", notice), 403, "no-acceptance-authority")
    assert (await intake.read(case))["state"] == "submitted"


async def test_the_acceptance_names_the_authority_and_the_seal(intake: Intake):
    acceptance = (await intake.accepted())["acceptance"]
    assert acceptance["authority_number"] == "秦开审批授〔2026〕1号"
    assert acceptance["seal"] == "秦皇岛经济技术开发区行政审批局行政审批专用章（1）"


async def test_an_agency_needs_no_authority_for_its_own_window(intake: Intake):
    guide = food_guide()
    guide["places"] = []
    await intake.publish(guide, number=2)
    case = await intake.submitted()
    assert case["hall"] is None
    own = staff("window_clerk", agency=AGENCY)
    accepted = read(await intake.act(own, case, "acceptance"))
    assert accepted["acceptance"]["authority_number"] is None
    assert accepted["acceptance"]["seal"] == "秦皇岛经济技术开发区行政审批局行政审批专用章"


GIVEN = {
    "agency_code": AGENCY,
    "agency_name": "秦皇岛经济技术开发区行政审批局",
    "hall": "130371-H02",
    "items": [GUIDE_CODE],
    "document_number": "秦开审批授〔2026〕2号",
    "seal": "秦皇岛经济技术开发区行政审批局行政审批专用章（2）",
    "valid_from": "2026-03-09",
}


async def test_the_head_of_the_agency_gives_and_ends_it(intake: Intake):
    authority = read(await intake.call(HEAD, "POST", "/acceptance-authorities", GIVEN), 201)
    path = f"/acceptance-authorities/{authority['id']}/end"
    problem(await intake.call(HEAD, "POST", path, {"valid_to": "2026-12-31"}, version=7), 412, "stale-version")
    ended = read(await intake.call(HEAD, "POST", path, {"valid_to": "2026-12-31"}, version=1))
    assert ended["valid_to"] == "2026-12-31"
    listed = read(await intake.call(REVIEWER, "GET", "/acceptance-authorities?hall=130371-H02"))
    assert [one["document_number"] for one in listed["items"]] == ["秦开审批授〔2026〕2号"]


async def test_nobody_else_gives_it(intake: Intake):
    problem(await intake.call(REVIEWER, "POST", "/acceptance-authorities", GIVEN), 403, "not-permitted")
    other = {**GIVEN, "agency_code": "11130371037100742F"}
    problem(await intake.call(HEAD, "POST", "/acceptance-authorities", other), 403, "not-permitted")


async def test_a_document_number_stands_for_one_authority(intake: Intake):
    body = {**GIVEN, "document_number": "秦开审批授〔2026〕1号"}
    problem(await intake.call(HEAD, "POST", "/acceptance-authorities", body), 409, "authority-number-taken")


async def test_dates_and_items_must_make_sense(intake: Intake):
    body = {**GIVEN, "items": [], "valid_to": "2026-01-01"}
    answer = await intake.call(HEAD, "POST", "/acceptance-authorities", body)
    assert set(pointers(problem(answer, 422, "invalid-fields"))) == {"/items", "/valid_to"}


async def test_the_list_of_authorities_has_pages(intake: Intake):
    first = read(await intake.call(CLERK, "GET", "/acceptance-authorities?limit=12"))
    second = read(await intake.call(CLERK, "GET", f"/acceptance-authorities?limit=12&cursor={first['next']}"))
    assert len(first["items"]) + len(second["items"]) == len(AGENCIES)
    assert second["next"] is None
