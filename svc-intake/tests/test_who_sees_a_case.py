"""Everybody sees what is his: a list shows what a get gives, and nothing that a get refuses."""

from itertools import product

import pytest
from intake_world import (
    AGENT,
    AGENT_2,
    CITIZEN,
    CLERK,
    HEAD,
    OTHER_CLERK,
    OTHER_REVIEWER,
    REVIEWER,
    Intake,
    food_guide,
    problem,
    read,
    staff,
)

OWN_WINDOW = staff("window_clerk", agency="11130371037100371Q")
EVERYBODY = {
    "agent": AGENT, "agent_2": AGENT_2, "citizen": CITIZEN, "clerk": CLERK, "other_clerk": OTHER_CLERK,
    "reviewer": REVIEWER, "other_reviewer": OTHER_REVIEWER, "head": HEAD, "own_window": OWN_WINDOW,
    "supervisor": staff("supervisor", agency="11130371037100005W"),
}  # fmt: skip


async def test_a_list_shows_exactly_what_a_get_gives(intake: Intake):
    cases = [await intake.open(), await intake.open(AGENT_2), await intake.submitted(), await intake.accepted()]
    started = await intake.accepted(AGENT_2)
    await intake.start_proceeding(started)
    await intake.publish(food_guide() | {"places": []}, number=2)
    cases += [started, await intake.submitted()]
    for caller, case in product(EVERYBODY.values(), cases):
        got = await intake.call(caller, "GET", f"/cases/{case['id']}")
        listed = {one["id"] for one in read(await intake.call(caller, "GET", "/cases?limit=100"))["items"]}
        assert got.status_code in (200, 404)
        assert (case["id"] in listed) == (got.status_code == 200), (caller.roles, case["state"])


@pytest.mark.parametrize(
    ("state", "seen_by"),
    [
        ("draft", {"agent"}),
        ("submitted", {"agent", "clerk"}),
        ("started", {"agent", "clerk", "reviewer", "head"}),
    ],
)
async def test_a_draft_is_the_applicants_alone_and_the_office_sees_its_own(
    intake: Intake, state: str, seen_by: set[str]
):
    case = await (intake.open() if state == "draft" else intake.submitted())
    if state == "started":
        read(await intake.act(CLERK, case, "acceptance"))
        await intake.start_proceeding(case)
    seen = {
        name
        for name, caller in EVERYBODY.items()
        if (await intake.call(caller, "GET", f"/cases/{case['id']}")).status_code == 200
    }
    assert seen == seen_by


async def test_a_foreign_case_does_not_exist(intake: Intake):
    case = await intake.submitted()
    for path in ("", "/receipt", "/timeline", "/documents", "/evidence", "/materials/M01/content"):
        answer = await intake.call(AGENT_2, "GET", f"/cases/{case['id']}{path}")
        problem(answer, 404, "case-not-found")
    problem(await intake.submit(case, AGENT_2), 404, "case-not-found")


@pytest.mark.parametrize("what", ["acceptance", "withdrawal", "corrections", "submission"])
async def test_who_sees_it_but_may_not_do_it_is_told_so(intake: Intake, what: str):
    case = await intake.submitted()
    caller = AGENT if what == "acceptance" else CLERK
    problem(await intake.act(caller, case, what), 403, "not-permitted")


async def test_nobody_gets_anything_without_signing_in(intake: Intake):
    case = await intake.submitted()
    anonymous = intake.client
    problem(await anonymous.get(f"/api/intake/v1/cases/{case['id']}"), 401, "not-signed-in")
    problem(await anonymous.post("/api/intake/v1/cases", json={"guide_code": "x"}), 401, "not-signed-in")
    assert read(await anonymous.get("/api/intake/v1/cases"))["items"] == []


async def test_staff_do_not_apply(intake: Intake):
    problem(await intake.call(CLERK, "POST", "/cases", {"guide_code": "x"}), 403, "not-permitted")


async def test_a_list_has_pages_and_states(intake: Intake):
    opened = [(await intake.open())["id"] for _ in range(5)]
    submitted = (await intake.submitted())["id"]
    seen: list[str] = []
    cursor = ""
    while True:
        page = read(await intake.call(AGENT, "GET", f"/cases?limit=2{cursor}"))
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [submitted, *reversed(opened)]
    drafts = read(await intake.call(AGENT, "GET", "/cases?state=draft"))
    assert [one["id"] for one in drafts["items"]] == list(reversed(opened))
    problem(await intake.call(AGENT, "GET", "/cases?cursor=abc"), 400, "invalid-cursor")
    problem(await intake.call(AGENT, "GET", "/cases?state=lost"), 422, "invalid-fields")


async def test_a_case_is_found_by_its_number_by_who_may_see_it(intake: Intake):
    await intake.submitted()
    case = await intake.submitted()
    for caller, found in ((CLERK, [case["id"]]), (AGENT, [case["id"]]), (AGENT_2, []), (OTHER_CLERK, [])):
        listed = read(await intake.call(caller, "GET", f"/cases?case_number={case['case_number']}"))
        assert [one["id"] for one in listed["items"]] == found


async def test_an_unchanged_case_is_not_sent_again(intake: Intake):
    case = await intake.open()
    first = await intake.call(AGENT, "GET", f"/cases/{case['id']}")
    again = await intake.call(AGENT, "GET", f"/cases/{case['id']}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
