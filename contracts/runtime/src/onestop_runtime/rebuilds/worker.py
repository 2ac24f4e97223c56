"""Reads the topics of a projection into the tables of its rebuild, with the handlers that fill those in use.

The handlers name no schema: on connections that see the schema of the rebuild alone, the same code fills its tables,
and code that touches any other table finds none.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from onestop_messages.base import DISCARDED
from onestop_runtime import kafka, metrics
from onestop_runtime.context import Context
from onestop_runtime.database import close_pool, open_pool
from onestop_runtime.failure import what_failed
from onestop_runtime.inbox import Applier, Message, messages_of
from onestop_runtime.logs import logger
from onestop_runtime.rebuilds import repository
from onestop_runtime.rebuilds.projection import Projection, schema_of
from onestop_runtime.rebuilds.repository import Rebuild

ASK_SECONDS = 2
POLL_MS = 500
_BASELINE = """
INSERT INTO inbox (topic, key, last) SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[]) ON CONFLICT DO NOTHING
"""

log = logger(__name__)


async def rebuild_projections(context: Context) -> None:
    """Work at rebuilds that operators asked for, until the process stops; each is one process's at a time."""
    runner = uuid4()
    while not context.stopping.is_set():
        try:
            rebuild = await repository.claim(context.pool, runner)
            if rebuild is not None:
                await _attempt(context, runner, rebuild)
            await repository.drop_left_over(context.pool)
        except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("rebuild waits", error=type(error).__name__)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await context.stopping.wait()
        except TimeoutError:
            continue


async def _attempt(context: Context, runner: UUID, rebuild: Rebuild) -> None:
    """Work at a rebuild; what goes wrong is told there, and tried again."""
    try:
        await _rebuild(context, runner, rebuild)
    except Exception as error:  # noqa: BLE001 - a rebuild that fails is no reason for the service to stop
        log.warning("rebuild failed for now", rebuild=str(rebuild.id), error=what_failed(error))
        await repository.tell(context.pool, rebuild.id, what_failed(error))


async def _rebuild(context: Context, runner: UUID, rebuild: Rebuild) -> None:
    """Read until the rebuild is over, somebody else has it, or the process stops."""
    projection = next((one for one in context.service.projections if one.name == rebuild.projection), None)
    if projection is None:
        raise LookupError(rebuild.projection)
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await repository.prepare(connection, rebuild, projection)
    log.info("rebuilding", projection=projection.name, rebuild=str(rebuild.id))
    async with beside(context, rebuild, projection) as rebuilt, _reader(context, rebuild, projection) as reader:
        applier, goal = Applier(rebuilt), await reader.end_offsets(list(reader.assignment()))
        looked, ready = 0.0, rebuild.state == "ready"
        while not context.stopping.is_set():
            batch = await reader.getmany(timeout_ms=POLL_MS)
            read = await _apply(applier, context.pool, rebuilt, rebuild, batch)
            if batch:
                await reader.commit({place: records[-1].offset + 1 for place, records in batch.items()})
            if applier.holds_up and time.monotonic() - looked > ASK_SECONDS:
                looked = time.monotonic()
                await applier.look()
            ready = ready or await _reached(reader, goal)
            if not await repository.seen(context.pool, rebuild.id, runner, read, ready=ready):
                return


async def _apply(
    applier: Applier,
    pool: asyncpg.Pool,
    rebuilt: Context,
    rebuild: Rebuild,
    batch: Mapping[TopicPartition, Sequence[Any]],
) -> int:
    """Apply what was read, each partition in order; return how much it was."""
    read = [message for records in batch.values() for message in messages_of(records)]
    messages = passing_over(read, await repository.discarded(pool, {(one.topic, one.key) for one in read}))
    if rebuild.since is not None:
        await _begin_at(rebuilt, messages)
    if not await applier.take_together(messages):
        for message in messages:
            await applier.take(message)
    return len(read)


def passing_over(messages: Sequence[Message], discarded: Mapping[tuple[str, UUID], Sequence[int]]) -> list[Message]:
    """Return the messages with nothing in the place of those that operators discarded, the ones never seen included."""
    kept = []
    for message in messages:
        gone = discarded.get((message.topic, message.key), ())
        kept += [replace(message, sequence=one, type=DISCARDED) for one in gone if one < message.sequence]
        kept.append(replace(message, type=DISCARDED) if message.sequence in gone else message)
    return kept


async def _begin_at(rebuilt: Context, messages: Sequence[Message]) -> None:
    """Let an aggregate of which nothing was read begin with what comes first, whatever its number."""
    first: dict[tuple[str, UUID], int] = {}
    for message in messages:
        first.setdefault((message.topic, message.key), message.sequence)
    rows = [(*place, sequence - 1) for place, sequence in first.items() if sequence > 1]
    if rows:
        await rebuilt.pool.execute(_BASELINE, *zip(*rows, strict=True))


async def _reached(reader: AIOKafkaConsumer, goal: Mapping[TopicPartition, int]) -> bool:
    """Tell whether everything has been read that there was at the beginning."""
    return all([await reader.position(place) >= end for place, end in goal.items()])


@asynccontextmanager
async def beside(context: Context, rebuild: Rebuild, projection: Projection) -> AsyncIterator[Context]:
    """Lend the parts of the service as they are for a rebuild: its tables, the handlers of its topics."""
    subscriptions = tuple(one for one in context.service.subscriptions if one.topic in projection.topics)
    service = replace(context.service, name=f"{context.service.name}-rebuild", subscriptions=subscriptions)
    pool = await open_pool(context.settings, schema=schema_of(rebuild.id))
    try:
        yield replace(context, service=service, open_pool=pool, outbox_wake=asyncio.Event())
    finally:
        await close_pool(pool)
        for kind in ("dead", "gap"):
            metrics.INBOX_HELD_UP.labels(service.name, kind).set(0)
        metrics.INBOX_GAP_AGE.labels(service.name).set(0)


@asynccontextmanager
async def _reader(context: Context, rebuild: Rebuild, projection: Projection) -> AsyncIterator[AIOKafkaConsumer]:
    """Lend a reader of the topics; it goes on where it ended, else begins at the rebuild's time."""
    group = f"{context.service.audience}.rebuild.{rebuild.id}"
    reader = kafka.consumer(context.settings, group)
    await reader.start()
    try:
        places = [
            TopicPartition(topic, one)
            for topic in projection.topics
            for one in sorted(await reader._client._wait_on_metadata(topic))  # noqa: SLF001 - `assign` asks for none
        ]
        reader.assign(places)
        for place in places:
            await _seek(reader, place, rebuild)
        yield reader
    finally:
        await reader.stop()


async def _seek(reader: AIOKafkaConsumer, place: TopicPartition, rebuild: Rebuild) -> None:
    done = await reader.committed(place)
    if done is None and rebuild.since is not None:
        found = (await reader.offsets_for_times({place: int(rebuild.since.timestamp() * 1000)}))[place]
        ends = await reader.end_offsets([place])
        done = found.offset if found else ends[place]
    if done is None:
        await reader.seek_to_beginning(place)
    else:
        reader.seek(place, done)
