"""All corrections are named once (行政许可法 32(4)): on one day, in one notice, and never again."""

from datetime import date
from uuid import uuid4

import pytest
from intake_world import AGENT, CLERK, FORM, PDF, Intake, food_guide, pointers, problem, read

from onestop_legal.errors import FieldErrors
from svc_intake.domain.correction import (
    Correction,
    CorrectionNotice,
    CorrectionsAlreadyNamed,
    NotAmongCorrections,
    name_all,
)
from svc_intake.domain.guide import Guide

GUIDE = Guide.of(uuid4(), food_guide())
ANSWERS = {"central_kitchen": "no"}
SIGNATURE = Correction("申请书缺少法定代表人签字", material_code="M01")
SCOPE = Correction("经营项目应与平面布局图一致", field="business_scope")
DAY = date(2026, 3, 9)


def notice(*items: Correction) -> CorrectionNotice:
    return name_all(None, items, GUIDE, ANSWERS, number="秦开审批补字〔2026〕第000001号", named_on=DAY)


def test_there_is_no_second_notice():
    with pytest.raises(CorrectionsAlreadyNamed, match="2026-03-09"):
        name_all(notice(SIGNATURE), (SCOPE,), GUIDE, ANSWERS, number="2", named_on=DAY)


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        (Correction("缺失", material_code="M03"), "/items/0/material_code"),
        (Correction("缺失", field="other"), "/items/0/field"),
        (Correction("哪里？"), "/items/0"),
        (Correction("两处", material_code="M01", field="area"), "/items/0"),
    ],
)
def test_a_notice_names_only_what_the_guide_asks(item: Correction, pointer: str):
    with pytest.raises(FieldErrors) as caught:
        notice(item)
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_a_place_is_named_once_in_a_notice():
    with pytest.raises(FieldErrors) as caught:
        notice(SIGNATURE, Correction("同一份材料", material_code="M01"))
    assert [error.code for error in caught.value.errors] == ["named-twice"]


def test_only_what_is_named_may_be_handed_in_again():
    assert notice(SIGNATURE).handed_in_again(material_code="M01").items[0].done
    with pytest.raises(NotAmongCorrections):
        notice(SIGNATURE).handed_in_again(material_code="M02")


def test_every_named_place_must_be_handed_in_again():
    with pytest.raises(FieldErrors) as caught:
        notice(SIGNATURE, SCOPE).handed_in_again(field="business_scope").require_done()
    assert [error.pointer for error in caught.value.errors] == ["/materials/M01"]


NAMED = {"items": [{"material_code": "M01", "reason": "申请书缺少法定代表人签字"}]}


async def test_the_clerk_names_them_and_cannot_name_more_after_they_came_back(intake: Intake):
    case = await intake.submitted()
    named = read(await intake.act(CLERK, case, "correction-notice", NAMED))
    assert named["state"] == "correction"
    assert named["correction_notice"]["number"] == "秦开审批补字〔2026〕第000001号"
    problem(await intake.act(CLERK, named, "correction-notice", NAMED), 409, "corrections-already-named")
    case = await intake.read(case)
    problem(await intake.act(CLERK, case, "acceptance"), 409, "case-not-awaiting-answer")
    case = read(await intake.upload(case, content=PDF + b"signed"))
    corrected = read(await intake.call(AGENT, "POST", f"/cases/{case['id']}/corrections", version=case["version"]))
    assert corrected["state"] == "submitted"
    answer = await intake.act(CLERK, corrected, "correction-notice", NAMED)
    assert "不得再次要求补正" in problem(answer, 409, "corrections-already-named")["detail"]
    assert len(await intake.events("case.correction-requested.v1")) == 1
    assert [event["corrected_on"] for event in await intake.events("case.corrected.v1")] == ["2026-03-09"]
    assert read(await intake.act(CLERK, corrected, "acceptance"))["state"] == "accepted"


async def test_while_correcting_nothing_else_is_changed(intake: Intake):
    case = await intake.submitted()
    case = read(await intake.act(CLERK, case, "correction-notice", NAMED))
    problem(await intake.upload(case, "M04"), 409, "not-among-corrections")
    changed = await intake.call(
        AGENT, "PUT", f"/cases/{case['id']}/form", {"form": FORM | {"area": 90}}, version=case["version"]
    )
    problem(changed, 409, "not-among-corrections")


async def test_a_field_is_corrected_in_the_form(intake: Intake):
    case = await intake.submitted()
    items = {"items": [{"field": "area", "reason": "经营面积与房产证明不一致"}]}
    case = read(await intake.act(CLERK, case, "correction-notice", items))
    early = await intake.act(AGENT, case, "corrections")
    assert pointers(problem(early, 422, "invalid-fields")) == {"/form/area": "not-corrected"}
    case = await intake.fill(case, FORM | {"area": 90})
    assert case["correction_notice"]["items"][0]["done"]
    assert read(await intake.act(AGENT, case, "corrections"))["state"] == "submitted"


async def test_a_place_that_does_not_exist_is_pointed_at(intake: Intake):
    case = await intake.submitted()
    answer = await intake.act(CLERK, case, "correction-notice", {"items": [{"field": "nothing", "reason": "？"}]})
    assert pointers(problem(answer, 422, "invalid-fields")) == {"/items/0/field": "not-in-list"}
    assert not await intake.rows("SELECT 1 FROM document_series")


async def test_the_replaced_material_stays_as_it_was_handed_in(intake: Intake):
    case = await intake.submitted()
    case = read(await intake.act(CLERK, case, "correction-notice", NAMED))
    read(await intake.upload(case, content=PDF + b"signed"))
    assert len(await intake.rows("SELECT 1 FROM material WHERE code = 'M01'")) == 2
