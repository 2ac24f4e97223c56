"""Not answered in time counts as accepted from the day of receipt (行政许可法 32(4)), where the item says so."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from intake_world import AGENT, CLERK, PDF, Intake, food_guide, problem, read

from svc_intake.service import silence
from svc_intake.service.silence import LATE

NOTICE = {"items": [{"material_code": "M01", "reason": "缺签字"}]}


async def sweep(intake: Intake) -> int:
    return await silence.sweep(intake.client.context)


async def test_on_the_last_day_the_office_may_still_answer(intake: Intake):
    case = await intake.submitted()
    assert case["answer_due"] == {"day": "2026-03-16", "provisional": False}
    intake.clock.move_to(date(2026, 3, 16), hour=23)
    assert await sweep(intake) == 0
    read(await intake.act(CLERK, case, "correction-notice", NOTICE))


async def test_the_day_after_it_is_accepted_from_the_day_of_receipt(intake: Intake):
    case = await intake.submitted()
    intake.clock.move_to(date(2026, 3, 17), hour=0)
    assert await sweep(intake) == 1
    case = await intake.read(case)
    assert case["state"] == "accepted"
    assert case["acceptance"]["accepted_on"] == "2026-03-09"
    assert case["acceptance"]["by_silence"]
    assert case["acceptance"]["statutory"] == {"day": "2026-03-23", "provisional": False}
    event = (await intake.events("case.accepted.v1"))[0]
    assert event["by_silence"]
    assert event["accepted_on"] == "2026-03-09"
    assert datetime.fromisoformat(event["accepted_at"]) == datetime(2026, 3, 16, 16, tzinfo=UTC)
    assert await sweep(intake) == 0


async def test_it_is_too_late_to_say_no(intake: Intake):
    case = await intake.submitted()
    intake.clock.move_to(date(2026, 3, 17))
    problem(await intake.act(CLERK, case, "correction-notice", NOTICE), 409, "accepted-by-silence")
    refusal = {"kind": "no-licence-needed", "reason": "无需许可"}
    problem(await intake.act(CLERK, case, "refusal", refusal), 409, "accepted-by-silence")
    on_the_spot = {"fields": {"area": 1}}
    problem(await intake.act(CLERK, case, "on-the-spot-correction", on_the_spot), 409, "accepted-by-silence")


async def test_a_late_acceptance_writes_down_what_the_law_did(intake: Intake):
    case = await intake.submitted()
    intake.clock.move_to(date(2026, 3, 18))
    acceptance = read(await intake.act(CLERK, case, "acceptance"))["acceptance"]
    assert acceptance["by_silence"]
    assert acceptance["accepted_on"] == "2026-03-09"


async def test_where_the_item_knows_no_such_rule_nothing_happens(intake: Intake):
    guide = food_guide()
    guide["limits"]["silence"] = "none"
    await intake.publish(guide, number=2)
    case = await intake.submitted()
    intake.clock.move_to(date(2026, 4, 30))
    assert await sweep(intake) == 0
    assert not read(await intake.act(CLERK, case, "acceptance"))["acceptance"]["by_silence"]


async def test_after_corrections_the_time_counts_from_the_day_they_were_handed_in(intake: Intake):
    case = await intake.submitted()
    case = read(await intake.act(CLERK, case, "correction-notice", NOTICE))
    intake.clock.move_to(date(2026, 3, 20))
    assert await sweep(intake) == 0
    case = read(await intake.upload(case, content=PDF + b"signed"))
    case = read(await intake.act(AGENT, case, "corrections"))
    assert case["answer_due"]["day"] == "2026-03-27"
    intake.clock.move_to(date(2026, 3, 28))
    assert await sweep(intake) == 1
    assert (await intake.read(case))["acceptance"]["accepted_on"] == "2026-03-20"


async def test_one_case_that_cannot_be_accepted_keeps_no_other_waiting(intake: Intake):
    stuck = await intake.submitted()
    guide = food_guide()
    guide["agency"] = {"code": "11130371037100742F", "name": "秦皇岛经济技术开发区公安局"}
    await intake.publish(guide, number=2)
    await intake.submitted()
    intake.clock.move_to(date(2026, 3, 17))
    assert await sweep(intake) == 1
    assert (await intake.read(stuck))["state"] == "accepted"


async def test_of_several_processes_one_accepts(intake: Intake):
    case = await intake.submitted()
    intake.clock.move_to(date(2026, 9, 1))
    assert sum(await asyncio.gather(*(sweep(intake) for _ in range(4)))) == 1
    assert [row["count"] for row in await intake.rows("SELECT count(*) FROM document")] == [1]
    assert (await intake.read(case))["acceptance"]["accepted_on"] == "2026-03-09"


async def test_what_silence_cannot_accept_is_an_alarm(intake: Intake, caplog: pytest.LogCaptureFixture):
    await intake.submitted()
    intake.clock.move_to(date(2026, 3, 17))
    await intake.rows("ALTER TABLE document_series RENAME TO elsewhere")
    assert await sweep(intake) == 0
    assert LATE._value.get() == 1
    assert caplog.messages.count("cases wait for silence to accept them") == 1
    await intake.rows("ALTER TABLE elsewhere RENAME TO document_series")
    assert await sweep(intake) == 1
    assert LATE._value.get() == 0


async def test_a_calendar_that_changed_moves_the_last_day(intake: Intake):
    case = await intake.submitted()
    year = intake.example("calendar.changed.v1/published-2026.json")
    year["holidays"] = [*year["holidays"], "2026-03-12"]
    await intake.apply("calendar.changed.v1", year, intake.item)
    case = await intake.read(case)
    assert case["answer_due"] == {"day": "2026-03-17", "provisional": False}
    intake.clock.move_to(date(2026, 3, 17))
    assert await sweep(intake) == 0


async def test_a_stored_day_that_is_too_early_is_counted_anew_first(intake: Intake):
    case = await intake.submitted()
    await intake.rows("UPDATE case_file SET answer_due_on = '2026-03-10'")
    intake.clock.move_to(date(2026, 3, 12))
    assert await sweep(intake) == 0
    assert (await intake.read(case))["answer_due"]["day"] == "2026-03-16"


async def test_a_day_beyond_the_published_calendar_is_provisional(intake: Intake):
    intake.clock.move_to(date(2026, 12, 29))
    case = await intake.submitted()
    assert case["answer_due"]["provisional"]
    year = intake.example("calendar.changed.v1/provisional-2027.json") | {"published": True}
    await intake.apply("calendar.changed.v1", year, intake.guide_version)
    assert not (await intake.read(case))["answer_due"]["provisional"]
