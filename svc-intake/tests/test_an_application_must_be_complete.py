"""What is missing, surplus or wrong is told at once, with pointers; a draft may be incomplete."""

from typing import Any

import pytest
from intake_world import AGENT, FORM, Intake, pointers, problem, read


async def test_everything_that_is_missing_is_named_at_once(intake: Intake):
    case = await intake.open(answers={})
    case = await intake.fill(case, {"business_name": FORM["business_name"]})
    found = pointers(problem(await intake.submit(case), 422, "invalid-fields"))
    assert found["/answers/central_kitchen"] == "required"
    assert found["/form/credit_code"] == "required"
    assert found["/materials/M01"] == "material-missing"
    assert found["/materials/M02"] == "evidence-missing"
    assert "/materials/M03" not in found
    assert "/materials/M04" not in found
    assert (await intake.read(case))["state"] == "draft"


async def test_an_incomplete_form_is_kept_and_its_problems_told(intake: Intake):
    case = await intake.open()
    saved = await intake.fill(case, {"area": 0, "credit_code": "91130371MA7001010X"})
    told = {one["pointer"]: one["code"] for one in saved["form_problems"]}
    assert told["/form/area"] == "too-small"
    assert told["/form/credit_code"] == "wrong-check-digit"
    assert (await intake.read(case))["form"] == {"area": 0, "credit_code": "91130371MA7001010X"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("credit_code", "91130371MA7001010X", "wrong-check-digit"),
        ("identity_number", "110105194912310021", "wrong-check-digit"),
        ("phone", "12", "wrong-format"),
        ("business_form", "其他", "not-in-list"),
        ("area", "大", "wrong-type"),
        ("business_name", "", "required"),
    ],
)
async def test_a_wrong_field_is_refused_at_submission(intake: Intake, field: str, value: Any, code: str):
    case = await intake.complete_draft()
    case = await intake.fill(case, FORM | {field: value})
    found = problem(await intake.submit(case), 422, "invalid-fields")
    assert pointers(found) == {f"/form/{field}": code}


async def test_a_surplus_field_is_not_even_kept(intake: Intake):
    case = await intake.open()
    answer = await intake.call(
        AGENT, "PUT", f"/cases/{case['id']}/form", {"form": FORM | {"religion": "无"}}, version=case["version"]
    )
    assert pointers(problem(answer, 422, "invalid-fields")) == {"/form/religion": "unknown-field"}
    assert (await intake.read(case))["form"] == {}


async def test_a_surplus_field_of_a_request_is_pointed_at(intake: Intake):
    answer = await intake.call(AGENT, "POST", "/cases", {"guide_code": "x", "priority": 1})
    assert pointers(problem(answer, 422, "invalid-fields")) == {"/priority": "unknown-field"}


async def test_an_answer_that_does_not_exist_is_pointed_at(intake: Intake):
    body = {"guide_code": "11130371037100371Q4000131001000", "answers": {"central_kitchen": "maybe", "size": "big"}}
    found = pointers(problem(await intake.call(AGENT, "POST", "/cases", body), 422, "invalid-fields"))
    assert found == {"/answers/central_kitchen": "not-in-list", "/answers/size": "unknown-field"}


async def test_other_answers_ask_other_materials_and_drop_what_is_no_longer_asked(intake: Intake):
    case = await intake.open(answers={"central_kitchen": "yes"})
    assert "M03" in [one["code"] for one in case["materials"]]
    case = read(await intake.upload(case, "M03"))
    path = f"/cases/{case['id']}/answers"
    case = read(await intake.call(AGENT, "PUT", path, {"answers": {"central_kitchen": "no"}}, version=case["version"]))
    assert [one["code"] for one in case["materials"]] == ["M01", "M02", "M04"]
    case = await intake.fill(case)
    case = read(await intake.upload(case))
    case |= {"version": read(await intake.prove(case), 201)["version"]}
    receipt = read(await intake.submit(case), 201)
    assert [one["code"] for one in receipt["materials"]] == ["M01", "M02"]


async def test_a_stale_form_is_refused(intake: Intake):
    case = await intake.open()
    await intake.fill(case)
    answer = await intake.call(AGENT, "PUT", f"/cases/{case['id']}/form", {"form": FORM}, version=case["version"])
    problem(answer, 412, "stale-version")


async def test_a_submitted_form_is_not_changed(intake: Intake):
    case = await intake.submitted()
    answer = await intake.call(AGENT, "PUT", f"/cases/{case['id']}/form", {"form": FORM}, version=case["version"])
    problem(answer, 409, "case-not-editable")


async def test_a_draft_can_be_thrown_away_and_a_received_case_cannot(intake: Intake):
    draft = await intake.open()
    gone = await intake.call(AGENT, "DELETE", f"/cases/{draft['id']}", version=draft["version"])
    assert gone.status_code == 204
    problem(await intake.call(AGENT, "GET", f"/cases/{draft['id']}"), 404, "case-not-found")
    case = await intake.submitted()
    kept = await intake.call(AGENT, "DELETE", f"/cases/{case['id']}", version=case["version"])
    problem(kept, 409, "case-not-editable")
