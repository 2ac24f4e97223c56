"""The result reaches the applicant after the decision; who hands it over says so."""

from typing import Any

from intake_world import AGENT, CLERK, Intake, problem, read


async def concluded(intake: Intake) -> dict[str, Any]:
    case = await intake.accepted()
    proceeding = await intake.start_proceeding(case)
    decision = intake.example("decision.made.v1/granted.json") | {"case_id": case["id"]}
    await intake.apply("decision.made.v1", decision, proceeding)
    return await intake.read(case)


async def test_the_applicant_confirms_online(intake: Intake):
    case = await concluded(intake)
    problem(await intake.act(AGENT, case, "delivery", {"means": "window"}), 403, "not-permitted")
    read(await intake.act(AGENT, case, "delivery", {"means": "online"}))
    assert [event["means"] for event in await intake.events("case.delivered.v1")] == ["online"]


async def test_the_clerk_hands_over(intake: Intake):
    case = await concluded(intake)
    problem(await intake.act(CLERK, case, "delivery", {"means": "online"}), 403, "not-permitted")
    assert read(await intake.act(CLERK, case, "delivery", {"means": "window"}))["delivery"]["means"] == "window"


async def test_nothing_is_delivered_before_the_decision(intake: Intake):
    problem(
        await intake.act(AGENT, await intake.accepted(), "delivery", {"means": "online"}), 409, "case-not-concluded"
    )
