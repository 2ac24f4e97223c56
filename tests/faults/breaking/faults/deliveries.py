"""Deliveries that come twice, late, and in the wrong order."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from breaking.stand import Stand
from onestop_runtime.kafka import headers_of

TOPICS = ("onestop.intake.case", "onestop.workflow.proceeding", "onestop.workflow.licence")
_WAIT_SECONDS = 20


async def _last_of(topic: str, bootstrap: str, most: int) -> list[Any]:
    """Return the last records of a topic, at most so many of each partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        ends = await consumer.end_offsets(partitions)
        for partition, end in ends.items():
            consumer.seek(partition, max(0, end - most))
        found: list[Any] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=300)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def _publish(bootstrap: str, records: list[tuple[str, bytes, bytes, Any]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for topic, key, value, headers in records:
            await producer.send_and_wait(topic, value, key=key, headers=headers)
    finally:
        await producer.stop()


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was delivered is delivered once more, in random order."""

    most: int = 25
    name: str = "duplicated deliveries, shuffled"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Publish the last records of each topic again."""
        bootstrap = stand.records().kafka
        again = [record for topic in TOPICS for record in await _last_of(topic, bootstrap, self.most)]
        chance.shuffle(again)
        await _publish(bootstrap, [(one.topic, one.key, one.value, list(one.headers)) for one in again])


@dataclass(frozen=True, slots=True)
class Reordered:
    """Events arrive in the wrong order, the last one of an aggregate first; later the relay sends them as well.

    The relays are cut off from the broker until there is something in the outbox, which is published backwards.
    """

    name: str = "reordered deliveries"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Publish what waits in the outboxes, backwards."""
        del chance
        records = stand.records()
        stand.to_kafka.take_down()
        waiting: list[tuple[str, Any]] = []
        for _ in range(_WAIT_SECONDS * 2):
            await asyncio.sleep(0.5)
            waiting = [
                (service, row)
                for service in ("intake", "workflow")
                for row in await records.fetch(service, "SELECT * FROM outbox ORDER BY id DESC")
            ]
            keys = [row["key"] for _, row in waiting]
            if len(keys) > len(set(keys)) + 2:  # some aggregates have several events
                break
        events = [
            (row["topic"], UUID(str(row["key"])).bytes, row["payload"], headers_of(row, f"svc-{service}"))
            for service, row in waiting
        ]
        await _publish_past_the_line(stand, events)
        stand.to_kafka.heal()


async def _publish_past_the_line(stand: Stand, events: list[tuple[str, bytes, bytes, Any]]) -> None:
    """Let the line work for us alone: services try it every few seconds, we at once."""
    stand.to_kafka.heal()
    await _publish(stand.records().kafka, events)
