"""A cluster of three brokers loses the leader of a partition while the relay publishes: nothing is lost, order is kept.

Part of `make faults`; three brokers are too much for `make test`.
"""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from onestop_local.kafka import Kafka
from onestop_runtime.topics import Topic, TopicSettings, apply, differences

sys.path.insert(0, str(Path(__file__).parents[2] / "contracts" / "runtime" / "tests"))
from notes import service as notes
from notes.waiting import until

QUICK = {  # as on a slow machine that has to be quick: who is dead is missed after 3 s, not 9
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "controller.quorum.fetch.timeout.ms": "3000",
    "controller.quorum.election.timeout.ms": "1500",
}
KEYS = [uuid4() for _ in range(12)]
ROUNDS = 40


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Kafka]]:
    """Return three brokers that are one cluster; what still runs is stopped at the end."""
    folder = tmp_path_factory.mktemp("cluster")
    brokers = [Kafka(folder / str(number), QUICK | {"node.id": str(number)}, ()) for number in (1, 2, 3)]
    for broker in brokers:
        broker.choose()
    voters = ",".join(f"{number}@{broker.controller}" for number, broker in enumerate(brokers, 1))
    for broker in brokers:
        del broker.settings["controller.quorum.bootstrap.servers"]
        broker.settings |= {"controller.quorum.voters": voters}
        broker.cluster = brokers[0].cluster
    with ThreadPoolExecutor(len(brokers)) as pool:
        try:
            list(pool.map(Kafka.start, brokers))  # none of them serves before two have agreed
            yield brokers
        finally:
            list(pool.map(Kafka.stop, brokers))


@pytest.fixture
async def topic(cluster: list[Kafka], monkeypatch: pytest.MonkeyPatch) -> str:
    name = "onestop.test.note"
    monkeypatch.setattr(notes.NoteWritten, "TOPIC", name)
    settings = TopicSettings(kafka_bootstrap=bootstrap(cluster))
    wanted = [Topic(name, 1, 3, {"min.insync.replicas": "2"})]
    await apply(settings, wanted)
    assert await differences(settings, wanted) == []
    return name


def bootstrap(cluster: list[Kafka]) -> str:
    return ",".join(broker.bootstrap for broker in cluster)


async def leader_of(cluster: list[Kafka], topic: str) -> Kafka:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(cluster))
    await admin.start()
    (described,) = await admin.describe_topics([topic])
    await admin.close()
    return cluster[described["partitions"][0]["leader"] - 1]


async def test_the_loss_of_a_leader_loses_no_event(
    service_client: Callable[..., Awaitable[Any]], cluster: list[Kafka], topic: str
):
    client = await service_client(notes.service("notes-writer"), kafka=bootstrap(cluster))
    leader = await leader_of(cluster, topic)
    for number in range(ROUNDS):
        async with client.transaction() as tx:
            for key in KEYS:
                tx.emit(
                    notes.NoteWritten(note_id=key, text=str(number), written_at=tx.now), key=key, version=number + 1
                )
        client.context.wake_relay()
        if number == ROUNDS // 4:
            assert leader.pid
            os.kill(leader.pid, signal.SIGKILL)
        await asyncio.sleep(0.02)

    async def published() -> bool:
        return not await client.context.pool.fetchval("SELECT EXISTS (SELECT FROM outbox)")

    await until(published, 60)
    left = [broker for broker in cluster if broker is not leader]
    assert not leader.pid
    assert await applied(left, topic) == dict.fromkeys(KEYS, ROUNDS)


async def applied(brokers: list[Kafka], topic: str) -> dict[UUID, int]:
    """Return how far a consumer of sequences comes with each aggregate; a hole or a swap stops it."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap(brokers), enable_auto_commit=False)
    await consumer.start()
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    await consumer.seek_to_beginning()
    end = (await consumer.end_offsets([place]))[place]
    last: dict[UUID, int] = defaultdict(int)
    while await consumer.position(place) < end:
        for messages in (await consumer.getmany(timeout_ms=500)).values():
            for message in messages:
                key, sequence = UUID(bytes=message.key), int(dict(message.headers)["ce_sequence"])
                if sequence == last[key] + 1:
                    last[key] = sequence
    await consumer.stop()
    return dict(last)
