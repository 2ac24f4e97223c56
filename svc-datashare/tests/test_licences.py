"""Anybody checks a licence by its identifier."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_runtime.inbox import Applier, Message

LICENCES = "/api/datashare/v1/licences"
EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
ISSUED: dict[str, Any] = json.loads((EXAMPLES / "licence.issued.v1" / "food-business-licence.json").read_text())
ENDED: dict[str, Any] = json.loads((EXAMPLES / "licence.ended.v1" / "cancelled.json").read_text())


def message(client: ServiceClient, name: str, sequence: int, data: dict[str, Any]) -> Message:
    key = data.get("licence_id") or data["licence"]["licence_id"]
    return Message("onestop.workflow.licence", UUID(key), sequence, f"cn.onestop.workflow.licence.{name}.v1",
                   str(uuid4()), client.context.clock(), data)  # fmt: skip


@pytest.fixture
async def registered(empty: ServiceClient) -> ServiceClient:
    await Applier(empty.context).take(message(empty, "issued", 1, ISSUED))
    return empty


async def test_an_issued_licence_is_registered_and_told(registered: ServiceClient, clock: Any):
    clock.forward(days=20)
    answer = await registered.get(f"{LICENCES}/{ISSUED['licence']['identifier']}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["standing_name"], shown["holder_name"]) == ("有效", "秦皇岛开发区山海食品有限公司")
    assert shown["number"] == "JY11303710000019"
    (event,) = await registered.context.pool.fetch("SELECT type, payload FROM outbox")
    assert event["type"] == "cn.onestop.datashare.licence.registered.v1"
    assert json.loads(event["payload"])["identifier"] == ISSUED["licence"]["identifier"]


async def test_the_same_licence_again_changes_nothing(registered: ServiceClient):
    applier = Applier(registered.context)
    await applier.take(message(registered, "issued", 1, ISSUED))
    await applier.take(message(registered, "issued", 2, ISSUED))
    assert await registered.context.pool.fetchval("SELECT count(*) FROM licence") == 1
    assert await registered.context.pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_an_ended_licence_shows_how_it_ended(registered: ServiceClient, clock: Any):
    await Applier(registered.context).take(message(registered, "ended", 2, ENDED))
    clock.forward(days=365 * 3)
    shown = (await registered.get(f"{LICENCES}/{ENDED['identifier']}")).json()
    assert (shown["standing_name"], shown["ended_on"]) == ("已注销", "2028-05-01")


async def test_a_persons_licence_shows_a_masked_name_even_if_it_came_whole(empty: ServiceClient):
    holder = {"id": ISSUED["holder"]["id"], "kind": "natural", "credit_code": None, "name": "李明华"}
    await Applier(empty.context).take(message(empty, "issued", 1, ISSUED | {"holder": holder}))
    answer = await empty.get(f"{LICENCES}/{ISSUED['licence']['identifier']}")
    assert answer.json()["holder_name"] == "李**"
    assert "李明华" not in answer.text
    payload = await empty.context.pool.fetchval("SELECT payload FROM outbox")
    assert "李明华" not in payload.decode()


async def test_a_wrong_check_character_is_pointed_at(registered: ServiceClient):
    right = ISSUED["licence"]["identifier"]
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    answer = await registered.get(f"{LICENCES}/{wrong}")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "{identifier}", "code": "invalid-licence-identifier", "detail": "电子证照标识的校验位不符。"}
    ]


async def test_an_unknown_licence_is_not_found(empty: ServiceClient):
    answer = await empty.get(f"{LICENCES}/{ISSUED['licence']['identifier']}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/licence-not-found")
