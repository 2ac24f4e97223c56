"""Refusal: the five outcomes of 行政许可法 32, reasons and remedies in full (38)."""

from datetime import date

import pytest
from intake_world import AGENT, CLERK, Intake, pointers, problem, read

from onestop_legal.errors import FieldErrors
from svc_intake.domain.party import AgencyFacts
from svc_intake.domain.refusal import Outcome, Refusal, RefusalKind, refuse

AGENCY = AgencyFacts("11130371037100371Q", "行政审批局", "秦开审批", "秦皇岛市人民政府", "秦皇岛市海港区人民法院")


def refused(kind: RefusalKind, *, right_organ: str | None = None, corrections_named: bool = False) -> Refusal:
    return refuse(
        kind,
        "理由",
        AGENCY,
        right_organ=right_organ,
        corrections_named=corrections_named,
        document_number="秦开审批不受字〔2026〕第000001号",
        refused_on=date(2026, 3, 9),
    )


def test_there_are_five_outcomes():
    assert [outcome.value for outcome in Outcome] == ["32-1", "32-2", "32-3", "32-4", "32-5"]


def test_who_needs_no_licence_is_told_so():
    assert refused(RefusalKind.NOT_NEEDED).kind.document_name == "不受理告知书"


def test_the_right_organ_must_be_named():
    with pytest.raises(FieldErrors) as caught:
        refused(RefusalKind.NOT_THIS_ORGAN)
    assert [error.pointer for error in caught.value.errors] == ["/right_organ"]
    assert refused(RefusalKind.NOT_THIS_ORGAN, right_organ="海港区行政审批局").right_organ


def test_nobody_is_refused_for_what_he_was_not_asked_to_correct():
    with pytest.raises(FieldErrors):
        refused(RefusalKind.NOT_CORRECTED)
    assert refused(RefusalKind.NOT_CORRECTED, corrections_named=True)


def test_the_remedies_name_government_court_and_times():
    remedies = refused(RefusalKind.FALSE_MATERIALS).remedies
    for part in ("六十日内", "秦皇岛市人民政府", "行政复议", "六个月内", "秦皇岛市海港区人民法院", "行政诉讼"):
        assert part in remedies


async def test_the_clerk_refuses_and_the_applicant_reads_where_to_turn(intake: Intake):
    case = await intake.submitted()
    body = {
        "kind": "not-this-organ",
        "reason": "经营场所位于海港区，不属于本区管辖。",
        "right_organ": "秦皇岛市海港区行政审批局",
        "remedy": "可以通过省政务服务网提出申请。",
    }
    refusal = read(await intake.act(CLERK, case, "refusal", body))["refusal"]
    assert refusal["document_number"] == "秦开审批不受字〔2026〕第000001号"
    assert "秦皇岛市人民政府" in refusal["remedies"]
    mine = await intake.read(case)
    assert mine["state"] == "refused"
    assert mine["refusal"]["right_organ"] == "秦皇岛市海港区行政审批局"
    event = (await intake.events("case.refused.v1"))[0]
    assert event["kind"] == "not-this-organ"
    problem(await intake.act(CLERK, mine, "acceptance"), 409, "case-not-awaiting-answer")


async def test_a_wrong_refusal_is_pointed_at(intake: Intake):
    case = await intake.submitted()
    answer = await intake.act(CLERK, case, "refusal", {"kind": "because", "reason": "…"})
    assert pointers(problem(answer, 422, "invalid-fields")) == {"/kind": "not-in-list"}
    problem(
        await intake.act(AGENT, case, "refusal", {"kind": "no-licence-needed", "reason": "…"}), 403, "not-permitted"
    )


async def test_what_can_be_corrected_on_the_spot_is_corrected_there(intake: Intake):
    case = await intake.submitted()
    body = {"fields": {"business_scope": "预包装食品销售"}}
    case = read(await intake.act(CLERK, case, "on-the-spot-correction", body))
    assert case["state"] == "submitted"
    assert (await intake.read(case))["form"]["business_scope"] == "预包装食品销售"
    read(await intake.act(CLERK, case, "acceptance"))
    event = (await intake.events("case.accepted.v1"))[0]
    assert event["public_fields"]["business_scope"] == "预包装食品销售"


async def test_a_correction_on_the_spot_leaves_a_valid_form(intake: Intake):
    case = await intake.submitted()
    wrong = await intake.act(CLERK, case, "on-the-spot-correction", {"fields": {"area": 0}})
    assert pointers(problem(wrong, 422, "invalid-fields")) == {"/form/area": "too-small"}
    same = await intake.act(CLERK, case, "on-the-spot-correction", {"fields": {"area": 120}})
    assert pointers(problem(same, 422, "invalid-fields")) == {"/fields": "unchanged"}
