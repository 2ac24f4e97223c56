"""Every example of every event the service subscribes to is applied, and real Kafka brings them."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from onestop_local.testing.client import ServiceClient
from onestop_runtime import kafka as connections
from onestop_runtime.inbox import Applier, Message
from svc_credit.consumers import SUBSCRIPTIONS
from svc_credit.main import SERVICE

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"


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
async def test_an_example_is_applied(client: ServiceClient, topic: str, event_type: str, data: dict[str, Any]):
    key, added = uuid4(), data | {"added_by_a_later_version": {"x": 1}}
    await Applier(client.context).take(Message(topic, key, 1, event_type, "1", client.context.clock(), added))
    assert await client.context.pool.fetch("SELECT * FROM dead_letter") == []
    assert await client.context.pool.fetchval("SELECT last FROM inbox WHERE key = $1", key) == 1


async def test_other_events_of_the_topic_are_passed_over(client: ServiceClient):
    topic, key = "onestop.workflow.proceeding", uuid4()
    data = json.loads(await _read("proceeding.started.v1"))
    started = Message(topic, key, 1, "cn.onestop.workflow.proceeding.started.v1", "1", client.context.clock(), data)
    await Applier(client.context).take(started)
    assert await client.context.pool.fetchval("SELECT last FROM inbox WHERE key = $1", key) == 1


async def _read(event: str) -> str:
    return next(iter(sorted((EXAMPLES / event).glob("*.json")))).read_text()


async def test_kafka_brings_a_decision_and_takes_the_disclosure_away(
    service_client: Callable[..., Awaitable[ServiceClient]], kafka: str, granted: Callable[..., dict[str, Any]]
):
    decision, proceeding_id = granted(), uuid4()
    client = await service_client(SERVICE, kafka=kafka)
    consumer = AIOKafkaConsumer("onestop.credit.record", bootstrap_servers=kafka, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await consumer.start()
    await producer.start()
    row = {
        "event_id": uuid4(), "type": "cn.onestop.workflow.decision.made.v1", "key": proceeding_id,
        "occurred_at": client.context.clock(), "sequence": 1, "version": 1, "traceparent": None,
    }  # fmt: skip
    try:
        headers = connections.headers_of(row, "svc-workflow")
        payload = json.dumps(decision).encode()
        await producer.send_and_wait("onestop.workflow.proceeding", payload, key=proceeding_id.bytes, headers=headers)
        async for record in consumer:
            told = json.loads(record.value)
            if told["decision_id"] == decision["decision_id"]:
                break
    finally:
        await producer.stop()
        await consumer.stop()
    answer = await client.get(f"/api/credit/v1/records/{told['record_id']}")
    assert answer.json()["document_number"] == decision["document_number"]
