"""An applicant takes the application back before the decision, and not after."""

from intake_world import AGENT, CLERK, Intake, problem, read


async def test_before_acceptance_and_after_it(intake: Intake):
    for case in (await intake.submitted(), await intake.accepted()):
        assert read(await intake.act(AGENT, case, "withdrawal"))["state"] == "withdrawn"
    assert len(await intake.events("case.withdrawn.v1")) == 2


async def test_not_a_draft_and_not_after_the_decision(intake: Intake):
    problem(await intake.act(AGENT, await intake.open(), "withdrawal"), 409, "case-not-withdrawable")
    case = await intake.accepted()
    proceeding = await intake.start_proceeding(case)
    decision = intake.example("decision.made.v1/denied.json") | {"case_id": case["id"]}
    await intake.apply("decision.made.v1", decision, proceeding)
    case = await intake.read(case)
    assert case["result"]["outcome"] == "denied"
    problem(await intake.act(AGENT, case, "withdrawal"), 409, "case-not-withdrawable")


async def test_a_decision_that_was_on_its_way_stands(intake: Intake):
    case = await intake.accepted()
    proceeding = await intake.start_proceeding(case)
    read(await intake.act(AGENT, await intake.read(case), "withdrawal"))
    decision = intake.example("decision.made.v1/granted.json") | {"case_id": case["id"]}
    await intake.apply("decision.made.v1", decision, proceeding)
    assert (await intake.read(case))["state"] == "concluded"


async def test_only_the_applicant_does_it(intake: Intake):
    problem(await intake.act(CLERK, await intake.submitted(), "withdrawal"), 403, "not-permitted")
