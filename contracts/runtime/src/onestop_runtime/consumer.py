"""The consumer: brings what arrives in Kafka to the inbox; offsets are committed only for what was done."""

import asyncio
import itertools
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from onestop_runtime import kafka
from onestop_runtime.context import Context
from onestop_runtime.inbox import Applier, Message, messages_of
from onestop_runtime.logs import logger

WATCHDOG_SECONDS = 120
POSITION_SECONDS = 10

log = logger(__name__)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    """What the consumer is told of its partitions.

    Attributes:
        working: held while a batch is under way.
        changed: whether there are partitions of which nobody has looked yet what is held up.
    """

    def __init__(self) -> None:
        self.working = asyncio.Lock()
        self.changed = True

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch under way end (and its offsets be committed) before the partitions go."""
        del revoked
        async with self.working:
            return

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Have it looked what is held up; not here, where aiokafka would swallow an error."""
        del assigned
        self.changed = True


async def consume(context: Context) -> None:
    """Apply what the service subscribed to, until the process stops; finishes the batch under way."""
    delay = 0.2
    while not context.stopping.is_set():
        try:
            await _consume_until_stopped(context)
        except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            context.ready.discard("consumer")
            log.warning("consumer starts anew", error=type(error).__name__, retry_seconds=round(delay, 1))
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)


async def _consume_until_stopped(context: Context) -> None:
    applier, rebalance = Applier(context), _Rebalance()
    consumer = kafka.consumer(context.settings, f"svc-{context.service.name}")
    consumer.subscribe(
        [subscription.topic for subscription in context.service.subscriptions],
        listener=rebalance,
    )
    try:
        await consumer.start()
        context.ready.add("consumer")
        progress = time.monotonic()
        while not context.stopping.is_set():
            batch = await consumer.getmany(timeout_ms=200)
            async with rebalance.working:
                if rebalance.changed:
                    rebalance.changed = False
                    await applier.catch_up()
                if batch:
                    await _apply_batch(applier, consumer, batch)
            if batch:
                progress = time.monotonic()
            elif time.monotonic() - progress > WATCHDOG_SECONDS:
                await _watch(consumer)
                progress = time.monotonic()
    finally:
        await consumer.stop()


async def _apply_batch(applier: Applier, consumer: AIOKafkaConsumer, batch: Mapping[TopicPartition, list[Any]]) -> None:
    """Apply what arrived, each partition in order; then commit the offsets of what was done."""
    arrived = [list(messages_of(records)) for records in batch.values()]
    if not await applier.take_together(list(itertools.chain.from_iterable(arrived))):
        async with asyncio.TaskGroup() as group:
            for messages in arrived:
                group.create_task(_take_one_by_one(applier, messages))
    offsets = {partition: records[-1].offset + 1 for partition, records in batch.items()}
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        # The partitions went to somebody else meanwhile; he gets the messages again and knows them by sequence.
        log.warning("offsets not committed", error=type(error).__name__)


async def _take_one_by_one(applier: Applier, messages: Sequence[Message]) -> None:
    for message in messages:
        await applier.take(message)


async def _watch(consumer: AIOKafkaConsumer) -> None:
    """End the process when there is lag and no progress: a new one does better than a stuck one."""
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        async with asyncio.timeout(POSITION_SECONDS):
            position = await consumer.position(partition)
        if end is not None and end > position:
            log.error("consumer is stuck; the process ends", topic=partition.topic, lag=end - position)
            os._exit(70)
