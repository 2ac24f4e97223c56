"""A relative or a township's agent applies for a person: the person sees the case, and who filled it in."""

from typing import Any

import pytest
from intake_world import (
    CITIZEN,
    DAUGHTER,
    GUARDIAN,
    GUIDE_CODE,
    TOWNSHIP_AGENT,
    Intake,
    food_guide,
    problem,
    read,
    staff,
)

from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7

OPEN = {"guide_code": GUIDE_CODE, "answers": {"central_kitchen": "no"}}
OTHER_CITIZEN = Caller(sub=uuid7(), kind="natural", client="web", channel="web", name="孙立伟")
HIMSELF = staff("township_agent", agency="1113037103710740XG")


@pytest.fixture
async def intake_for_persons(intake: Intake) -> Intake:
    """Return intake with an item that serves persons."""
    await intake.publish(food_guide() | {"served": ["1", "2"]}, number=2)
    return intake


async def opened(intake: Intake, caller: Caller) -> dict[str, Any]:
    case: dict[str, Any] = read(await intake.call(caller, "POST", "/cases", OPEN), 201)
    return case


async def test_the_person_sees_the_case_and_who_filled_it_in(intake_for_persons: Intake):
    case = await opened(intake_for_persons, TOWNSHIP_AGENT)
    assert case["applicant"] == {"id": str(CITIZEN.sub), "kind": "natural", "name": "赵**", "credit_code": None}
    seen = read(await intake_for_persons.call(CITIZEN, "GET", f"/cases/{case['id']}"))
    assert seen["agent"] == {"name": "马**", "agency": "1113037103710740XG"}
    (listed,) = read(await intake_for_persons.call(CITIZEN, "GET", "/cases"))["items"]
    assert (listed["id"], listed["agent"]["name"]) == (case["id"], "马**")
    timeline = read(await intake_for_persons.call(CITIZEN, "GET", f"/cases/{case['id']}/timeline"))
    assert "由 马** 代为填写。" in str(timeline)


async def test_the_audit_trail_names_both(intake_for_persons: Intake):
    case = await opened(intake_for_persons, TOWNSHIP_AGENT)
    row = await intake_for_persons.client.context.pool.fetchrow(
        "SELECT actor, actor_kind, acting_for, agency FROM audit WHERE verb = 'case.opened' AND key = $1", case["id"]
    )
    assert dict(row) == {
        "actor": TOWNSHIP_AGENT.sub,
        "actor_kind": "staff",
        "acting_for": CITIZEN.sub,
        "agency": "1113037103710740XG",
    }


async def test_nobody_else_sees_it(intake_for_persons: Intake):
    case = await opened(intake_for_persons, TOWNSHIP_AGENT)
    for caller in (OTHER_CITIZEN, HIMSELF, DAUGHTER):
        problem(await intake_for_persons.call(caller, "GET", f"/cases/{case['id']}"), 404, "case-not-found")
        assert read(await intake_for_persons.call(caller, "GET", "/cases"))["items"] == []


async def test_who_acts_for_a_person_sees_what_he_has_filed_and_a_guardian_everything(intake_for_persons: Intake):
    own = await opened(intake_for_persons, CITIZEN)
    filed = await opened(intake_for_persons, DAUGHTER)
    assert own["agent"] is None
    for caller, seen in ((DAUGHTER, {filed["id"]}), (GUARDIAN, {own["id"], filed["id"]})):
        listed = read(await intake_for_persons.call(caller, "GET", "/cases"))["items"]
        assert {one["id"] for one in listed} == seen
        for case in (own, filed):
            got = await intake_for_persons.call(caller, "GET", f"/cases/{case['id']}")
            assert (got.status_code == 200) == (case["id"] in seen)


async def test_a_proxy_for_other_items_does_not_apply_for_this_one(intake_for_persons: Intake):
    event = intake_for_persons.example("mandate.given.v1/township-agent.json")
    event |= {"mandate_id": str(TOWNSHIP_AGENT.mandate), "items": ["another"]}
    assert TOWNSHIP_AGENT.mandate
    await intake_for_persons.apply("mandate.given.v1", event, TOWNSHIP_AGENT.mandate)
    refused = await intake_for_persons.call(TOWNSHIP_AGENT, "POST", "/cases", OPEN)
    problem(refused, 403, "mandate-does-not-cover")
