"""How far a group of consumers is behind, by the broker's own word."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from onestop_runtime import kafka
from onestop_runtime.logs import logger
from onestop_runtime.settings import ServiceSettings

ANSWER_SECONDS = 5

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """How much of a topic a group has not done yet.

    Attributes:
        messages: how many, or None when the broker does not say.
        partitions: how many partitions have some of them.
    """

    topic: str
    messages: int | None
    partitions: int


async def lags(settings: ServiceSettings, group: str, topics: Iterable[str]) -> list[Lag]:
    """Return the lag of `group` in each topic; without numbers when the broker is away."""
    wanted = sorted(topics)
    if not wanted:
        return []
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _lags(settings, group, wanted)
    except (KafkaError, OSError, TimeoutError) as error:
        log.warning("broker does not say how far behind a group is", group=group, error=type(error).__name__)
        return [Lag(topic, None, 0) for topic in wanted]


async def _lags(settings: ServiceSettings, group: str, topics: list[str]) -> list[Lag]:
    admin = AIOKafkaAdminClient(**kafka.connection(settings))
    reader = AIOKafkaConsumer(*topics, **kafka.connection(settings), enable_auto_commit=False)
    try:
        await admin.start()
        await reader.start()
        done = await admin.list_consumer_group_offsets(group)
        places = [TopicPartition(topic, one) for topic in topics for one in reader.partitions_for_topic(topic) or ()]
        ends, beginnings = await reader.end_offsets(places), await reader.beginning_offsets(places)
    finally:
        await reader.stop()
        await admin.close()
    behind: dict[str, list[int]] = {topic: [] for topic in topics}
    for place in places:
        offset = done[place].offset if place in done else -1
        behind[place.topic].append(max(ends[place] - max(offset, beginnings[place]), 0))
    return [Lag(topic, sum(each), sum(1 for one in each if one)) for topic, each in behind.items()]


async def ends(settings: ServiceSettings, topic: str) -> dict[str, int]:
    """Return where each partition of a topic ends now, by its number; nothing when no broker is named.

    Raises:
        aiokafka.errors.KafkaError, TimeoutError: when the broker is away.
    """
    if not settings.kafka_bootstrap:
        return {}
    async with asyncio.timeout(ANSWER_SECONDS), _reader(settings, topic) as (reader, places):
        return {str(place.partition): end for place, end in (await reader.end_offsets(places)).items()}


async def done(settings: ServiceSettings, group: str, topic: str) -> dict[str, int]:
    """Return up to where `group` is done with each partition of a topic; nothing when no broker is named.

    Raises:
        aiokafka.errors.KafkaError, TimeoutError: when the broker is away.
    """
    if not settings.kafka_bootstrap:
        return {}
    admin = AIOKafkaAdminClient(**kafka.connection(settings))
    async with asyncio.timeout(ANSWER_SECONDS):
        try:
            await admin.start()
            found = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
    return {str(place.partition): one.offset for place, one in found.items() if place.topic == topic}


@asynccontextmanager
async def _reader(
    settings: ServiceSettings, topic: str
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    reader = AIOKafkaConsumer(topic, **kafka.connection(settings), enable_auto_commit=False)
    try:
        await reader.start()
        yield reader, [TopicPartition(topic, one) for one in reader.partitions_for_topic(topic) or ()]
    finally:
        await reader.stop()
