"""Events for the broker in batches of our own making, one partition each: sent singly, each costs ten times as much."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from onestop_runtime import kafka

_PARTITION = DefaultPartitioner()
Row = Mapping[str, Any]


class Batch:
    """Events of one partition that go out together and share their fate."""

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        self.acknowledged: asyncio.Future[Any] | None = None
        self.refused: BaseException | None = None

    def __len__(self) -> int:
        count: int = self.builder.record_count()
        return count

    @property
    def failure(self) -> BaseException | None:
        """Why the events were not acknowledged, or None when they were."""
        if self.refused is not None:
            return self.refused
        answer = self.acknowledged
        if answer is None or not answer.done() or answer.cancelled():
            return TimeoutError()
        failed: BaseException | None = answer.exception()
        return failed


class Batches:
    """Collects events by partition, then sends them; those of a partition in the order in which they were added."""

    def __init__(self, producer: AIOKafkaProducer, source: str, most: int | None = None) -> None:
        """`source` is the service; `most` the events of a batch, when fewer than fit."""
        self._producer = producer
        self._source = source
        self._most = most
        self._of: dict[TopicPartition, list[Batch]] = {}
        self._partitions: dict[str, Sequence[int]] = {}

    def add(self, row: Row) -> Batch | KafkaError:
        """Take an event whose topic the producer knows; return the batch it goes with, or why it can never go."""
        key, value = row["key"].bytes, row["payload"] or None
        headers = kafka.headers_of(row, self._source)
        size = DefaultRecordBatchBuilder.estimate_size_in_bytes(key, value, headers)
        if size > kafka.MOST_BYTES:
            return MessageSizeTooLargeError(f"{size} bytes")
        batches = self._of.setdefault(TopicPartition(row["topic"], self._partition_of(row["topic"], key)), [])
        if not batches or len(batches[-1]) == self._most:
            batches.append(Batch(self._producer.create_batch()))
        message = {"timestamp": None, "key": key, "value": value, "headers": headers}
        if batches[-1].builder.append(**message) is None:
            batches.append(Batch(self._producer.create_batch()))
            batches[-1].builder.append(**message)
        return batches[-1]

    def _partition_of(self, topic: str, key: bytes) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = sorted(self._producer.client.cluster.partitions_for_topic(topic))
        known = self._partitions[topic]
        partition: int = _PARTITION(key, known, known)
        return partition

    async def send(self) -> None:
        """Send all batches; returns when the broker has answered for each."""
        try:
            async with asyncio.TaskGroup() as group:
                for place, batches in self._of.items():
                    group.create_task(self._send(place, batches))
            if answers := self._answers():
                await asyncio.wait(answers)
        finally:
            for answer in self._answers():
                answer.cancel()  # of those that are too late; the others stay as they are

    def _answers(self) -> list[asyncio.Future[Any]]:
        return [batch.acknowledged for batches in self._of.values() for batch in batches if batch.acknowledged]

    async def _send(self, place: TopicPartition, batches: Sequence[Batch]) -> None:
        for batch in batches:
            try:
                batch.acknowledged = await self._producer.send_batch(
                    batch.builder, place.topic, partition=place.partition
                )
            except KafkaError as error:
                batch.refused = error
                return  # nothing overtakes it
            if self._most is not None:
                await asyncio.wait([batch.acknowledged])
                if batch.failure is not None:
                    return
