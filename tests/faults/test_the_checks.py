"""Tests of the tests: a relay and a consumer that lose events on purpose are caught by the checks of `make faults`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from breaking import checks
from breaking.checks import Finding, Records, Subscription
from breaking.history import History
from notes import service as notes
from notes.waiting import until

from onestop_runtime import consumer, service
from onestop_runtime.caller import Caller
from onestop_runtime.outbox import Relay

ME = Caller(sub=uuid4(), kind="natural", client="web")
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


@dataclass
class Pair:
    """A service that writes notes and one that copies them, their records, and what the client was told."""

    writer: Any
    reader: Any
    records: Records
    history: History

    async def write(self, text: str, *, key: str | None = None) -> httpx.Response:
        """Write a note as a client that keeps its history does."""
        command = self.history.begin("notes", "note.written", text)
        command.id = key or command.id
        headers = {"Idempotency-Key": command.id, "X-Request-Id": command.id}
        answer = await self.writer.as_(ME).post(NOTES, json={"text": text}, headers=headers)
        command.status = answer.status_code
        self.history.end(command, "acknowledged" if answer.is_success else "refused")
        return answer

    async def copied(self, count: int) -> None:
        """Wait until so many notes have been copied."""

        async def look() -> bool:
            return bool(await self.reader.context.pool.fetchval("SELECT count(*) >= $1 FROM note", count))

        await until(look)

    async def findings(self) -> list[Finding]:
        """What every check of a run finds that is not about cases."""
        return [
            *await checks.commands_once(self.history, self.records),
            *await checks.order_holds(self.history, self.records),
            *await checks.events_arrived(self.records),
            *await checks.nothing_is_left(self.records),
            *await checks.topics_are_whole(self.records),
        ]


@pytest.fixture
async def pair(service_client: Open, service_database: Open, kafka: str, topic: str) -> Callable[[], Awaitable[Pair]]:
    async def open_both() -> Pair:
        written = notes.service("notes-writer")
        read = notes.service(f"reader-{topic[-8:]}", subscribed=True)
        dsns = {"notes": await service_database(written), "reader": await service_database(read)}
        return Pair(
            await service_client(written, dsn=dsns["notes"], kafka=kafka),
            await service_client(read, dsn=dsns["reader"], kafka=kafka),
            Records(dsns, kafka, (Subscription(topic, "notes", "reader"),)),
            History(),
        )

    return open_both


class CursorRelay(Relay):
    """Remembers how far it has come: what is committed later under a smaller id is never looked at."""

    async def _publish_batch(self) -> int:
        pool, last = self._context.pool, getattr(self, "_last", 0)
        rows = await pool.fetch("SELECT * FROM outbox WHERE id > $1 ORDER BY id", last)
        if rows:
            acknowledged, failure = await self._send(rows)
            if failure:
                raise failure
            await pool.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", acknowledged)
            self._last = rows[-1]["id"]
        return len(rows)


@pytest.mark.parametrize(("relay", "loses"), [(Relay, False), (CursorRelay, True)])
async def test_a_relay_with_a_cursor_is_caught(
    pair: Callable[[], Awaitable[Pair]], monkeypatch: pytest.MonkeyPatch, relay: type[Relay], *, loses: bool
):
    """A slow transaction takes its place in the outbox before a fast one, and is committed after it."""
    monkeypatch.setattr(service, "Relay", relay)
    both = await pair()
    slow = uuid4()
    async with both.writer.transaction(ME) as tx:
        await notes.add(tx, slow, "慢")
        await tx.flush()
        tx._events.clear()
        tx._audits.clear()
        await both.write("快")
        await both.copied(1)
    await both.write("再一条")
    await both.copied(2 if loses else 3)
    found = await both.findings()
    lost = {finding.what for finding in found if finding.kind == "lost"}
    assert any(str(slow) in what for what in lost) is loses, found
    assert bool(found) is loses


@pytest.mark.parametrize(("commits_first", "loses"), [(False, False), (True, True)])
async def test_a_consumer_that_commits_before_its_effect_is_caught(
    pair: Callable[[], Awaitable[Pair]], monkeypatch: pytest.MonkeyPatch, *, commits_first: bool, loses: bool
):
    """It dies between the two; with ours, the effect is there and is known when the message comes again."""
    died = asyncio.Event()
    well = consumer._apply_batch

    async def dies_once(applier: Any, taking: Any, batch: Any) -> None:
        if died.is_set():
            await well(applier, taking, batch)
            return
        died.set()
        if commits_first:
            await taking.commit({partition: records[-1].offset + 1 for partition, records in batch.items()})
        else:
            monkeypatch.setattr(taking, "commit", _fail)
            await well(applier, taking, batch)
        raise OSError("the process dies")

    monkeypatch.setattr(consumer, "_apply_batch", dies_once)
    both = await pair()
    await both.write("甲")
    await asyncio.wait_for(died.wait(), 20)
    await both.write("乙")
    await both.copied(1 if loses else 2)
    found = await both.findings()
    assert [finding.kind for finding in found] == (["lost"] if loses else [])


async def _fail(*_: object) -> None:
    raise OSError("the process dies")


async def test_a_command_that_is_done_twice_or_not_at_all_is_caught(pair: Callable[[], Awaitable[Pair]]):
    both = await pair()
    await both.write("甲")
    await both.write("甲")
    await both.copied(1)
    assert await both.findings() == []
    assert both.history.count() == {"acknowledged": 1, "refused": 1}
    done, refused = both.history.commands
    async with both.writer.transaction(ME) as tx:
        await tx.connection.execute("UPDATE audit SET request_id = $1", refused.id)
    found = await checks.commands_once(both.history, both.records)
    assert [finding.kind for finding in found] == ["lost", "doubled"]
    assert done.id in found[0].what
    assert refused.id in found[1].what


async def test_steps_of_a_case_in_another_order_are_caught(pair: Callable[[], Awaitable[Pair]]):
    both = await pair()
    for text in ("甲", "乙"):
        await both.write(text)
    for command in both.history.commands:
        command.about = "one case"
    assert await checks.order_holds(both.history, both.records) == []
    both.history.commands.reverse()
    first, second = both.history.commands
    first.began, first.ended, second.began, second.ended = 1, 2, 3, 4
    found = await checks.order_holds(both.history, both.records)
    assert [finding.kind for finding in found] == ["disorder"]


async def test_an_event_that_never_reached_the_broker_leaves_a_hole(pair: Callable[[], Awaitable[Pair]], topic: str):
    both = await pair()
    key = UUID((await both.write("甲")).json()["id"])
    await both.copied(1)
    await both.reader.context.pool.execute("UPDATE inbox SET last = 3 WHERE key = $1", key)
    await both.writer.context.pool.execute("UPDATE outbox_sequence SET last = 2 WHERE key = $1", key)
    change = {"json": {"text": "改"}, "headers": {"If-Match": '"1"'}}
    assert (await both.writer.as_(ME).put(f"{NOTES}/{key}", **change)).is_success

    async def published() -> bool:
        return not await both.writer.context.pool.fetchval("SELECT count(*) FROM outbox")

    await until(published)
    found = await checks.topics_are_whole(both.records)
    assert [finding.kind for finding in found] == ["lost"]
    assert f"event 2 of {topic}" in found[0].what
