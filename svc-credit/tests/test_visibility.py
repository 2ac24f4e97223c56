"""A list never shows what a get refuses, and hides nothing that a get shows: for every caller."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import Caller, Party
from svc_credit.permissions import PERMISSIONS

RECORDS = "/api/credit/v1/records"
AGENCIES = ["11130371037100371Q", "11130371037106669W"]
COMPANY = Party(uuid4(), "91130371MA7001010P", "山海")
PERSONS = [uuid4(), uuid4()]
IMPLIED = {"natural", "legal", "staff", "system", "device", "anonymous"}
ROLES = sorted({rule.role for rule in PERMISSIONS.rules} - IMPLIED)

callers = st.builds(
    Caller,
    sub=st.sampled_from(PERSONS),
    kind=st.sampled_from(["natural", "legal", "staff", "system", "device"]),
    act=st.sampled_from([None, COMPANY]),
    agency=st.sampled_from([None, *AGENCIES]),
    client=st.just("web"),
    given_roles=st.frozensets(st.sampled_from(ROLES), max_size=2),
) | st.just(Caller())


@pytest.fixture
async def filled(
    client: ServiceClient, tell: Callable[..., Any], granted: Callable[..., dict[str, Any]]
) -> ServiceClient:
    """Return the service with records of companies and persons, of two agencies, in every state."""
    parties: list[tuple[UUID, str, str | None]] = [(COMPANY.id, "legal", COMPANY.credit_code)]
    parties += [(person, "natural", None) for person in PERSONS]
    for agency in AGENCIES:
        for party, kind, code in parties:
            applicant = {"id": str(party), "kind": kind, "credit_code": code, "name": "李*"}
            for state in ("disclosed", "pending", "withdrawn"):
                decision = granted(applicant=applicant, agency={"code": agency, "name": "部门"})
                await tell("decision.made", decision)
                await client.context.pool.execute(
                    "UPDATE record SET state = $2 WHERE decision_id = $1", UUID(decision["decision_id"]), state
                )
    return client


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(caller=callers)
async def test_the_list_and_the_get_agree(filled: ServiceClient, caller: Caller):
    client = filled.as_(caller) if caller.kind != "anonymous" else filled
    shown: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(RECORDS, params={"limit": 5, **cursor})).json()
        shown += [record["id"] for record in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert len(shown) == len(set(shown))
    for row in await filled.context.pool.fetch("SELECT id, audience, state FROM record"):
        one = str(row["id"])
        answer = await client.get(f"{RECORDS}/{one}")
        assert answer.status_code == (200 if one in shown else 404)
        if caller.kind == "anonymous":
            assert (one in shown) == (row["audience"] == "public" and row["state"] == "disclosed")
