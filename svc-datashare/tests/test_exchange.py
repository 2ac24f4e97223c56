"""The exchange call: under a grant, masked by default, every call on record."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import system

EXCHANGE = "/api/datashare/v1/exchange/FR-YYZZ-001"
GRANTS = "/api/datashare/v1/grants"


async def ledger(client: ServiceClient) -> list[Any]:
    found: list[Any] = await client.context.pool.fetch("SELECT * FROM access_record ORDER BY id")
    return found


async def test_intake_reads_the_business_licence_masked(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    answer = await client.as_(people.intake).post(EXCHANGE, json=question)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["fields"]["name"] == "秦皇岛开发区山海食品有限公司"
    assert (shown["fields"]["legal_representative"], shown["masked"]) == ("张**", ["legal_representative"])
    assert (shown["fields"]["state"], shown["fields"]["registered_capital"]) == ("active", 2_000_000)
    assert "张海山" not in answer.text
    (record,) = await ledger(client)
    assert record["id"] == UUID(shown["access_id"])
    assert (record["subject_credit_code"], record["outcome"]) == ("91130371MA7001010P", "answered")
    assert (record["consumer"], record["service"]) == (question["agency"], "svc-intake")
    assert (record["case_id"], record["purpose"]) == (UUID(question["case_id"]), question["purpose"])
    assert set(record["fields"]) == set(shown["fields"])
    assert record["at"] == client.context.clock()


async def test_the_name_of_the_legal_representative_lies_encrypted(client: ServiceClient):
    rows = await client.context.pool.fetch("SELECT b::text AS line FROM business_licence b")
    assert len(rows) >= 40
    assert not [row for row in rows if "张海山" in row["line"] or "王立军" in row["line"]]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"purpose": "企业画像分析"}, "purpose-not-granted"),
        ({"agency": "111303710371048158"}, "no-grant"),
        ({"fields": ["name", "turnover"]}, "fields-not-granted"),
        ({"unmasked_fields": ["legal_representative"]}, "unmasking-not-granted"),
    ],
)
async def test_a_refused_call_is_named_and_on_record(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], change: dict[str, Any], problem: str
):
    answer = await client.as_(people.intake).post(EXCHANGE, json=question | change)
    assert (answer.status_code, answer.json()["type"]) == (403, f"/problems/{problem}")
    assert answer.headers["content-type"] == "application/problem+json"
    (record,) = await ledger(client)
    assert (record["outcome"], record["refusal"], record["subject_credit_code"]) == (
        "refused", problem, question["credit_code"],
    )  # fmt: skip


async def test_a_company_nobody_knows_is_not_found_and_on_record(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    unknown = question | {"credit_code": "11130371037100005W"}  # an agency holds no business licence
    answer = await client.as_(people.intake).post(EXCHANGE, json=unknown)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/subject-not-found")
    assert [record["outcome"] for record in await ledger(client)] == ["not_found"]


async def test_a_person_who_tries_is_refused_and_on_record(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    answer = await client.as_(people.agent_2).post(EXCHANGE, json=question)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-permitted")
    (record,) = await ledger(client)
    assert (record["refusal"], record["actor"]) == ("not-permitted", people.agent_2.sub)


async def test_nobody_known_reads_nothing(client: ServiceClient, question: dict[str, Any]):
    answer = await client.post(EXCHANGE, json=question)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")
    assert await ledger(client) == []


async def test_another_system_needs_its_own_grant(client: ServiceClient, question: dict[str, Any]):
    answer = await client.as_(system("svc-workflow")).post(EXCHANGE, json=question)
    assert answer.json()["type"] == "/problems/no-grant"


async def test_the_grant_expires(client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], clock: Any):
    clock.forward(days=365 * 2)
    answer = await client.as_(people.intake).post(EXCHANGE, json=question)
    assert answer.json()["type"] == "/problems/grant-not-in-force"


async def test_a_revoked_grant_covers_no_further_call(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    steward = client.as_(people.steward)
    (grant,) = (await steward.get(GRANTS, params={"consumer": question["agency"]})).json()["items"]
    reason = {"reason": "使用目的已消失"}
    await steward.post(f"{GRANTS}/{grant['id']}/revocation", headers={"If-Match": '"1"'}, json=reason)
    answer = await client.as_(people.intake).post(EXCHANGE, json=question)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/grant-not-in-force")


async def test_a_withdrawn_resource_answers_nobody(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    where = "/api/datashare/v1/resources/FR-YYZZ-001"
    steward, admin = client.as_(people.steward), client.as_(people.admin)
    await steward.post(f"{where}/withdrawal", headers={"If-Match": '"3"'}, json={"reason": "改由上级提供"})
    assert (await client.as_(people.intake).post(EXCHANGE, json=question)).status_code == 200  # not yet decided
    await admin.post(f"{where}/withdrawal-review", headers={"If-Match": '"4"'}, json={"approved": True})
    answer = await client.as_(people.intake).post(EXCHANGE, json=question)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/resource-not-published")
    assert [record["outcome"] for record in await ledger(client)] == ["answered", "refused"]


@pytest.fixture
async def unmasking(client: ServiceClient, people: SimpleNamespace) -> dict[str, Any]:
    """Have a grant given that allows unmasking; return what a question adds to use it."""
    purpose = "办理烟花爆竹经营许可时核对负责人"
    form = {
        "resource_code": "FR-YYZZ-001", "service": "svc-intake", "purpose": purpose,
        "fields": ["name", "legal_representative"], "unmasked_fields": ["legal_representative"],
        "basis": "《烟花爆竹安全管理条例》第十九条", "valid_from": "2026-03-09", "valid_to": "2026-12-31",
    }  # fmt: skip
    asked = (await client.as_(people.head).post("/api/datashare/v1/resource-requests", json=form)).json()
    for version, reviewer in ((1, people.admin), (2, people.steward)):
        review = f"/api/datashare/v1/resource-requests/{asked['id']}/review"
        await client.as_(reviewer).post(review, headers={"If-Match": f'"{version}"'}, json={"approved": True})
    return {"purpose": purpose, "unmasked_fields": ["legal_representative"]}


async def test_unmasking_needs_a_grant_that_allows_it_and_leaves_an_audit_row(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], unmasking: dict[str, Any]
):
    masked = await client.as_(people.intake).post(EXCHANGE, json=question | {"purpose": unmasking["purpose"]})
    assert masked.json()["fields"]["legal_representative"] == "张**"
    whole = await client.as_(people.intake).post(EXCHANGE, json=question | unmasking)
    assert (whole.json()["fields"]["legal_representative"], whole.json()["masked"]) == ("张海山", [])
    records = await ledger(client)
    assert [record["unmasked_fields"] for record in records] == [[], ["legal_representative"]]
    audits = await client.context.pool.fetch("SELECT key, detail FROM audit WHERE verb = 'exchange.unmasked'")
    assert [(row["key"], row["detail"]) for row in audits] == [(records[1]["id"], {"fields": ["legal_representative"]})]


async def test_the_same_question_again_gets_the_first_answer_and_one_record(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    intake, key = client.as_(people.intake), {"Idempotency-Key": "need-1"}
    first = await intake.post(EXCHANGE, json=question, headers=key)
    again = await intake.post(EXCHANGE, json=question, headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert [str(record["id"]) for record in await ledger(client)] == [first.json()["access_id"]]


async def test_two_at_once_by_one_key_leave_one_record(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    intake, key = client.as_(people.intake), {"Idempotency-Key": "need-1"}
    answers = await asyncio.gather(*(intake.post(EXCHANGE, json=question, headers=key) for _ in range(3)))
    assert len({answer.content for answer in answers}) == 1
    assert len(await ledger(client)) == 1


async def test_a_refusal_is_repeated_as_it_was_and_asked_anew_by_a_new_key(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    intake, key = client.as_(people.intake), {"Idempotency-Key": "need-1"}
    refused = question | {"purpose": "企业画像分析"}
    first = await intake.post(EXCHANGE, json=refused, headers=key)
    again = await intake.post(EXCHANGE, json=refused, headers=key)
    assert (first.status_code, again.status_code, again.content) == (403, 403, first.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert len(await ledger(client)) == 1
    await intake.post(EXCHANGE, json=refused, headers={"Idempotency-Key": "need-2"})
    assert len(await ledger(client)) == 2


async def test_an_unmasked_answer_is_kept_nowhere_so_asking_again_is_another_access(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], unmasking: dict[str, Any]
):
    intake, key = client.as_(people.intake), {"Idempotency-Key": "need-1"}
    for _ in range(2):
        answer = await intake.post(EXCHANGE, json=question | unmasking, headers=key)
        assert answer.json()["fields"]["legal_representative"] == "张海山"
    assert len(await ledger(client)) == 2
    kept = await client.context.pool.fetch("SELECT body FROM idempotency")
    assert kept
    assert not [row for row in kept if "张海山".encode() in (row["body"] or b"")]


async def test_a_key_stands_for_one_question_and_has_to_be_there(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    intake, key = client.as_(people.intake), {"Idempotency-Key": "need-1"}
    await intake.post(EXCHANGE, json=question, headers=key)
    other = await intake.post(EXCHANGE, json=question | {"fields": ["name"]}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    without = await client.as_(people.intake, idempotency=False).post(EXCHANGE, json=question)
    assert (without.status_code, without.json()["type"]) == (400, "/problems/idempotency-key-required")
    assert len(await ledger(client)) == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"credit_code": "91130371MA7001010Q"}, "/credit_code", "invalid-credit-code"),
        ({"case_id": "17"}, "/case_id", "not-an-id"),
        ({"purpose": ""}, "/purpose", "too-short"),
        ({"sex": "1"}, "/sex", "unknown-field"),
    ],
)
async def test_wrong_input_is_pointed_at_in_chinese(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any], change: dict[str, Any], pointer: str,
    code: str,
):  # fmt: skip
    answer = await client.as_(people.intake).post(EXCHANGE, json=question | change)
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["pointer"], wrong["code"]) == (422, pointer, code)


async def test_an_unknown_resource_is_not_found(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    answer = await client.as_(people.intake).post("/api/datashare/v1/exchange/FR-YYZZ-999", json=question)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/resource-not-found")
