"""What another agency holds is proved by sharing and not asked of the applicant; when that fails he is not stuck."""

import asyncio
from typing import Any

import httpx
import pytest
from intake_world import AGENT, CITIZEN, CLERK, FORM, RESOURCE, Intake, problem, read

from onestop_local.testing.client import believed_keys
from onestop_runtime.assertion import AssertionVerifier


async def test_evidence_stands_for_the_material(intake: Intake):
    case = await intake.open()
    evidence = read(await intake.prove(case), 201)
    assert evidence["material_codes"] == ["M02"]
    assert evidence["fields"]["legal_representative"] == "王*"
    case = await intake.read(case)
    assert {one["code"]: one["state"] for one in case["materials"]} == {
        "M01": "missing", "M02": "proved", "M04": "missing",
    }  # fmt: skip
    listed = read(await intake.call(AGENT, "GET", f"/cases/{case['id']}/evidence"))
    assert [one["access_id"] for one in listed["items"]] == [evidence["access_id"]]


async def test_the_call_states_who_asks_for_which_case_and_why(intake: Intake):
    case = await intake.open()
    read(await intake.prove(case), 201)
    asked = intake.stub.asked[0]
    assert asked["path"] == f"/api/datashare/v1/exchange/{RESOURCE}"
    assert asked["credit_code"] == "91130371MA7001010P"
    assert asked["case_id"] == case["id"]
    assert asked["agency"] == "11130371037100371Q"
    assert asked["purpose"] == "办理行政许可时核验申请人营业执照"
    assert asked["actor"] == str(AGENT.sub)
    verifier = AssertionVerifier(believed_keys(), "svc-datashare")
    caller = verifier.verify(intake.stub.assertions[0])
    assert (caller.kind, caller.client, caller.agency) == ("system", "svc-intake", "11130371037100371Q")


async def test_it_is_asked_once_however_often_somebody_clicks(intake: Intake):
    case = await intake.open()
    first = read(await intake.prove(case), 201)
    assert read(await intake.prove(case), 201) == first
    assert len(intake.stub.asked) == 1


async def test_a_retry_carries_the_same_key_to_the_exchange_and_another_need_another(intake: Intake):
    intake.stub.answer = refusing("service-unavailable", 503)
    first, other = await intake.open(), await intake.open()
    for case, key in ((first, "1"), (first, "1"), (first, "2"), (other, "1")):
        body, headers = {"resource": RESOURCE}, {"Idempotency-Key": key}
        await intake.call(AGENT, "POST", f"/cases/{case['id']}/evidence", body, headers=headers)
    retried, again, clicked_anew, elsewhere = (asked["key"] for asked in intake.stub.asked)
    assert retried == again
    assert len({retried, clicked_anew, elsewhere}) == 3


async def test_two_clicks_at_once_leave_one_evidence(intake: Intake):
    case = await intake.open()
    answers = await asyncio.gather(*(intake.prove(case) for _ in range(3)))
    assert len({read(answer, 201)["id"] for answer in answers}) == 1


def refusing(slug: str, status: int) -> tuple[int, dict[str, Any]]:
    return status, {"type": f"/problems/{slug}", "title": "没有有效的授权", "status": status, "detail": ""}


@pytest.mark.parametrize(
    ("answer", "status", "slug"),
    [
        (refusing("subject-not-found", 404), 409, "nothing-on-record"),
        (refusing("no-grant", 403), 409, "sharing-refused"),
        (refusing("request-in-progress", 409), 503, "sharing-unavailable"),
        (refusing("service-unavailable", 503), 503, "sharing-unavailable"),
        (refusing("invalid-assertion", 401), 503, "sharing-unavailable"),
        ((200, {"unexpected": True}), 503, "sharing-unavailable"),
    ],
)
async def test_when_it_fails_the_material_can_be_handed_in(intake: Intake, answer: Any, status: int, slug: str):
    intake.stub.answer = answer
    case = await intake.fill(await intake.open())
    failed = await intake.prove(case)
    problem(failed, status, slug)
    case = read(await intake.upload(case))
    case = read(await intake.upload(case, "M02"))
    assert read(await intake.submit(case), 201)["case_number"]


async def test_an_exchange_that_never_answers_costs_the_time_out_and_no_connection(intake: Intake):
    test_is_over = asyncio.Event()
    gone = asyncio.Event()

    async def never(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await test_is_over.wait()
        writer.transport.abort()
        gone.set()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=0.2) as client:
        intake.use_exchange(client)
        answer = await intake.prove(await intake.open())
    test_is_over.set()
    await gone.wait()
    server.close()
    problem(answer, 503, "sharing-unavailable")
    assert answer.headers["retry-after"] == "10"


async def test_after_failures_in_a_row_it_is_left_alone_for_a_while(intake: Intake):
    moment = [0.0]
    transport = httpx.ASGITransport(app=intake.stub)
    intake.use_exchange(httpx.AsyncClient(transport=transport, base_url="http://datashare.test"), lambda: moment[0])
    intake.stub.answer = refusing("internal-error", 500)
    case = await intake.open()
    for _ in range(6):
        problem(await intake.prove(case), 503, "sharing-unavailable")
    assert len(intake.stub.asked) == 5
    intake.stub.answer = (200, {"access_id": "a", "fields": {"name": "山海"}})
    moment[0] = 11.0
    assert read(await intake.prove(case), 201)["fields"] == {"name": "山海"}


async def test_a_resource_that_proves_nothing_here_is_refused(intake: Intake):
    case = await intake.open()
    answer = await intake.call(AGENT, "POST", f"/cases/{case['id']}/evidence", {"resource": "RK-001"})
    assert problem(answer, 422, "resource-not-used")["errors"][0]["pointer"] == "/resource"
    assert intake.stub.asked == []


async def test_nobody_asks_about_somebody_elses_case(intake: Intake):
    problem(await intake.prove(await intake.open(), CITIZEN), 404, "case-not-found")
    problem(await intake.prove(await intake.submitted(), CLERK), 403, "not-permitted")


async def test_a_handed_in_material_may_still_be_proved_instead(intake: Intake):
    case = await intake.fill(await intake.open(), FORM)
    case = read(await intake.upload(case, "M02"))
    read(await intake.prove(case), 201)
    assert {one["code"]: one["state"] for one in (await intake.read(case))["materials"]}["M02"] == "proved"
