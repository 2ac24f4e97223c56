"""An accepted case runs its course: tasks by role and agency, one decision, one licence, warnings once."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from office import (
    AGENCY,
    API,
    APPROVER,
    COMPANY,
    EXAMPLES,
    HEAD,
    INSPECTOR,
    INSPECTOR_2,
    REVIEWER,
    START,
    STRANGER,
    Moment,
    accept,
    deliver,
    events,
    example,
    finish,
    inbox,
    proceeding_of,
    staff,
)

from onestop_legal.licence_identifier import LicenceIdentifier
from onestop_messages import EVENTS
from onestop_messages.workflow import ClockExtended, DecisionMade, LicenceIssued
from onestop_runtime.caller import Caller, Party
from onestop_runtime.context import KEPT_BACK
from onestop_runtime.transaction import acquired
from svc_workflow.consumers import SUBSCRIPTIONS
from svc_workflow.workers import LATE, RAISED_LATE, raise_due


async def to_decision(client: Any) -> None:
    assert (await finish(client, REVIEWER, outcome="on_site_check")).status_code == 200
    done = await finish(
        client,
        INSPECTOR,
        outcome="passed",
        officers=[str(INSPECTOR.sub), str(INSPECTOR_2.sub)],
        checked_on="2026-03-10",
    )
    assert done.status_code == 200, done.text
    assert (await finish(client, REVIEWER, outcome="pass")).status_code == 200


async def test_a_case_runs_from_acceptance_to_its_licence(client: Any):
    case_id = await accept(client)
    await to_decision(client)
    assert (await finish(client, APPROVER, outcome="granted", opinion="符合条件")).status_code == 200
    shown = await proceeding_of(client, case_id)
    assert (shown["state"], shown["decision"]["document_number"]) == ("decided", "秦开审批准字〔2026〕第000001号")
    (decision,) = await events(client, DecisionMade)
    (issued,) = await events(client, LicenceIssued)
    assert decision.licence == issued.licence
    assert str(LicenceIdentifier.parse(issued.licence.identifier)) == issued.licence.identifier
    assert set(decision.obligations) == {"certificate", "disclosure", "notice"}
    assert (decision.legal_representative, decision.licence_category) == ("张**", "普通")
    assert await inbox(client, APPROVER) == []


async def test_the_clock_shows_both_limits_and_the_site_check_does_not_stop_it(client: Any, moment: Moment):
    case_id = await accept(client)
    await finish(client, REVIEWER, outcome="on_site_check")
    moment.at += timedelta(days=1)
    shown = await proceeding_of(client, case_id)
    assert (shown["statutory"]["deadline"], shown["statutory"]["used"]) == ("2026-03-24", 1)
    assert (shown["promised"]["deadline"], shown["promised"]["light"]) == ("2026-03-18", "green")


async def test_the_same_event_again_starts_no_second_proceeding(client: Any):
    case_id = await accept(client)
    with pytest.raises(Exception, match="已经开始办理"):
        await accept(client, case_id=case_id)
    assert await client.context.pool.fetchval("SELECT count(*) FROM proceeding") == 1


async def test_another_agency_sees_nothing(client: Any):
    case_id = await accept(client)
    (task,) = await inbox(client, REVIEWER)
    assert await inbox(client, STRANGER) == []
    for path in (f"/tasks/{task['id']}", f"/proceedings?case_id={case_id}", f"/proceedings/{task['proceeding_id']}"):
        assert (await client.as_(STRANGER).get(API + path)).status_code == 404
    assert (await client.as_(STRANGER).post(f"{API}/tasks/{task['id']}/claim")).status_code == 404


async def test_a_colleague_of_another_role_sees_a_task_but_may_not_take_it(client: Any):
    await accept(client)
    (task,) = await inbox(client, REVIEWER)
    assert (await client.as_(APPROVER).get(f"{API}/tasks/{task['id']}")).status_code == 200
    assert (await client.as_(APPROVER).post(f"{API}/tasks/{task['id']}/claim")).status_code == 403
    assert (await client.post(f"{API}/tasks/{task['id']}/claim")).status_code == 404


async def test_of_two_who_claim_at_once_one_gets_the_task(client: Any):
    await accept(client)
    (task,) = await inbox(client, REVIEWER)
    rivals = [client.as_(staff("reviewer")) for _ in range(5)]
    answers = await asyncio.gather(*(rival.post(f"{API}/tasks/{task['id']}/claim") for rival in rivals))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_a_stale_completion_is_refused(client: Any):
    await accept(client)
    (task,) = await inbox(client, REVIEWER)
    await client.as_(REVIEWER).post(f"{API}/tasks/{task['id']}/claim")
    stale = await client.as_(REVIEWER).post(
        f"{API}/tasks/{task['id']}/completion", json={"outcome": "pass"}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412


async def test_a_site_check_by_one_officer_is_refused_and_nothing_moves(client: Any):
    await accept(client)
    await finish(client, REVIEWER, outcome="on_site_check")
    answer = await finish(client, INSPECTOR, outcome="passed", officers=[str(INSPECTOR.sub)], checked_on="2026-03-10")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/too-few-officers")
    assert await inbox(client, REVIEWER) == []


async def test_a_refusal_has_reasons_and_remedies_and_gives_no_licence(client: Any):
    case_id = await accept(client)
    await to_decision(client)
    without = await finish(client, APPROVER, outcome="denied")
    assert without.status_code == 422
    (mine,) = (await client.as_(APPROVER).get(f"{API}/tasks", params={"state": "claimed"})).json()["items"]
    done = await client.as_(APPROVER).post(
        f"{API}/tasks/{mine['id']}/completion",
        json={"outcome": "denied", "opinion": "经营场所不符合卫生要求"},
        headers={"If-Match": f'"{mine["version"]}"'},
    )
    assert done.status_code == 200
    decision = (await proceeding_of(client, case_id))["decision"]
    assert decision["document_number"] == "秦开审批不准字〔2026〕第000001号"
    assert "行政复议" in decision["remedies"]
    assert decision["licence"] is None
    assert await events(client, LicenceIssued) == []


async def test_who_reviewed_may_not_decide(client: Any):
    await accept(client)
    both = Caller(sub=uuid4(), kind="staff", agency=AGENCY, given_roles=frozenset({"reviewer", "approver"}))
    await finish(client, both, outcome="pass")
    answer = await finish(client, both, outcome="granted")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/reviewer-may-not-decide")


async def test_numbers_of_decisions_and_licences_have_no_gaps(client: Any):
    for _ in range(3):
        await accept(client)
        await finish(client, REVIEWER, outcome="pass")
        await finish(client, APPROVER, outcome="granted")
    decisions = [event.document_number for event in await events(client, DecisionMade)]
    assert decisions == [f"秦开审批准字〔2026〕第00000{n}号" for n in (1, 2, 3)]
    assert len({event.licence.number for event in await events(client, LicenceIssued)}) == 3


async def test_a_lawful_stop_holds_the_clock_and_its_notice_is_numbered(client: Any, moment: Moment):
    case_id = await accept(client)
    shown = await proceeding_of(client, case_id)
    address = f"{API}/proceedings/{shown['id']}/clock-stops"
    current = {"If-Match": f'"{shown["version"]}"'}
    form = {"cause": "expert_review", "expected_days": 5}
    wrong = await client.as_(REVIEWER).post(address, json=form | {"cause": "on_site_check"}, headers=current)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/cause-stops-nothing")
    stopped = await client.as_(REVIEWER).post(address, json=form, headers=current)
    assert stopped.status_code == 201, stopped.text
    assert stopped.json()["statutory"]["deadline"] is None
    (stop,) = stopped.json()["stops"]
    assert stop["notice_number"] == "秦开审批特字〔2026〕第000001号"
    moment.at += timedelta(days=7)
    ended = await client.as_(REVIEWER).post(
        f"{API}/clock-stops/{stop['id']}/end", headers={"If-Match": stopped.headers["etag"]}
    )
    assert ended.status_code == 200, ended.text
    assert (ended.json()["statutory"]["deadline"], ended.json()["statutory"]["used"]) == ("2026-03-31", 0)


async def test_only_the_head_extends_and_only_once(client: Any):
    case_id = await accept(client)
    shown = await proceeding_of(client, case_id)
    address, form = f"{API}/proceedings/{shown['id']}/extension", {"reason": "经营场所情况复杂，需补充核查"}
    current = {"If-Match": f'"{shown["version"]}"'}
    assert (await client.as_(REVIEWER).post(address, json=form, headers=current)).status_code == 403
    extended = await client.as_(HEAD).post(address, json=form, headers=current)
    assert extended.json()["statutory"]["deadline"] == "2026-03-31"
    (told,) = await events(client, ClockExtended)
    assert (str(told.statutory.day), str(told.promised.day)) == ("2026-03-31", "2026-03-25")
    again = await client.as_(HEAD).post(address, json=form, headers={"If-Match": extended.headers["etag"]})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-extended")


async def test_each_warning_is_raised_once_also_after_a_long_stop(client: Any, moment: Moment):
    await accept(client)
    assert await raise_due(client.context) == 0
    moment.at = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    assert await raise_due(client.context) == 1
    assert await raise_due(client.context) == 0
    moment.at = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    assert await raise_due(client.context) == 3
    assert await raise_due(client.context) == 0
    lights = await client.context.pool.fetch(
        "SELECT payload FROM outbox WHERE type LIKE '%warning.raised%' ORDER BY id"
    )
    assert len(lights) == 4


async def test_of_several_processes_one_raises_each_warning(client: Any, moment: Moment):
    await accept(client)
    moment.at = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    assert sum(await asyncio.gather(*(raise_due(client.context) for _ in range(4)))) == 4
    raised = await client.context.pool.fetchval("SELECT count(*) FROM outbox WHERE type LIKE '%warning.raised%'")
    assert raised == 4


async def test_warnings_are_raised_while_requests_hold_every_connection_that_they_may(client: Any, moment: Moment):
    await accept(client)
    moment.at = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    context = client.context
    async with AsyncExitStack() as requests:
        for _ in range(context.settings.pool_size - KEPT_BACK):
            await requests.enter_async_context(context.turns.turn())
            await requests.enter_async_context(acquired(context.pool))
        async with asyncio.timeout(5):
            assert await raise_due(context) == 1


async def test_a_warning_after_its_day_is_counted_and_an_alarm(
    client: Any, moment: Moment, caplog: pytest.LogCaptureFixture
):
    await accept(client)
    before = RAISED_LATE._value.get()
    moment.at = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    assert await raise_due(client.context) == 1
    assert RAISED_LATE._value.get() == before
    moment.at = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    assert await raise_due(client.context) == 3
    assert RAISED_LATE._value.get() == before + 3
    assert caplog.messages.count("warnings are late") == 1
    assert LATE._value.get() == 0
    await client.context.pool.execute("UPDATE timer SET fired_at = NULL")
    await client.context.pool.execute("ALTER TABLE proceeding_history RENAME TO elsewhere")
    assert await raise_due(client.context) == 0
    assert LATE._value.get() == 4
    assert RAISED_LATE._value.get() == before + 3


async def test_one_proceeding_that_cannot_be_warned_of_keeps_no_other_waiting(client: Any, moment: Moment):
    sick, sound = await accept(client), await accept(client)
    await client.context.pool.execute("UPDATE proceeding SET matter = '{}' WHERE case_id = $1", UUID(sick))
    moment.at = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    assert await raise_due(client.context) == 1
    assert (await proceeding_of(client, sound))["history"][-1]["verb"] == "warning.raised"


async def test_a_withdrawn_case_ends_its_proceeding(client: Any):
    case_id = await accept(client)
    await deliver(
        client, "cn.onestop.intake.case.withdrawn.v1", {"case_id": case_id, "withdrawn_at": START.isoformat()}
    )
    assert (await proceeding_of(client, case_id))["state"] == "withdrawn"
    assert await inbox(client, REVIEWER) == []
    assert await client.context.pool.fetchval("SELECT count(*) FROM token") == 0


async def test_the_holder_reads_his_licence_and_nobody_else_does(client: Any):
    case_id = await accept(client)
    await finish(client, REVIEWER, outcome="pass")
    await finish(client, APPROVER, outcome="granted")
    licence = (await proceeding_of(client, case_id))["decision"]["licence"]
    address = f"{API}/licences/{licence['id']}"
    company = Party(COMPANY, "91130371MA7001010P", "秦皇岛开发区山海食品有限公司")
    assert (await client.as_(Caller(sub=uuid4(), kind="natural", act=company)).get(address)).status_code == 200
    assert (await client.as_(Caller(sub=uuid4(), kind="natural")).get(address)).status_code == 404
    assert (await client.get(address)).status_code == 404


async def test_the_inbox_shows_exactly_what_may_be_worked_on(client: Any):
    for _ in range(3):
        await accept(client)
    await accept(client, agency={"code": "11130371037106669W", "name": "市场监督管理局"})
    for who in (REVIEWER, APPROVER, STRANGER, HEAD, Caller(sub=uuid4(), kind="natural")):
        listed = {task["id"] for task in await inbox(client, who)}
        for row in await client.context.pool.fetch("SELECT id FROM task WHERE state = 'open'"):
            status = (await client.as_(who).post(f"{API}/tasks/{row['id']}/claim")).status_code
            assert (status == 200) == (str(row["id"]) in listed), status
            await client.context.pool.execute("UPDATE task SET state = 'open', assignee = NULL")


async def test_officers_are_named_from_the_agencys_inspectors(client: Any):
    people = (await client.as_(REVIEWER).get(f"{API}/staff", params={"role": "inspector"})).json()
    assert {person["person_id"] for person in people} == {str(INSPECTOR.sub), str(INSPECTOR_2.sub)}
    assert (await client.as_(Caller(sub=uuid4(), kind="natural")).get(f"{API}/staff?role=inspector")).status_code == 403


async def test_definitions_are_imported_once_and_by_the_administrator_only(client: Any):
    document = (Path(__file__).parents[1] / "src/svc_workflow/definitions/instant.bpmn").read_bytes()
    admin = Caller(sub=uuid4(), kind="staff", given_roles=frozenset({"admin"}))
    headers = {"Content-Type": "application/xml"}
    assert (await client.as_(REVIEWER).post(f"{API}/definitions", content=document, headers=headers)).status_code == 403
    same = await client.as_(admin).post(f"{API}/definitions", content=document, headers=headers)
    assert [row["number"] for row in same.json()] == [1, 1, 1]
    newer = await client.as_(admin).post(f"{API}/definitions", content=document + b"\n", headers=headers)
    assert [row["number"] for row in newer.json() if row["key"] == "instant"] == [1, 2]


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        (event_type, path.stem)
        for subscription in SUBSCRIPTIONS
        for event_type in subscription.handlers
        for path in sorted((EXAMPLES / event_type.split(".", 3)[3]).glob("*.json"))
    ],
)
async def test_every_example_of_every_event_is_understood(client: Any, event_type: str, name: str):
    assert event_type in EVENTS
    await deliver(client, event_type, example(event_type.split(".", 3)[3], name))
