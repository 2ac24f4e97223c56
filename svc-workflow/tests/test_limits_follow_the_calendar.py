"""When the calendar changes, running limits are counted anew, and whoever shows them is told (ADR 8)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from office import ACCEPTED, API, REVIEWER, Moment, accept, deliver, events, example, proceeding_of

from onestop_messages.workflow import ClockRecounted, ClockResumed, DeadlineState
from svc_workflow.workers import follow_calendar

CHANGED = "cn.onestop.catalog.calendar.changed.v1"
PUBLISHED_2027 = example("calendar.changed.v1", "provisional-2027") | {
    "published": True,
    "holidays": ["2027-01-01", "2027-01-04"],
}


def definite(day: date) -> DeadlineState:
    return DeadlineState(day=day, provisional=False)


async def test_a_published_year_replaces_a_provisional_deadline_and_everybody_is_told(client: Any):
    case_id = await accept(client, accepted_on="2026-12-28")
    before = await proceeding_of(client, case_id)
    assert before["statutory"]["provisional"]
    await deliver(client, CHANGED, PUBLISHED_2027)
    assert await follow_calendar(client.context) == 1
    shown = await proceeding_of(client, case_id)
    assert (shown["statutory"]["provisional"], shown["statutory"]["deadline"]) == (False, "2027-01-13")
    assert (shown["history"][-1]["verb"], shown["version"]) == ("deadline.recomputed", before["version"] + 1)
    (told,) = await events(client, ClockRecounted)
    assert (str(told.case_id), told.statutory, told.promised) == (
        case_id,
        definite(date(2027, 1, 13)),
        definite(date(2027, 1, 7)),
    )


async def test_what_does_not_move_is_not_told(client: Any):
    case_id = await accept(client)
    await deliver(client, CHANGED, PUBLISHED_2027)
    assert await follow_calendar(client.context) == 1
    assert await follow_calendar(client.context) == 0
    assert (await proceeding_of(client, case_id))["history"][-1]["verb"] == "proceeding.started"
    assert await events(client, ClockRecounted) == []


async def test_a_published_year_that_is_changed_moves_deadlines_that_were_definite(client: Any):
    await accept(client)
    year = example("calendar.changed.v1", "published-2026")
    await deliver(client, CHANGED, year | {"holidays": [*year["holidays"], "2026-03-16"]})
    await follow_calendar(client.context)
    (told,) = await events(client, ClockRecounted)
    assert (told.statutory, told.promised) == (definite(date(2026, 3, 25)), definite(date(2026, 3, 19)))


async def test_a_clock_that_stands_still_is_told_of_when_it_runs_on(client: Any, moment: Moment):
    case_id = await accept(client, accepted_on="2026-12-28")
    shown = await proceeding_of(client, case_id)
    form = {"cause": "expert_review", "expected_days": 5}
    current = {"If-Match": f'"{shown["version"]}"'}
    reviewer = client.as_(REVIEWER)
    moment.at = moment.at.replace(month=12, day=28)
    stopped = await reviewer.post(f"{API}/proceedings/{shown['id']}/clock-stops", json=form, headers=current)
    await deliver(client, CHANGED, PUBLISHED_2027)
    assert await follow_calendar(client.context) == 1
    assert await events(client, ClockRecounted) == []
    moment.at += timedelta(days=1)
    end = f"{API}/clock-stops/{stopped.json()['stops'][0]['id']}/end"
    assert (await reviewer.post(end, headers={"If-Match": stopped.headers["etag"]})).status_code == 200
    (told,) = await events(client, ClockResumed)
    assert told.statutory == definite(date(2027, 1, 14))


async def test_a_proceeding_that_starts_while_the_calendar_changes_is_counted_anew(client: Any):
    """It reads the calendar of before, and commits after the one that is new."""
    data = example("case.accepted.v1", "food-business-licence") | {"accepted_on": "2026-12-28"}
    async with client.transaction() as starting:
        await deliver(client, ACCEPTED, data, starting)
        await deliver(client, CHANGED, PUBLISHED_2027)
        assert await follow_calendar(client.context) == 0
    assert await follow_calendar(client.context) == 1
    (told,) = await events(client, ClockRecounted)
    assert told.case_id == UUID(data["case_id"])


async def test_what_has_ended_is_left_alone(client: Any):
    case_id = await accept(client, accepted_on="2026-12-28")
    withdrawn = {"case_id": case_id, "withdrawn_at": "2026-12-29T01:00:00Z"}
    await deliver(client, "cn.onestop.intake.case.withdrawn.v1", withdrawn)
    await deliver(client, CHANGED, PUBLISHED_2027)
    assert await follow_calendar(client.context) == 0
