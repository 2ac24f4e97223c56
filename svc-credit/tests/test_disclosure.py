"""A decision becomes public at once, exactly once, or waits and is completed."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_messages import EVENTS
from svc_credit import metrics
from svc_credit.consumers import decision_of
from svc_credit.records import service, worker

RECORDS = "/api/credit/v1/records"
DECISION = "cn.onestop.workflow.decision.made.v1"
COMPANY = "91130371MA7001010P"
Granted = Callable[..., dict[str, Any]]
Tell = Callable[..., Any]


async def events(client: ServiceClient) -> list[Any]:
    rows = await client.context.pool.fetch("SELECT type, payload FROM outbox ORDER BY id")
    return [EVENTS[row["type"]].model_validate_json(row["payload"]) for row in rows]


async def public(client: ServiceClient, **filters: Any) -> list[dict[str, Any]]:
    answer = await client.get(RECORDS, params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_granted_permit_is_public_at_once_with_the_fields_of_the_double_publicity(
    client: ServiceClient, tell: Tell, granted: Granted
):
    decision = granted()
    await tell("decision.made", decision)
    (record,) = await public(client, credit_code=COMPANY)
    assert record["subject"] == {"kind": "legal", "credit_code": COMPANY, "name": "秦皇岛开发区山海食品有限公司"}
    assert (record["kind_name"], record["state_name"], record["category"]) == ("行政许可", "已公示", "普通")
    assert record["legal_representative"] == decision["legal_representative"] == "张**"
    assert (record["document_number"], record["decided_on"]) == (decision["document_number"], "2026-03-20")
    assert (record["due_on"], record["due_provisional"], record["late"]) == ("2026-03-31", False, False)
    assert record["licence"]["number"] == decision["licence"]["number"]
    assert (record["content"], record["valid_to"]) == (decision["licence"]["content"], "2031-03-19")
    assert record["agency"] == record["source"] == decision["agency"]
    (event,) = await events(client)
    assert (str(event.decision_id), event.credit_code, str(event.due_on)) == (
        decision["decision_id"], COMPANY, "2026-03-31",
    )  # fmt: skip
    assert event.disclosed_at == client.context.clock()


async def test_the_category_is_the_items_where_it_says_one_else_the_rules(
    client: ServiceClient, tell: Tell, granted: Granted
):
    await tell("decision.made", granted(licence_category="核准", decided_on="2026-03-19"))
    silent = granted(decided_on="2026-03-18")
    del silent["licence_category"]
    await tell("decision.made", silent)
    assert [record["category"] for record in await public(client, credit_code=COMPANY)] == ["核准", "普通"]


async def test_one_decision_has_one_record_whatever_is_delivered_twice(
    client: ServiceClient, tell: Tell, granted: Granted
):
    decision, key = granted(), uuid4()
    await tell("decision.made", decision, key=key, sequence=1)
    await tell("decision.made", decision, key=key, sequence=1)  # the broker again
    await tell("decision.made", decision, key=key, sequence=2)  # the publisher again
    assert len(await public(client)) == 1
    assert len(await events(client)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "denied", "licence": None},
        {"obligations": ["certificate", "notice"]},
        {"item_type": "05"},
    ],
)
async def test_what_owes_no_disclosure_is_not_recorded(
    client: ServiceClient, tell: Tell, granted: Granted, changes: dict[str, Any]
):
    await tell("decision.made", granted(**changes))
    assert await client.context.pool.fetchval("SELECT count(*) FROM record") == 0
    assert await events(client) == []


async def test_an_obligation_no_rule_knows_is_noted_for_those_who_compare(
    client: ServiceClient, tell: Tell, granted: Granted
):
    decision = granted(item_type="07")
    await tell("decision.made", decision)
    (row,) = await client.context.pool.fetch("SELECT key FROM audit WHERE verb = 'record.not-owed'")
    assert row["key"] == UUID(decision["decision_id"])


async def test_a_decision_told_too_late_is_disclosed_and_shows_as_late(
    client: ServiceClient, tell: Tell, granted: Granted, clock: Any
):
    clock.forward(days=12)
    await tell("decision.made", granted())
    (record,) = await public(client)
    assert record["late"]


async def test_a_wrong_credit_code_is_not_published_under_until_somebody_corrects_it(
    client: ServiceClient, tell: Tell, granted: Granted, people: SimpleNamespace
):
    wrong = granted(
        applicant={"id": str(uuid4()), "kind": "legal", "credit_code": "91130371MA7001010Q", "name": "山海"}
    )
    await tell("decision.made", wrong)
    assert await public(client) == []
    assert await events(client) == []
    head = client.as_(people.head)
    (record,) = (await head.get(RECORDS, params={"state": "pending"})).json()["items"]
    assert record["missing"] == ["credit_code"]
    where = f"{RECORDS}/{record['id']}"
    refused = await head.put(where, headers={"If-Match": '"1"'}, json={"credit_code": "91130371MA7001010R"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/credit_code")
    answer = await head.put(where, headers={"If-Match": '"1"'}, json={"credit_code": COMPANY})
    assert (answer.json()["state"], answer.json()["missing"]) == ("disclosed", [])
    (shown,) = await public(client, credit_code=COMPANY)
    assert shown["id"] == record["id"]
    assert (await client.get(f"/api/credit/v1/subjects/{COMPANY}")).json()["records"] == {"licence": 1}
    assert len(await events(client)) == 1


async def test_only_the_agency_that_decided_completes_its_records(
    client: ServiceClient, tell: Tell, granted: Granted, people: SimpleNamespace
):
    await tell("decision.made", granted(document_number=" "))
    (row,) = await client.context.pool.fetch("SELECT id FROM record")
    where, form = f"{RECORDS}/{row['id']}", {"document_number": "秦开审批准字〔2026〕第000009号"}
    for who, status in ((people.other_head, 404), (people.reviewer, 403), (people.agent, 403), (people.head, 200)):
        answer = await client.as_(who).put(where, headers={"If-Match": '"1"'}, json=form)
        assert answer.status_code == status


async def test_the_worker_discloses_what_is_pending_and_counts_what_is_overdue(
    client: ServiceClient, tell: Tell, granted: Granted, clock: Any
):
    async with client.transaction() as tx:  # a decision received, its disclosure not yet done
        complete = await service.receive(tx, decision_of(EVENTS[DECISION].model_validate(granted())))  # type: ignore[arg-type]
    await tell("decision.made", granted(document_number=" "))  # this one waits for somebody
    assert await worker.look(client.context) == 1
    (record,) = await public(client)
    assert record["id"] == str(complete)
    assert (metrics.PENDING._value.get(), metrics.OVERDUE._value.get()) == (1, 0)
    clock.forward(days=12)
    assert await worker.look(client.context) == 0
    assert (metrics.PENDING._value.get(), metrics.OVERDUE._value.get()) == (1, 1)


async def test_a_record_that_cannot_be_disclosed_keeps_no_other_waiting(client: ServiceClient, granted: Granted):
    made = []
    for number in ("1", "2"):
        decision = decision_of(EVENTS[DECISION].model_validate(granted(document_number=number)))  # type: ignore[arg-type]
        async with client.transaction() as tx:
            made.append(await service.receive(tx, decision))
    await client.context.pool.execute("UPDATE record SET audience = 'nobody' WHERE id = $1", made[0])
    assert await worker.look(client.context) == 1
    (shown,) = await public(client)
    assert shown["id"] == str(made[1])


async def test_the_worker_leaves_a_record_alone_that_somebody_else_holds(client: ServiceClient, granted: Granted):
    async with client.transaction() as tx:
        record_id = await service.receive(tx, decision_of(EVENTS[DECISION].model_validate(granted())))  # type: ignore[arg-type]
    async with client.transaction() as holder:
        await holder.connection.fetchval("SELECT 1 FROM record WHERE id = $1 FOR UPDATE", record_id)
        assert await worker.look(client.context) == 0
    assert await worker.look(client.context) == 1


async def test_a_published_year_makes_a_provisional_last_day_definite(
    client: ServiceClient, tell: Tell, granted: Granted
):
    await tell("decision.made", granted(decided_on="2026-12-28"))
    (before,) = await public(client)
    assert before["due_provisional"]
    year = {"year": 2027, "published": True, "source": "通知", "holidays": ["2027-01-01", "2027-01-04"], "workdays": []}
    await tell("calendar.changed", year)
    (after,) = await public(client)
    assert (after["due_provisional"], after["due_on"]) == (False, "2027-01-08")


async def test_no_event_carries_the_name_of_a_person(client: ServiceClient, tell: Tell, granted: Granted):
    person = {"id": str(uuid4()), "kind": "natural", "credit_code": None, "name": "李明华"}
    await tell("decision.made", granted(applicant=person))
    (event,) = await events(client)
    assert event.credit_code is None
    lines = await client.context.pool.fetch(
        "SELECT r::text AS line FROM record r UNION ALL SELECT s::text FROM subject s UNION ALL SELECT "
        "convert_from(payload, 'UTF8') FROM outbox UNION ALL SELECT a::text FROM audit a"
    )
    assert not [row for row in lines if "李明华" in row["line"]]
    assert json.loads(event.model_dump_json())["case_id"]
