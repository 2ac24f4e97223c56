"""The timeline tells what the office did, from its events, each once and in order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from intake_world import AGENT, Intake, read

from onestop_runtime.ids import uuid7


async def timeline(intake: Intake, case: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = read(await intake.call(AGENT, "GET", f"/cases/{case['id']}/timeline"))["items"]
    return items


async def tell(intake: Intake, path: str, proceeding: UUID, case: dict[str, Any], **changes: Any) -> None:
    intake.clock.instant += timedelta(hours=1)
    event = intake.example(path) | {"proceeding_id": str(proceeding), "case_id": case["id"]} | changes
    await intake.apply(path.partition("/")[0], event, proceeding)


async def test_steps_clock_decision_and_licence(intake: Intake):
    case = await intake.accepted()
    proceeding = await intake.start_proceeding(case)
    at = (intake.clock.instant + timedelta(minutes=30)).isoformat()
    await tell(intake, "proceeding.progressed.v1/reviewed.json", proceeding, case, at=at)
    await tell(intake, "clock.stopped.v1/expert-review.json", proceeding, case)
    assert (await intake.read(case))["progress"]["clock"] == "stopped"
    await tell(intake, "clock.resumed.v1/expert-review.json", proceeding, case)
    await tell(intake, "clock.extended.v1/by-head.json", proceeding, case)
    await tell(intake, "warning.raised.v1/yellow.json", proceeding, case)
    await tell(intake, "decision.made.v1/granted.json", proceeding, case)
    issued = intake.example("licence.issued.v1/food-business-licence.json") | {"case_id": case["id"]}
    intake.clock.instant += timedelta(hours=1)
    await intake.apply("licence.issued.v1", issued, uuid7())
    assert [one["happening"] for one in (await timeline(intake, case))[3:]] == [
        "accepted", "started", "progressed", "clock-stopped", "clock-resumed", "clock-extended", "decided",
        "licence-issued",
    ]  # fmt: skip
    done = await intake.read(case)
    assert done["progress"]["clock"] == "running"
    assert done["progress"]["next_steps"] == ["现场核查"]
    assert done["licence"]["number"] == "JY11303710000019"
    extended = intake.example("clock.extended.v1/by-head.json")
    assert done["progress"]["statutory"] == extended["statutory"]
    assert done["progress"]["promised"] == extended["promised"]


async def test_a_provisional_deadline_is_told_as_such(intake: Intake):
    case = await intake.accepted()
    proceeding = uuid7()
    await tell(intake, "proceeding.started.v1/provisional.json", proceeding, case)
    assert "暂定" in (await timeline(intake, case))[-1]["text"]
    assert (await intake.read(case))["progress"]["statutory"]["provisional"]


async def test_a_provisional_deadline_is_told_anew_when_the_year_is_published(intake: Intake):
    case = await intake.accepted()
    proceeding = uuid7()
    await tell(intake, "proceeding.started.v1/provisional.json", proceeding, case)
    await tell(intake, "clock.recounted.v1/published-year.json", proceeding, case)
    last = (await timeline(intake, case))[-1]
    assert (last["happening"], last["text"]) == (
        "clock-recounted", "法定办结期限 2027-01-13，承诺办结期限 2027-01-07。"
    )  # fmt: skip
    told = intake.example("clock.recounted.v1/published-year.json")
    progress = (await intake.read(case))["progress"]
    assert (progress["statutory"], progress["promised"]) == (told["statutory"], told["promised"])


async def test_a_licence_that_ended_is_shown_as_such(intake: Intake):
    case = await intake.accepted()
    licence = uuid7()
    issued = intake.example("licence.issued.v1/food-business-licence.json") | {"case_id": case["id"]}
    issued["licence"]["licence_id"] = str(licence)
    await intake.apply("licence.issued.v1", issued, licence)
    ended = intake.example("licence.ended.v1/cancelled.json") | {"licence_id": str(licence)}
    await intake.apply("licence.ended.v1", ended, licence)
    assert (await intake.read(case))["licence"]["ended"] == "cancelled"
    assert "注销" in (await timeline(intake, case))[-1]["text"]


async def test_a_case_that_goes_on_has_a_new_version(intake: Intake):
    case = await intake.accepted()
    await intake.start_proceeding(case)
    assert (await intake.read(case))["version"] == case["version"] + 1
