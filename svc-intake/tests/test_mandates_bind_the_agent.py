"""Who acts for a company does only what the company let him do, for as long as it does."""

from typing import Any

from intake_world import AGENT, GUIDE_CODE, Intake, problem, read

OPEN = {"guide_code": GUIDE_CODE, "answers": {"central_kitchen": "no"}}


async def give(intake: Intake, **changes: Any) -> None:
    assert AGENT.mandate
    event = intake.example("mandate.given.v1/all-items.json") | {"mandate_id": str(AGENT.mandate)} | changes
    await intake.apply("mandate.given.v1", event, AGENT.mandate)


async def test_a_mandate_for_the_item_lets_him(intake: Intake):
    await give(intake, items=[GUIDE_CODE])
    assert read(await intake.call(AGENT, "POST", "/cases", OPEN), 201)["applicant"]["kind"] == "legal"


async def test_a_mandate_for_another_item_does_not(intake: Intake):
    await give(intake, items=["another"])
    problem(await intake.call(AGENT, "POST", "/cases", OPEN), 403, "mandate-does-not-cover")


async def test_a_mandate_out_of_its_days_does_not(intake: Intake):
    await give(intake, valid_to="2026-03-08")
    problem(await intake.call(AGENT, "POST", "/cases", OPEN), 403, "mandate-does-not-cover")


async def test_a_withdrawn_mandate_stops_the_submission(intake: Intake):
    await give(intake)
    draft = await intake.complete_draft()
    assert AGENT.mandate
    event = intake.example("mandate.withdrawn.v1/early.json") | {"mandate_id": str(AGENT.mandate)}
    await intake.apply("mandate.withdrawn.v1", event, AGENT.mandate)
    problem(await intake.submit(draft), 403, "mandate-does-not-cover")
