"""Decisions become public records once; everybody reads what is public, and nothing else."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from onestop_messages import EVENTS
from onestop_runtime.caller import Caller, Party
from onestop_runtime.inbox import Message
from onestop_runtime.permissions import PermissionTable
from svc_credit import repository, service
from svc_credit.consumers import SUBSCRIPTIONS
from svc_credit.main import SERVICE
from svc_credit.permissions import PERMISSIONS
from svc_credit.seed import seed
from svc_credit.visible import visible

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
API = "/api/credit/v1"
COMPANY = "91130371MA7001010P"
AGENCY = "11130371037100371Q"
HEAD = Caller(sub=uuid4(), kind="staff", agency=AGENCY, given_roles=frozenset({"head"}))
Open = Callable[..., Awaitable[Any]]


def example(event: str, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / event / f"{name}.json").read_text())
    return loaded


def granted(**changes: Any) -> dict[str, Any]:
    return example("decision.made.v1", "granted") | {"decision_id": str(uuid4()), "case_id": str(uuid4())} | changes


async def deliver(client: Any, event_type: str, data: dict[str, Any]) -> None:
    """Apply an event as the consumer does."""
    handlers = {name: handler for s in SUBSCRIPTIONS for name, handler in s.handlers.items()}
    message = Message("t", uuid4(), 1, event_type, "id", datetime.now(UTC), data)  # noqa: TID251 - a made-up delivery
    async with client.transaction() as tx:
        await handlers[event_type](tx, message)


DECISION_MADE = "cn.onestop.workflow.decision.made.v1"


@pytest.fixture
async def client(service_client: Open) -> Any:
    opened = await service_client(SERVICE)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        async with opened.transaction() as tx:
            yield tx

    await seed(begin, {})
    await seed(begin, {})
    await deliver(opened, "cn.onestop.catalog.calendar.changed.v1", example("calendar.changed.v1", "published-2026"))
    return opened


async def test_a_granted_permit_is_public_and_due_in_seven_working_days(client: Any):
    await deliver(client, DECISION_MADE, granted())
    (record,) = (await client.get(f"{API}/records", params={"credit_code": COMPANY})).json()["items"]
    assert (record["state"], record["due_on"], record["due_provisional"]) == ("disclosed", "2026-03-31", False)
    assert record["licence"]["number"].startswith("JY")
    (event,) = await client.context.pool.fetch("SELECT type, payload FROM outbox")
    EVENTS[event["type"]].model_validate_json(event["payload"])
    assert await client.context.pool.fetchval("SELECT count(*) FROM audit WHERE verb = 'record.disclosed'") == 1


async def test_a_decision_delivered_twice_is_recorded_once(client: Any):
    data = granted()
    await deliver(client, DECISION_MADE, data)
    with pytest.raises(Exception, match="one_record_per_decision"):
        await deliver(client, DECISION_MADE, data)
    assert await client.context.pool.fetchval("SELECT count(*) FROM record") == 1


async def test_a_denied_application_is_not_published(client: Any):
    await deliver(client, DECISION_MADE, example("decision.made.v1", "denied"))
    assert (await client.get(f"{API}/records")).json() == {"items": [], "next": None}


async def test_a_natural_persons_record_is_for_himself_only(client: Any):
    person = uuid4()
    data = granted(applicant={"id": str(person), "kind": "natural", "credit_code": None, "name": "李*"})
    await deliver(client, DECISION_MADE, data)
    me, other = Caller(sub=person, kind="natural"), Caller(sub=uuid4(), kind="natural")
    (mine,) = (await client.as_(me).get(f"{API}/records")).json()["items"]
    address = f"{API}/records/{mine['id']}"
    assert (await client.as_(me).get(address)).status_code == 200
    for stranger in (client, client.as_(other)):
        assert (await stranger.get(address)).status_code == 404
        assert (await stranger.get(f"{API}/records")).json()["items"] == []


async def test_pages_show_every_record_once_newest_first(client: Any):
    for day in range(1, 8):
        await deliver(client, DECISION_MADE, granted(decided_on=f"2026-03-{day:02d}"))
    seen, cursor = [], None
    while True:
        params = {"limit": 3, "credit_code": COMPANY} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{API}/records", params=params)).json()
        seen += [record["decided_on"] for record in page["items"]]
        if not (cursor := page["next"]):
            break
    assert seen == [f"2026-03-{day:02d}" for day in range(7, 0, -1)]


async def test_a_credit_file_counts_public_records_by_kind(client: Any):
    await deliver(client, DECISION_MADE, granted())
    await deliver(client, DECISION_MADE, granted())
    answer = (await client.get(f"{API}/subjects/{COMPANY}")).json()
    assert answer == {"credit_code": COMPANY, "name": "秦皇岛开发区山海食品有限公司", "records": {"licence": 2}}
    assert (await client.get(f"{API}/subjects/91130371MA70083272")).status_code == 404


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("/records?credit_code=91130371MA7001011P", "?credit_code"), ("/subjects/123", "{credit_code}")],
)
async def test_a_wrong_check_digit_is_named_with_its_place(client: Any, path: str, pointer: str):
    answer = await client.get(API + path)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_unknown_kind_and_a_made_up_cursor_are_refused(client: Any):
    assert (await client.get(f"{API}/records?kind=gossip")).status_code == 422
    assert (await client.get(f"{API}/records?cursor=x")).json()["type"] == "/problems/invalid-cursor"


async def test_the_deciding_agencys_head_withdraws_a_record_and_nobody_else(client: Any):
    await deliver(client, DECISION_MADE, granted())
    (record,) = (await client.get(f"{API}/records")).json()["items"]
    address, form = f"{API}/records/{record['id']}/withdrawal", {"reason": "原许可决定已被依法撤销"}
    current = {"If-Match": '"1"'}
    elsewhere = Caller(sub=uuid4(), kind="staff", agency="11130371037106669W", given_roles=frozenset({"head"}))
    assert (await client.post(address, json=form, headers=current)).status_code == 401
    assert (await client.as_(elsewhere).post(address, json=form, headers=current)).status_code == 403
    assert (await client.as_(HEAD).post(address, json=form)).status_code == 428
    assert (await client.as_(HEAD).post(address, json=form, headers={"If-Match": '"7"'})).status_code == 412
    done = await client.as_(HEAD).post(address, json=form, headers=current)
    assert (done.status_code, done.json()["state"], done.headers["etag"]) == (200, "withdrawn", '"2"')
    again = await client.as_(HEAD).post(address, json=form, headers={"If-Match": '"2"'})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/credit-record-already-withdrawn")
    assert (await client.get(f"{API}/records/{record['id']}")).status_code == 404


async def test_a_pending_record_is_disclosed_by_the_worker(client: Any):
    await deliver(client, DECISION_MADE, granted())
    await client.context.pool.execute("UPDATE record SET state = 'pending', disclosed_at = NULL")
    async with client.transaction() as tx:
        assert await service.disclose_pending(tx) == 1
    async with client.transaction() as tx:
        assert await service.disclose_pending(tx) == 0
    assert len((await client.get(f"{API}/records")).json()["items"]) == 1


async def test_a_published_year_moves_a_provisional_last_day_and_says_so(client: Any):
    await deliver(client, DECISION_MADE, granted(decided_on="2026-12-28", decided_at="2026-12-28T02:00:00Z"))
    (before,) = (await client.get(f"{API}/records")).json()["items"]
    assert before["due_provisional"]
    year = example("calendar.changed.v1", "provisional-2027") | {
        "published": True,
        "holidays": ["2027-01-01", "2027-01-04"],
    }
    await deliver(client, "cn.onestop.catalog.calendar.changed.v1", year)
    (after,) = (await client.get(f"{API}/records")).json()["items"]
    assert (after["due_provisional"], after["due_on"]) == (False, "2027-01-08")
    assert await client.context.pool.fetchval("SELECT count(*) FROM record_history") == 2


@pytest.mark.parametrize(
    ("event_type", "path"),
    [
        (event_type, path)
        for subscription in SUBSCRIPTIONS
        for event_type in subscription.handlers
        for path in sorted((EXAMPLES / event_type.split(".", 3)[3]).glob("*.json"))
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else value.split(".")[-2],
)
async def test_every_example_of_every_event_is_understood(client: Any, event_type: str, path: Path):
    await deliver(client, event_type, example(path.parent.name, path.stem))


CALLERS = [
    Caller(),
    HEAD,
    Caller(sub=UUID(int=0x12), kind="natural"),
    Caller(sub=uuid4(), kind="natural", act=Party(UUID("018f3b1c-7e4a-7c21-9a55-000000000011"), COMPANY, "山海")),
    Caller(sub=uuid4(), kind="staff", given_roles=frozenset({"supervisor"})),
    Caller(sub=uuid4(), kind="staff", agency="11130371037106669W", given_roles=frozenset({"approver"})),
]


@pytest.mark.parametrize("caller", CALLERS, ids=["anonymous", "head", "person", "agent", "supervisor", "other agency"])
async def test_a_list_never_shows_what_a_get_refuses(client: Any, caller: Caller):
    await deliver(client, DECISION_MADE, granted())
    await deliver(client, DECISION_MADE, granted())
    person = {"id": str(UUID(int=0x12)), "kind": "natural", "credit_code": None, "name": "李*"}
    await deliver(client, DECISION_MADE, granted(applicant=person))
    await client.context.pool.execute(
        "UPDATE record SET state = 'withdrawn' WHERE id = (SELECT min(id::text)::uuid FROM record)"
    )
    reader = client.as_(caller) if caller.kind != "anonymous" else client
    listed = {record["id"] for record in (await reader.get(f"{API}/records")).json()["items"]}
    for row in await client.context.pool.fetch("SELECT * FROM record"):
        status = (await reader.get(f"{API}/records/{row['id']}")).status_code
        assert (status == 200) == (str(row["id"]) in listed)
        record = repository.record_of_row(row)
        assert PERMISSIONS.permits(caller, "record.read", visible(record)) == (str(row["id"]) in listed)


def test_permissions_are_data():
    assert isinstance(PERMISSIONS, PermissionTable)
    assert {rule.action for rule in PERMISSIONS.rules} == {"record.read", "record.withdraw"}
