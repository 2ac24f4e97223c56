"""The consumer: brings what arrives in Kafka to the inbox; offsets are committed only for what was done."""

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from onestop_runtime import kafka, metrics
from onestop_runtime.context import Context
from onestop_runtime.inbox import Applier, Message, messages_of
from onestop_runtime.logs import logger
from onestop_runtime.patience import TRANSIENT

WATCHDOG_SECONDS = 120
"""So long nothing may happen while there is something to do; then the process ends."""
WATCH_SECONDS = 5
FIRST_DELAY_SECONDS = 0.2
WELL_SECONDS = 10
"""Who has worked for so long starts anew at once; what went wrong before has nothing to do with it."""
ANSWER_SECONDS = 10
LOOK_SECONDS = 1
"""Between two looks at what is held up; longer while nothing is, or when a look takes long."""
LOOK_IDLE_SECONDS = 5
MEASURE_SECONDS = 1

log = logger(__name__)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    """What the consumer is told of its partitions.

    Attributes:
        working: held while a batch is under way.
        changed: whether there are partitions of which nobody has looked yet what is held up.
        progress: when last something was taken, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.working = asyncio.Lock()
        self.changed = True
        self.progress = time.monotonic()

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
    delay = FIRST_DELAY_SECONDS
    while not context.stopping.is_set():
        began = time.monotonic()
        try:
            await _consume_until_stopped(context)
        except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            context.ready.discard("consumer")
            if time.monotonic() - began > WELL_SECONDS:
                delay = FIRST_DELAY_SECONDS
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
    watch = asyncio.get_running_loop().create_task(_watch(applier, consumer, rebalance), name="consumer watchdog")
    try:
        await consumer.start()
        context.ready.add("consumer")
        looking, measured = _Looking(applier), 0.0
        while not context.stopping.is_set():
            batch = await consumer.getmany(timeout_ms=200)
            async with rebalance.working:
                if rebalance.changed:
                    rebalance.changed = False
                    await looking.now()
                await looking.when_due()
                if batch:
                    await _apply_batch(applier, consumer, batch)
                    rebalance.progress = time.monotonic()
            if time.monotonic() - measured > MEASURE_SECONDS:
                measured = time.monotonic()
                await _measure(context.service.name, consumer)
    finally:
        watch.cancel()
        await consumer.stop()


class _Looking:
    """Looks at what is held up: soon while anything is, and never for most of the time."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self._next = 0.0

    async def now(self) -> None:
        """Look; an error leaves, since nothing may be taken before it is known what is held up."""
        began = time.monotonic()
        more = await self._applier.look()
        took = time.monotonic() - began
        pause = 0 if more else LOOK_SECONDS if self._applier.holds_up else LOOK_IDLE_SECONDS
        self._next = began + took + max(pause, 10 * took * (not more))

    async def when_due(self) -> None:
        """Look when it is time; an error that passes is left to the next time."""
        if time.monotonic() < self._next:
            return
        try:
            await self.now()
        except TRANSIENT as error:
            log.warning("what is held up is looked at later", error=type(error).__name__)
            self._next = time.monotonic() + LOOK_SECONDS


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


async def _measure(service: str, consumer: AIOKafkaConsumer) -> None:
    """Say how much of each topic this process has not taken yet, as far as the broker has told."""
    lag = dict.fromkeys(consumer.subscription(), 0)
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None:
            with contextlib.suppress(IllegalStateError, TimeoutError):  # it has just gone to somebody else
                lag[partition.topic] += max(end - await _position(consumer, partition), 0)
    for topic, messages in lag.items():
        metrics.CONSUMER_LAG.labels(service, topic).set(messages)


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    async with asyncio.timeout(ANSWER_SECONDS):
        position: int = await consumer.position(partition)
        return position


async def _watch(applier: Applier, consumer: AIOKafkaConsumer, rebalance: _Rebalance) -> None:
    """End the process when nothing happens though something is to be done: a new one does better than a stuck one.

    A batch that waits for the database tries again and again, which is not stuck; a broker that says nothing is away.
    """
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        idle = time.monotonic() - max(rebalance.progress, applier.alive_at)
        if idle < WATCHDOG_SECONDS:
            continue
        if rebalance.working.locked():
            log.error("a batch is stuck; the process ends", seconds=round(idle))
            os._exit(70)
        try:
            behind = await _behind(consumer)
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("broker does not say how far behind the consumer is", error=type(error).__name__)
            continue
        if behind and rebalance.progress < time.monotonic() - WATCHDOG_SECONDS:
            log.error("consumer is stuck; the process ends", lag=behind)
            os._exit(70)
        rebalance.progress = time.monotonic()


async def _behind(consumer: AIOKafkaConsumer) -> int:
    """Return how many messages the broker has for us that were not taken, by its own word."""
    partitions = list(consumer.assignment())
    async with asyncio.timeout(ANSWER_SECONDS):
        ends = await consumer.end_offsets(partitions) if partitions else {}
    return sum([max(ends[partition] - await _position(consumer, partition), 0) for partition in partitions])
