"""A list never shows what a get refuses, and hides nothing that a get shows: for every caller, for every noun."""

import random
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import Caller, Party
from svc_datashare.accesses import repository as accesses
from svc_datashare.accesses.domain import Access, Outcome
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.resources.domain.resource import ResourceState

API = "/api/datashare/v1"
AGENCIES = ["11130371037106669W", "11130371037100371Q", "11130371037107039Y", "11130371037100742F"]
COMPANIES = [Party(uuid4(), code, code) for code in ("91130371MA7001010P", "91130371MA70083272")]
PERSONS = [uuid4() for _ in range(2)]
ROLES = sorted(
    {rule.role for rule in PERMISSIONS.rules} - {"natural", "legal", "staff", "system", "device", "anonymous"}
)

NOUNS = {
    "resources": ("resource", "code"),
    "resource-requests": ("resource_request", "id"),
    "grants": ("data_grant", "id"),
    "access-records": ("access_record", "id"),
}

callers = st.builds(
    Caller,
    sub=st.sampled_from(PERSONS),
    kind=st.sampled_from(["natural", "legal", "staff", "system", "device"]),
    act=st.sampled_from([None, *COMPANIES]),
    agency=st.sampled_from([None, *AGENCIES]),
    region=st.just("130371"),
    client=st.just("web"),
    given_roles=st.frozensets(st.sampled_from(ROLES), max_size=2),
) | st.just(Caller())


@pytest.fixture
async def filled(client: ServiceClient, people: SimpleNamespace, new_resource: dict[str, Any]) -> ServiceClient:
    """Return the service with resources in every state, and records about companies and persons."""
    pool = client.context.pool
    steward = client.as_(people.steward)
    for number, state in enumerate(ResourceState):
        classification = new_resource["classification"] | {"serial": number + 1}
        form = new_resource | {"code": f"SP-JYXK-{number:03}", "classification": classification}
        assert (await steward.post(f"{API}/resources", json=form)).status_code == 201
        await pool.execute(
            "UPDATE resource SET state = $2, openness = $3, provider = $4, authority = $5 WHERE code = $1",
            form["code"], state.value, "1" if number % 2 else "3", AGENCIES[number % 4], AGENCIES[(number + 2) % 4],
        )  # fmt: skip
    await _write_accesses(client)
    await _copy_grants(client)
    return client


async def _write_accesses(client: ServiceClient) -> None:
    chance = random.Random(7)  # noqa: S311 - test data
    for _ in range(30):
        person = chance.choice([None, *PERSONS])
        record = Access(
            id=uuid4(), at=client.context.clock(), resource_code="FR-YYZZ-001", resource_name="企业营业执照信息",
            provider=chance.choice(AGENCIES), subject_kind="natural" if person else "legal",
            subject_credit_code=None if person else chance.choice(COMPANIES).credit_code, subject_party=person,
            consumer=chance.choice(AGENCIES), consumer_name="部门", service="svc-intake", actor=None, case_id=uuid4(),
            item_code="x", purpose="核验", fields=("name",), unmasked_fields=(), grant_id=None,
            outcome=Outcome.ANSWERED,
        )  # fmt: skip
        async with client.transaction() as tx:
            await accesses.add(tx.connection, record)


async def _copy_grants(client: ServiceClient) -> None:
    """Spread copies of the seed's request and grant over the agencies."""
    pool = client.context.pool
    for number, agency in enumerate(AGENCIES * 2):
        ids: list[UUID] = [uuid4(), uuid4()]
        for table, extra in (("resource_request", {}), ("data_grant", {"request_id": ids[0]})):
            row = dict(await pool.fetchrow(f"SELECT * FROM {table} LIMIT 1")) | extra  # noqa: S608 - two known names
            row |= {"id": ids[table == "data_grant"], "consumer": agency, "provider": AGENCIES[(number + 1) % 4],
                    "authority": AGENCIES[(number + 2) % 4]}  # fmt: skip
            places = ", ".join(f"${place + 1}" for place in range(len(row)))
            await pool.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())  # noqa: S608


async def listed(client: Any, noun: str, key: str) -> list[str]:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(f"{API}/{noun}", params={"limit": 7, **cursor})).json()
        found += [row[key] for row in page["items"]]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(caller=callers)
async def test_lists_and_gets_agree(filled: ServiceClient, caller: Caller):
    client = filled.as_(caller) if caller.kind != "anonymous" else filled
    for noun, (table, key) in NOUNS.items():
        shown = await listed(client, noun, key)
        assert len(shown) == len(set(shown))
        for row in await filled.context.pool.fetch(f"SELECT {key} FROM {table}"):  # noqa: S608 - from the list above
            one = str(row[key])
            answer = await client.get(f"{API}/{noun}/{one}")
            assert answer.status_code == (200 if one in shown else 404), (noun, one)
