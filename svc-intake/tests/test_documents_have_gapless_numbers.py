"""Acceptance, refusal and correction notice carry dated numbers of the agency's own series, gapless per year."""

import asyncio
from datetime import date

import pytest
from intake_world import AGENT, CLERK, Intake, problem, read

from svc_intake.domain.document import Series, document_number


@pytest.mark.parametrize(
    ("series", "number"),
    [
        (Series.ACCEPTANCE, "秦开审批受字〔2026〕第000001号"),
        (Series.REFUSAL, "秦开审批不受字〔2026〕第000001号"),
        (Series.CORRECTION, "秦开审批补字〔2026〕第000001号"),
    ],
)
def test_a_number_names_agency_series_year_and_serial(series: Series, number: str):
    assert document_number("秦开审批", series, 2026, 1) == number


async def test_an_acceptance_that_failed_leaves_no_gap(intake: Intake):
    first, second = await intake.submitted(), await intake.submitted()
    problem(await intake.act(CLERK, first | {"version": 1}, "acceptance"), 412, "stale-version")
    wrong = {"kind": "not-this-organ", "reason": "不属于本机关"}
    problem(await intake.act(CLERK, first, "refusal", wrong), 422, "invalid-fields")
    accepted = [read(await intake.act(CLERK, case, "acceptance")) for case in (first, second)]
    assert [case["acceptance"]["document_number"][-8:] for case in accepted] == ["第000001号", "第000002号"]


async def test_acceptances_at_the_same_moment_get_neighbouring_numbers(intake: Intake):
    cases = [await intake.submitted() for _ in range(4)]
    await asyncio.gather(*(intake.act(CLERK, case, "acceptance") for case in cases))
    rows = await intake.rows("SELECT serial FROM document ORDER BY serial")
    assert [row["serial"] for row in rows] == [1, 2, 3, 4]


async def test_a_new_year_starts_anew(intake: Intake):
    read(await intake.act(CLERK, await intake.submitted(), "acceptance"))
    intake.clock.move_to(date(2027, 1, 4))
    case = read(await intake.act(CLERK, await intake.submitted(), "acceptance"))
    assert case["acceptance"]["document_number"] == "秦开审批受字〔2027〕第000001号"


async def test_the_documents_of_a_case_can_be_read(intake: Intake):
    case = await intake.accepted()
    documents = read(await intake.call(AGENT, "GET", f"/cases/{case['id']}/documents"))["items"]
    assert [(one["kind"], one["dated"]) for one in documents] == [("acceptance", "2026-03-09")]
    assert documents[0]["content"]["authority_number"] == "秦开审批授〔2026〕1号"


async def test_without_the_agencys_facts_no_document_is_written(intake: Intake):
    case = await intake.submitted()
    await intake.rows("DELETE FROM agency")
    answer = await intake.act(CLERK, case, "acceptance")
    problem(answer, 503, "agency-unknown")
    assert answer.headers["retry-after"] == "5"
