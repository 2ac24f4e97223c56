"""A submission is received once; every repeat gets the same receipt."""

import asyncio

from intake_world import AGENT, API, CLERK, Intake, problem, read


async def test_with_the_same_key_the_stored_answer_comes_back(intake: Intake):
    case = await intake.complete_draft()
    headers = {"If-Match": f'"{case["version"]}"', "Idempotency-Key": "click"}
    path = f"{API}/cases/{case['id']}/submission"
    first = await intake.client.as_(AGENT).post(path, headers=headers)
    second = await intake.client.as_(AGENT).post(path, headers=headers)
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await intake.events("case.submitted.v1")) == 1


async def test_with_another_key_and_the_same_version_it_is_the_same_receipt(intake: Intake):
    case = await intake.complete_draft()
    first = read(await intake.submit(case), 201)
    assert read(await intake.submit(case), 201) == first
    assert len(await intake.events("case.submitted.v1")) == 1


async def test_two_clicks_at_once_make_one_receipt(intake: Intake):
    case = await intake.complete_draft()
    answers = await asyncio.gather(*(intake.submit(case) for _ in range(5)))
    assert {read(answer, 201)["case_number"] for answer in answers} == {answers[0].json()["case_number"]}
    assert len(await intake.events("case.submitted.v1")) == 1
    assert len(await intake.rows("SELECT 1 FROM timeline_entry WHERE happening = 'submitted'")) == 1


async def test_an_older_version_is_stale(intake: Intake):
    case = await intake.complete_draft()
    problem(await intake.submit(case | {"version": case["version"] - 1}), 412, "stale-version")
    read(await intake.submit(case), 201)
    problem(await intake.submit(case | {"version": 1}), 412, "stale-version")


async def test_the_receipt_stays_the_answer_after_acceptance(intake: Intake):
    case = await intake.complete_draft()
    first = read(await intake.submit(case), 201)
    read(await intake.act(CLERK, await intake.read(case), "acceptance"))
    assert read(await intake.submit(case), 201)["case_number"] == first["case_number"]


async def test_without_a_key_nothing_is_received(intake: Intake):
    case = await intake.complete_draft()
    answer = await intake.client.as_(AGENT, idempotency=False).post(
        f"{API}/cases/{case['id']}/submission", headers={"If-Match": f'"{case["version"]}"'}
    )
    problem(answer, 400, "idempotency-key-required")
    assert (await intake.read(case))["state"] == "draft"


async def test_without_a_version_nothing_is_received(intake: Intake):
    case = await intake.complete_draft()
    problem(await intake.call(AGENT, "POST", f"/cases/{case['id']}/submission"), 428, "version-required")


async def test_the_receipt_says_what_was_received_and_until_when_an_answer_is_due(intake: Intake):
    case = await intake.complete_draft()
    receipt = read(await intake.submit(case), 201)
    assert receipt["received_on"] == "2026-03-09"
    assert receipt["answer_due"] == {"day": "2026-03-16", "provisional": False}
    assert receipt["silence_accepts"]
    assert [(one["code"], one["via"]) for one in receipt["materials"]] == [("M01", "upload"), ("M02", "exchange")]
    assert read(await intake.call(AGENT, "GET", f"/cases/{case['id']}/receipt")) == receipt
