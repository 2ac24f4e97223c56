"""The consumer: its partitions come and go without double work, and a process that is stuck ends."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from notes import service as notes
from notes.waiting import until

from onestop_local.testing.client import open_service_client
from onestop_runtime import consumer, metrics
from onestop_runtime.caller import Caller
from onestop_runtime.inbox import Message, Subscription
from onestop_runtime.transaction import Transaction

ME = Caller(sub=uuid4(), kind="natural", client="web")
OPERATOR = Caller(sub=uuid4(), kind="staff", client="web", given_roles=frozenset({"operator"}))
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


async def test_a_consumer_that_joins_and_leaves_stops_nothing_and_doubles_nothing(
    service_client: Open, service_database: Open, kafka: str, topic: str, tmp_path: Path
):
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)
    service = notes.service(f"reader-{topic[-8:]}", subscribed=True)
    dsn = await service_database(service)
    first = await service_client(service, dsn=dsn, kafka=kafka)
    pool, written, stop = first.context.pool, 0, asyncio.Event()

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await writer.as_(ME).post(NOTES, json={"text": str(uuid4())})
            written += 1

    async def applied(more: int) -> None:
        goal = written + more
        await until(lambda: _at_least(pool, goal))

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        await applied(10)
        async with open_service_client(service, dsn=dsn, folder=tmp_path, kafka=kafka):
            await applied(30)
        await applied(30)
        stop.set()
    await until(lambda: _at_least(pool, written))
    assert await pool.fetchval("SELECT count(*) FROM note WHERE version = 1") == written
    assert metrics.INBOX_DUPLICATES.labels(service.name, topic)._value.get() == 0


async def _at_least(pool: Any, count: int) -> bool:
    return bool(await pool.fetchval("SELECT count(*) >= $1 FROM note", count))


async def test_a_batch_that_is_stuck_ends_the_process(
    service_client: Open, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
):
    ended, go_on, code = asyncio.Event(), asyncio.Event(), []

    def end(status: int) -> None:
        code.append(status)
        ended.set()

    async def hang(_tx: Transaction, _message: Message) -> None:
        await go_on.wait()

    monkeypatch.setattr(consumer, "WATCHDOG_SECONDS", 0.5)
    monkeypatch.setattr(consumer, "WATCH_SECONDS", 0.1)
    monkeypatch.setattr(os, "_exit", end)
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)
    stuck = replace(
        notes.service(f"reader-{topic[-8:]}"), subscriptions=(Subscription(topic, {notes.NoteWritten.TYPE: hang}),)
    )
    await service_client(stuck, kafka=kafka)
    await asyncio.sleep(0)
    assert not code
    await writer.as_(ME).post(NOTES, json={"text": "甲"})
    async with asyncio.timeout(20):
        await ended.wait()
    assert code[0] == 70
    go_on.set()


async def test_a_consumer_that_has_nothing_to_do_is_not_taken_for_stuck(
    service_client: Open, kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
):
    code: list[int] = []
    monkeypatch.setattr(consumer, "WATCHDOG_SECONDS", 0.1)
    monkeypatch.setattr(consumer, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(os, "_exit", code.append)
    asked = asyncio.Event()
    behind = consumer._behind

    async def watched(one: Any) -> int:
        found = await behind(one)
        asked.set()
        return found

    monkeypatch.setattr(consumer, "_behind", watched)
    await service_client(notes.service(f"reader-{topic[-8:]}", subscribed=True), kafka=kafka)
    async with asyncio.timeout(20):
        await asked.wait()
    assert code == []


async def test_the_lag_of_the_group_is_what_the_broker_says(
    service_client: Open, service_database: Open, kafka: str, topic: str, tmp_path: Path
):
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)
    service = notes.service(f"reader-{topic[-8:]}", subscribed=True)
    dsn = await service_database(service)
    flow = f"/api/{service.name}/v1/events/flow"
    for _ in range(3):
        await writer.as_(ME).post(NOTES, json={"text": str(uuid4())})

    async def sent() -> bool:
        return bool(await writer.context.pool.fetchval("SELECT count(*) = 0 FROM outbox"))

    await until(sent)
    idle = await service_client(service, dsn=dsn, kafka_bootstrap=kafka)
    (lag,) = (await idle.as_(OPERATOR).get(flow)).json()["lag"]
    assert (lag["topic"], lag["messages"]) == (topic, 3)
    async with open_service_client(service, dsn=dsn, folder=tmp_path, kafka=kafka) as running:

        async def done() -> bool:
            (left,) = (await running.as_(OPERATOR).get(flow)).json()["lag"]
            return bool(left["messages"] == 0)

        await until(done)
    away = await service_client(service, dsn=dsn, kafka_bootstrap="127.0.0.1:1")
    (lag,) = (await away.as_(OPERATOR).get(flow)).json()["lag"]
    assert lag["messages"] is None
