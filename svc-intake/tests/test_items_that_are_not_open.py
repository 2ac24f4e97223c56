"""An unknown, suspended, withdrawn or not yet valid item takes no applications; a pinned guide stays the case's own."""

from datetime import date
from typing import Any

from intake_world import AGENT, CITIZEN, GUIDE_CODE, Intake, food_guide, pointers, problem, read

OPEN = {"guide_code": GUIDE_CODE}


async def suspend(intake: Intake, name: str = "guide.suspended.v1") -> None:
    folder = {"guide.suspended.v1": "law-change.json", "guide.withdrawn.v1": "cancelled.json"}[name]
    event = intake.example(f"{name}/{folder}") | {
        "item_id": str(intake.item),
        "guide_version_id": str(intake.guide_version),
        "code": GUIDE_CODE,
        "reason": "依据修订，暂停受理。",
    }
    await intake.apply(name, event, intake.item)


async def test_an_unknown_item_is_pointed_at(intake: Intake):
    answer = await intake.call(AGENT, "POST", "/cases", {"guide_code": "11130371037100371Q4000199999000"})
    assert pointers(problem(answer, 404, "unknown-item")) == {"/guide_code": "unknown-item"}


async def test_a_suspended_item_takes_no_applications_until_it_is_published_again(intake: Intake):
    draft = await intake.complete_draft()
    await suspend(intake)
    answer = problem(await intake.call(AGENT, "POST", "/cases", OPEN), 409, "item-suspended")
    assert "依据修订" in answer["detail"]
    assert not answer["detail"].endswith("。。")
    assert pointers(answer) == {"/guide_code": "item-suspended"}
    answer = problem(await intake.submit(draft), 409, "item-suspended")
    assert pointers(answer) == {"{case_id}": "item-suspended"}
    await intake.publish(food_guide(), number=2)
    read(await intake.submit(draft), 201)


async def test_a_withdrawn_item_takes_none(intake: Intake):
    await suspend(intake, "guide.withdrawn.v1")
    problem(await intake.call(AGENT, "POST", "/cases", OPEN), 409, "item-withdrawn")


async def test_a_guide_is_in_force_from_its_day_on(intake: Intake):
    later: dict[str, Any] = food_guide() | {"name": "食品经营许可核发（新）", "valid_from": "2026-04-01"}
    await intake.publish(later, number=2)
    assert (await intake.open())["item"]["name"] == "食品（含保健食品）经营许可核发"
    intake.clock.move_to(date(2026, 4, 1), hour=0)
    assert (await intake.open())["item"]["name"] == "食品经营许可核发（新）"


async def test_a_case_keeps_the_guide_it_was_opened_under(intake: Intake):
    draft = await intake.complete_draft()
    pinned = intake.guide_version
    stricter = food_guide()
    stricter["materials"][3]["need"] = "1"
    await intake.publish(stricter, number=2)
    assert draft["guide_version_id"] == str(pinned)
    read(await intake.submit(draft), 201)


async def test_an_item_for_companies_is_not_for_persons(intake: Intake):
    answer = await intake.call(CITIZEN, "POST", "/cases", OPEN)
    assert "经办人" in problem(answer, 422, "not-served")["detail"]


async def test_an_item_for_persons_is_not_for_companies(intake: Intake):
    await intake.publish(food_guide() | {"served": ["1"]}, number=2)
    problem(await intake.call(AGENT, "POST", "/cases", OPEN), 422, "not-served")
    assert (await intake.open(CITIZEN))["applicant"]["name"] == "赵**"


async def test_a_hall_that_does_not_handle_the_item_is_pointed_at(intake: Intake):
    answer = await intake.call(AGENT, "POST", "/cases", OPEN | {"hall": "130371-H99"})
    assert pointers(problem(answer, 422, "invalid-fields")) == {"/hall": "not-in-list"}
