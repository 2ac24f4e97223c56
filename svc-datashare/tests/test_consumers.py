"""Every example of every event the service subscribes to is applied, and real Kafka brings them."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from onestop_legal.licence_identifier import LicenceIdentifier
from onestop_local.testing.client import ServiceClient
from onestop_runtime import kafka as connections
from onestop_runtime.inbox import Applier, Message
from svc_datashare.consumers import SUBSCRIPTIONS
from svc_datashare.main import SERVICE

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
ISSUED: dict[str, Any] = json.loads((EXAMPLES / "licence.issued.v1" / "food-business-licence.json").read_text())
AGENCY: dict[str, Any] = json.loads((EXAMPLES / "agency.changed.v1" / "approval-bureau.json").read_text())


def examples() -> list[Any]:
    """Return topic, type and payload of every example of the subscribed events."""
    return [
        pytest.param(subscription.topic, event_type, json.loads(path.read_text()), id=f"{path.parent.name}-{path.stem}")
        for subscription in SUBSCRIPTIONS
        for event_type in subscription.handlers
        for path in sorted((EXAMPLES / event_type.split(".", 3)[3]).glob("*.json"))
    ]


def test_every_subscribed_event_has_an_example():
    subscribed = {event_type for subscription in SUBSCRIPTIONS for event_type in subscription.handlers}
    assert {example.values[1] for example in examples()} == subscribed


@pytest.mark.parametrize(("topic", "event_type", "data"), examples())
async def test_an_example_is_applied(empty: ServiceClient, topic: str, event_type: str, data: dict[str, Any]):
    applier = Applier(empty.context)
    key, first = uuid4(), 1
    if event_type.endswith("licence.ended.v1"):  # what ends has begun
        begun = "cn.onestop.workflow.licence.issued.v1"
        await applier.take(Message(topic, key, 1, begun, "1", empty.context.clock(), ISSUED))
        first = 2
    added = data | {"added_by_a_later_version": {"x": 1}}
    await applier.take(Message(topic, key, first, event_type, "2", empty.context.clock(), added))
    assert await empty.context.pool.fetch("SELECT * FROM dead_letter") == []
    assert await empty.context.pool.fetchval("SELECT last FROM inbox WHERE key = $1", key) == first


async def test_an_agency_is_known_by_its_latest_name(empty: ServiceClient):
    applier, key = Applier(empty.context), UUID(AGENCY["agency_id"])
    topic, event_type = "onestop.catalog.agency", "cn.onestop.catalog.agency.changed.v1"
    await applier.take(Message(topic, key, 1, event_type, "1", empty.context.clock(), AGENCY))
    renamed = AGENCY | {"name": "秦皇岛经济技术开发区行政审批和政务服务局"}
    await applier.take(Message(topic, key, 2, event_type, "2", empty.context.clock(), renamed))
    assert await empty.context.pool.fetchval("SELECT name FROM agency") == renamed["name"]


async def test_kafka_brings_a_licence_and_takes_the_registration_away(
    service_client: Callable[..., Awaitable[ServiceClient]], kafka: str
):
    licence_id = uuid4()
    serial = licence_id.hex.upper()[:14]
    identifier = str(LicenceIdentifier.make("11100000000013338W032", "11130371037100371Q", serial))
    data = ISSUED | {"licence": ISSUED["licence"] | {"licence_id": str(licence_id), "identifier": identifier}}
    client = await service_client(SERVICE, kafka=kafka)
    consumer = AIOKafkaConsumer("onestop.datashare.licence", bootstrap_servers=kafka, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await consumer.start()
    await producer.start()
    row = {
        "event_id": uuid4(), "type": "cn.onestop.workflow.licence.issued.v1", "key": licence_id,
        "occurred_at": client.context.clock(), "sequence": 1, "version": 1, "traceparent": None,
    }  # fmt: skip
    try:
        await producer.send_and_wait("onestop.workflow.licence", json.dumps(data).encode(), key=licence_id.bytes,
                                     headers=connections.headers_of(row, "svc-workflow"))  # fmt: skip
        async for record in consumer:
            if record.key == licence_id.bytes:
                break
    finally:
        await producer.stop()
        await consumer.stop()
    assert json.loads(record.value)["identifier"] == identifier
    assert (await client.get(f"/api/datashare/v1/licences/{identifier}")).status_code == 200
