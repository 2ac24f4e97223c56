"""What `prepare` leaves behind, also when it runs again or was interrupted."""

from types import SimpleNamespace
from typing import Any

import pytest

from onestop_legal.credit_code import CreditCode
from onestop_local.testing.client import ServiceClient
from svc_datashare.resources import service as resources
from svc_datashare.seed import directory, seed

COUNTS = """
SELECT (SELECT count(*) FROM resource), (SELECT count(*) FROM resource_request), (SELECT count(*) FROM data_grant),
       (SELECT count(*) FROM business_licence), (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit)
"""


async def test_the_resource_is_published_and_granted_by_the_people_who_may(
    client: ServiceClient, people: SimpleNamespace
):
    resource = (await client.as_(people.supervisor).get("/api/datashare/v1/resources/FR-YYZZ-001")).json()
    assert (resource["state"], resource["provider"]["code"]) == ("published", people.steward.agency)
    (grant,) = (await client.as_(people.head).get("/api/datashare/v1/grants")).json()["items"]
    assert (grant["terms"]["service"], grant["in_force"]) == ("svc-intake", True)
    actors = await client.context.pool.fetch("SELECT verb, actor FROM audit ORDER BY id LIMIT 7")
    assert [(row["verb"], row["actor"]) for row in actors] == [
        ("resource.created", people.steward.sub),
        ("resource.submitted", people.steward.sub),
        ("resource.published", people.admin.sub),
        ("request.received", people.head.sub),
        ("request.approved", people.admin.sub),
        ("grant.given", people.steward.sub),
        ("request.approved", people.steward.sub),
    ]


async def test_every_agency_whose_guides_take_the_licence_from_the_exchange_may_ask(
    client: ServiceClient, people: SimpleNamespace, question: dict[str, Any]
):
    for consumer in directory.CONSUMERS:
        answer = await client.as_(people.intake).post(
            f"/api/datashare/v1/exchange/{directory.RESOURCE_CODE}", json=question | {"agency": consumer.code}
        )
        assert answer.status_code == 200, consumer
    received = await client.context.pool.fetch("SELECT DISTINCT actor FROM audit WHERE verb = 'request.received'")
    assert len(received) == len(directory.CONSUMERS)  # each by somebody of its own


async def test_a_second_run_changes_nothing(client: ServiceClient, seed_data: dict[str, Any]):
    before = await client.context.pool.fetchrow(COUNTS)
    await seed(client.transaction, seed_data)
    assert await client.context.pool.fetchrow(COUNTS) == before


async def test_an_interrupted_run_is_taken_up_where_it_stopped(
    empty: ServiceClient, seed_data: dict[str, Any], people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ONESTOP_DATASHARE_FIELD_KEYS", str(empty.context.settings.field_keys))
    with monkeypatch.context() as patched:
        patched.setattr(resources, "review_publication", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            await seed(empty.transaction, seed_data)
    await seed(empty.transaction, seed_data)
    (grant,) = (await empty.as_(people.head).get("/api/datashare/v1/grants")).json()["items"]
    assert grant["resource_code"] == directory.RESOURCE_CODE


async def _interrupted(*_args: object) -> None:
    raise KeyboardInterrupt


async def test_without_a_seed_file_the_base_is_filled_as_well(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_DATASHARE_FIELD_KEYS", str(empty.context.settings.field_keys))
    await seed(empty.transaction, {})
    assert await empty.context.pool.fetchval("SELECT count(*) FROM data_grant") == len(directory.CONSUMERS)


async def test_every_company_has_a_valid_credit_code(client: ServiceClient):
    codes = [row[0] for row in await client.context.pool.fetch("SELECT credit_code FROM business_licence")]
    assert len(codes) == len({CreditCode.parse(code) for code in codes}) >= 40
    assert {"91130371MA7001010P", "91130371MA70083272"} <= set(codes)
