"""The way of a case through intake, step by step, on a real database."""

from intake_world import AGENT, CLERK, HEAD, REVIEWER, Intake, read


async def test_a_case_goes_from_draft_to_licence(intake: Intake):
    draft = await intake.open()
    assert [one["code"] for one in draft["materials"]] == ["M01", "M02", "M04"]
    licence = draft["materials"][1]
    assert licence["covered_by_sharing"]
    assert licence["state"] == "missing"
    draft = await intake.complete_draft()
    receipt = read(await intake.submit(draft), 201)
    assert receipt["case_number"].endswith("202603090001")
    inbox = read(await intake.call(CLERK, "GET", "/cases?state=submitted"))
    assert [one["id"] for one in inbox["items"]] == [draft["id"]]
    case = await intake.read(draft, CLERK)
    accepted = read(await intake.act(CLERK, case, "acceptance"))
    assert accepted["acceptance"]["document_number"] == "秦开审批受字〔2026〕第000001号"
    assert accepted["acceptance"]["authority_number"] == "秦开审批授〔2026〕1号"
    proceeding = await intake.start_proceeding(accepted)
    assert (await intake.read(accepted, REVIEWER))["state"] == "accepted"
    decision = intake.example("decision.made.v1/granted.json") | {
        "proceeding_id": str(proceeding),
        "case_id": case["id"],
    }
    await intake.apply("decision.made.v1", decision, proceeding)
    done = await intake.read(case)
    assert done["state"] == "concluded"
    assert done["result"]["outcome"] == "granted"
    assert (await intake.read(case, HEAD))["result"] == done["result"]
    delivered = read(await intake.act(AGENT, done, "delivery", {"means": "online"}))
    assert delivered["delivery"]["means"] == "online"
    timeline = read(await intake.call(AGENT, "GET", f"/cases/{case['id']}/timeline"))
    assert [one["happening"] for one in timeline["items"]] == [
        "opened", "evidence-obtained", "submitted", "accepted", "started", "decided", "delivered",
    ]  # fmt: skip
