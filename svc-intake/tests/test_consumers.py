"""Every example of every event intake subscribes to can be applied; over real Kafka each is applied once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from intake_world import EXAMPLES, GUIDE_CODE, Clock, Intake, food_guide

from onestop_local.testing.client import ServiceClient
from onestop_messages import EVENTS
from onestop_messages.base import TOMBSTONE
from onestop_messages.catalog import GuidePublished
from onestop_runtime.ids import uuid7
from onestop_runtime.kafka import producer
from onestop_runtime.settings import ServiceSettings
from svc_intake.consumers import SUBSCRIPTIONS
from svc_intake.main import SERVICE

TYPES = sorted(
    event_type for subscription in SUBSCRIPTIONS for event_type in subscription.handlers if event_type != TOMBSTONE
)
REPLAYED = sorted(path for event_type in TYPES for path in (EXAMPLES / event_type.split(".", 3)[3]).glob("*.json"))


def test_every_subscribed_event_has_an_example():
    assert {path.parent.name for path in REPLAYED} == {event_type.split(".", 3)[3] for event_type in TYPES}


def test_the_contract_names_intake_as_consumer_of_what_it_subscribes_to():
    import yaml  # noqa: PLC0415 - only this test reads the file

    topics = yaml.safe_load((EXAMPLES.parents[1] / "topics.yaml").read_text())["topics"]
    consumed = {name for name, topic in topics.items() if "svc-intake" in topic["consumers"]}
    assert consumed == {subscription.topic for subscription in SUBSCRIPTIONS}
    assert {EVENTS[event_type].TOPIC for event_type in TYPES} == consumed


@pytest.mark.parametrize("path", [str(path.relative_to(EXAMPLES)) for path in REPLAYED])
async def test_an_example_is_applied_to_an_empty_database(intake: Intake, path: str):
    await intake.apply(path.partition("/")[0], intake.example(path), uuid7())


async def test_an_event_that_comes_twice_is_applied_once(intake: Intake):
    case = await intake.accepted()
    proceeding = await intake.start_proceeding(case)
    version = (await intake.read(case))["version"]
    intake._sequences.clear()
    event = intake.example("proceeding.started.v1/food-business-licence.json") | {"case_id": case["id"]}
    await intake.apply("proceeding.started.v1", event, proceeding)
    assert (await intake.read(case))["version"] == version


async def publish(settings: ServiceSettings, key: UUID, event: GuidePublished) -> None:
    sender = producer(settings)
    await sender.start()
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_source": "svc-catalog",
        "ce_type": event.TYPE,
        "ce_time": event.published_at.isoformat(),
        "ce_sequence": "1",
        "content-type": "application/json",
    }
    await sender.send_and_wait(
        event.TOPIC,
        event.model_dump_json().encode(),
        key=key.bytes,
        headers=[(name, value.encode()) for name, value in headers.items()],
    )
    await sender.stop()


async def test_a_guide_published_on_kafka_opens_the_item(
    service_client: Callable[..., Awaitable[ServiceClient]], kafka: str, clock: Clock, tmp_path: Path
):
    client = await service_client(SERVICE, kafka=kafka, clock=clock)
    intake = Intake(client, clock, tmp_path)
    item, code = uuid7(), f"{GUIDE_CODE[:-6]}{uuid7().int % 10**6:06d}"
    event = GuidePublished.model_validate(
        {
            "item_id": item,
            "guide_version_id": uuid7(),
            "version_number": 1,
            "content_hash": "0" * 64,
            "guide": food_guide() | {"code": code},
            "published_at": clock(),
        }
    )
    await publish(client.context.settings, item, event)
    while not await intake.rows("SELECT 1 FROM item WHERE code = $1", code):  # noqa: ASYNC110 - another process's work
        await asyncio.sleep(0.05)
    assert await intake.rows("SELECT 1 FROM guide_version WHERE code = $1", code)
