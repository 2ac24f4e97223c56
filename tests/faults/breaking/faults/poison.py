"""Events that nobody can apply, and events that nobody can publish: only their own aggregate may suffer."""

import random
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from breaking.stand import Stand
from onestop_runtime.kafka import headers_of
from onestop_runtime.transaction import bucket_of

_ADD = """
INSERT INTO outbox (bucket, topic, key, sequence, version, type, event_id, occurred_at, payload)
VALUES ($1, $2, $3, 1, 1, $4, $5, clock_timestamp(), $6)
"""


@dataclass(frozen=True, slots=True)
class PoisonApplied:
    """An accepted case of which nothing can be read, and records that are no events at all."""

    name: str = "poison event for consumers"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Publish them."""
        key = UUID(int=chance.getrandbits(128), version=4)
        stand.poisoned.add(key)
        records = stand.records()
        (now,) = await records.fetch("intake", "SELECT clock_timestamp() AS at")
        event = {
            "event_id": uuid4(),
            "type": "cn.onestop.intake.case.accepted.v1",
            "key": key,
            "occurred_at": now["at"],
            "sequence": 1,
            "version": 1,
            "traceparent": None,
        }
        producer = AIOKafkaProducer(bootstrap_servers=records.kafka)
        await producer.start()
        try:
            topic = "onestop.intake.case"
            await producer.send_and_wait(topic, b'{"poison":', key=key.bytes, headers=headers_of(event, "svc-intake"))
            unreadable = b'{"poison": true}'
            await producer.send_and_wait(topic, unreadable, key=key.bytes, headers=headers_of(event, "svc-intake"))
            await producer.send_and_wait(topic, b"no event", key=b"no key")
        finally:
            await producer.stop()


@dataclass(frozen=True, slots=True)
class PoisonPublished:
    """An event in an outbox that is too large for the broker."""

    name: str = "poison event for the relay"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Put it into the outbox, behind the services' backs."""
        key = UUID(int=chance.getrandbits(128), version=4)
        stand.poisoned.add(key)
        connection = await asyncpg.connect(stand.records().dsns["intake"])
        try:
            kind = "cn.onestop.intake.case.accepted.v1"
            payload = b'"' + b" " * (3 << 20) + b'"'
            await connection.execute(_ADD, bucket_of(key), "onestop.intake.case", key, kind, uuid4(), payload)
        finally:
            await connection.close()
