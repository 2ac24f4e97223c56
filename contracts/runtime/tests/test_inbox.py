"""Every event of an aggregate is applied once and in order; what cannot be is parked or set aside."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from notes import service as notes
from notes.messages import message
from notes.waiting import until_logged
from pydantic import ValidationError

from onestop_messages.base import TOMBSTONE
from onestop_runtime import inbox, metrics
from onestop_runtime.failure import place_of, what_failed
from onestop_runtime.inbox import Applier, Message, Subscription, messages_of
from onestop_runtime.problems import Busy
from onestop_runtime.transaction import Transaction

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def applier(service_client: Open) -> Applier:
    client = await service_client(notes.service("reader", subscribed=True))
    return Applier(client.context)


async def state_of(applier: Applier, key: UUID) -> tuple[Any, ...]:
    pool = applier._context.pool
    return (
        await pool.fetchval("SELECT text FROM note WHERE id = $1", key),
        await pool.fetchval("SELECT last FROM inbox WHERE key = $1", key),
        await pool.fetchval("SELECT count(*) FROM parked WHERE key = $1", key),
    )


async def test_a_duplicate_changes_nothing(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(applier, key) == ("乙", 2, 0)


async def test_a_message_behind_a_gap_waits_until_the_gap_is_closed(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, key, 3, "丙"))
    assert await state_of(applier, key) == ("甲", 1, 1)
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    assert await state_of(applier, key) == ("丙", 3, 0)


async def test_a_first_message_that_is_not_the_first_waits(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 2, "乙"))
    assert await state_of(applier, key) == (None, None, 1)
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(applier, key) == ("乙", 2, 0)


async def test_a_message_that_fails_for_good_sets_aside_its_aggregate_and_no_other(applier: Applier):
    sick, healthy = uuid4(), uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison"))
    await applier.take(message(notes.NOTE_TOPIC, sick, 2, "乙"))
    await applier.take(message(notes.NOTE_TOPIC, healthy, 1, "丁"))
    assert await state_of(applier, sick) == (None, None, 2)
    assert await state_of(applier, healthy) == ("丁", 1, 0)
    pool = applier._context.pool
    letter = await pool.fetchrow("SELECT * FROM dead_letter WHERE key = $1", sick)
    assert (letter["sequence"], letter["error"]) == (1, "ValueError")


async def test_a_new_consumer_knows_what_was_set_aside_before(applier: Applier):
    sick = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison"))
    successor = Applier(applier._context)
    await successor.look()
    await successor.take(message(notes.NOTE_TOPIC, sick, 2, "乙"))
    assert await state_of(successor, sick) == (None, None, 2)


async def test_what_arrives_together_is_applied_in_one_transaction(applier: Applier):
    first, second = uuid4(), uuid4()
    arrived = [
        message(notes.NOTE_TOPIC, first, 1, "甲"),
        message(notes.NOTE_TOPIC, second, 1, "丙"),
        message(notes.NOTE_TOPIC, first, 2, "乙"),
    ]
    assert await applier.take_together(arrived)
    assert await state_of(applier, first) == ("乙", 2, 0)
    assert await state_of(applier, second) == ("丙", 1, 0)
    transactions = (
        "SELECT count(DISTINCT t) FROM (SELECT xmin::text t FROM note UNION ALL SELECT xmin::text FROM inbox) x"
    )
    assert await applier._context.pool.fetchval(transactions) == 1


async def test_duplicates_among_what_arrives_change_nothing(applier: Applier):
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await applier.take_together(
        [message(notes.NOTE_TOPIC, key, 1, "甲"), *[message(notes.NOTE_TOPIC, key, 2, "乙")] * 2]
    )
    assert await state_of(applier, key) == ("乙", 2, 0)
    assert await applier.take_together([message(notes.NOTE_TOPIC, key, 1, "甲")])
    assert await state_of(applier, key) == ("乙", 2, 0)


@pytest.mark.parametrize("odd", [(2, "乙"), (1, "poison")], ids=["gap", "poison"])
async def test_something_out_of_the_ordinary_leaves_all_to_be_taken_one_by_one(applier: Applier, odd: tuple[int, str]):
    sick, healthy = uuid4(), uuid4()
    arrived = [message(notes.NOTE_TOPIC, healthy, 1, "丁"), message(notes.NOTE_TOPIC, sick, *odd)]
    assert not await applier.take_together(arrived)
    assert await state_of(applier, healthy) == (None, None, 0)
    for one in arrived:
        await applier.take(one)
    assert await state_of(applier, healthy) == ("丁", 1, 0)
    assert await state_of(applier, sick) == (None, None, 1)
    assert not await applier.take_together([message(notes.NOTE_TOPIC, sick, 3, "丙")])


async def test_two_consumers_that_take_the_same_first_event_at_once_apply_it_once(service_client: Open):
    """As in a rebalance: the former owner of the partition is still at it when the next one has begun."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Transaction, message: Message) -> None:
        if not arrived.is_set():
            arrived.set()
            await go_on.wait()
        await notes.on_written(tx, message)

    service = notes.service("reader", subscribed=True)
    slow = replace(service, subscriptions=(Subscription(notes.NOTE_TOPIC, {notes.NoteWritten.TYPE: slowly}),))
    context = (await service_client(slow)).context
    former, present = Applier(context), Applier(context)
    key = uuid4()
    async with asyncio.TaskGroup() as group:
        late = group.create_task(former.take_together([message(notes.NOTE_TOPIC, key, 1, "甲")]))
        await arrived.wait()
        assert await present.take_together([message(notes.NOTE_TOPIC, key, number, "甲") for number in (1, 2)])
        go_on.set()
    assert not late.result()
    await former.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(present, key) == ("甲", 2, 0)
    assert await context.pool.fetchval("SELECT version FROM note WHERE id = $1", key) == 2


async def test_a_parked_message_that_fails_for_good_sets_aside_its_aggregate_too(applier: Applier):
    sick = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 2, "poison"))
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, sick, 3, "丙"))
    assert await state_of(applier, sick) == ("甲", 1, 2)
    letter = await applier._context.pool.fetchrow("SELECT * FROM dead_letter WHERE key = $1", sick)
    assert (letter["sequence"], letter["error"]) == (2, "ValueError")


async def test_what_was_parked_follows_once_its_dead_letter_is_removed(applier: Applier):
    sick = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison"))
    await applier.take(message(notes.NOTE_TOPIC, sick, 2, "乙"))
    pool = applier._context.pool
    await pool.execute("DELETE FROM dead_letter")
    await pool.execute("UPDATE parked SET payload = $1 WHERE sequence = 1", message("", sick, 1, "甲").payload)
    successor = Applier(applier._context)
    await successor.look()
    assert await state_of(successor, sick) == ("乙", 2, 0)
    assert await successor.take_together([message(notes.NOTE_TOPIC, sick, 3, "丙")])


async def test_a_message_that_waited_for_the_database_is_taken_when_it_is_back(
    applier: Applier, caplog: pytest.LogCaptureFixture
):
    """Others lock what is needed for longer than a statement waits."""
    sick, key = uuid4(), uuid4()
    pool = applier._context.pool
    async with asyncio.TaskGroup() as group, pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE dead_letter, parked")
        group.create_task(applier.take(message(notes.NOTE_TOPIC, sick, 1, "poison")))
        group.create_task(applier.take(message(notes.NOTE_TOPIC, key, 2, "乙")))
        await until_logged(caplog, "message waits", 2)
    assert await state_of(applier, sick) == (None, None, 1)
    assert await state_of(applier, key) == (None, None, 1)


async def test_a_gap_that_stays_is_told_once(
    applier: Applier, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbox, "GAP_SECONDS", 0)
    key = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, key, 3, "丙"))
    for _ in range(2):
        await applier.look()
    assert caplog.messages.count("gap stays; an event did not arrive") == 1
    assert metrics.INBOX_HELD_UP.labels("reader", "gap")._value.get() == 1
    assert metrics.INBOX_GAP_AGE.labels("reader")._value.get() > 0
    for number, text in ((1, "甲"), (2, "乙")):
        await applier.take(message(notes.NOTE_TOPIC, key, number, text))
    await applier.look()
    assert await state_of(applier, key) == ("丙", 3, 0)
    assert metrics.INBOX_GAP_AGE.labels("reader")._value.get() == 0


async def test_an_error_that_should_pass_and_does_not_is_not_waited_out_for_ever(
    service_client: Open, monkeypatch: pytest.MonkeyPatch
):
    """The database answers, and still this one message finds what it needs taken."""
    monkeypatch.setattr(inbox, "CONTENDED_SECONDS", 0)
    tries = []

    async def busy(_tx: Transaction, message: Message) -> None:
        tries.append(message.key)
        raise Busy

    service = replace(
        notes.service("reader"), subscriptions=(Subscription(notes.NOTE_TOPIC, {notes.NoteWritten.TYPE: busy}),)
    )
    applier = Applier((await service_client(service)).context)
    sick = uuid4()
    await applier.take(message(notes.NOTE_TOPIC, sick, 1))
    letter = await applier._context.pool.fetchrow("SELECT error, attempts FROM dead_letter WHERE key = $1", sick)
    assert (letter["error"], letter["attempts"], len(tries)) == ("Busy", 1, 1)


async def test_while_the_database_is_away_a_message_waits(applier: Applier, monkeypatch: pytest.MonkeyPatch):
    """However long: nothing is set aside for what is not the message's fault."""
    monkeypatch.setattr(inbox, "CONTENDED_SECONDS", 0)
    key = uuid4()
    context = applier._context
    pool, context.open_pool = context.open_pool, None
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(applier.take(message(notes.NOTE_TOPIC, key, 1, "甲")))
        await asyncio.wait([waiting], timeout=0.5)
        assert not waiting.done()
        context.open_pool = pool
    assert await state_of(applier, key) == ("甲", 1, 0)


def test_what_is_told_of_an_error_is_where_and_never_what():
    with pytest.raises(ValidationError) as raised:
        notes.NoteWritten.model_validate({"note_id": "130371199306301511", "text": "张三", "written_at": "2026-03-02"})
    told = what_failed(raised.value)
    assert told == "ValidationError: /note_id uuid_parsing"
    package = __name__.partition(".")[0]
    assert place_of(raised.value, package).startswith(f"{__name__}:")


@pytest.mark.parametrize(
    "odd",
    [
        {"ce_sequence": b"0"},
        {"ce_sequence": b"9223372036854775808"},
        {"ce_time": b"2026-03-09T02:00:00"},
        {"ce_type": "公".encode("gbk")},
        {"ce_type": b"a\0b"},
        {"ce_id": None},
    ],
    ids=["sequence 0", "sequence too large", "time without zone", "no UTF-8", "U+0000", "no value"],
)
def test_a_record_that_is_no_event_of_ours_is_passed_over(odd: dict[str, bytes | None]):
    good = message(notes.NOTE_TOPIC, uuid4(), 1)
    headers = {name: value.encode() for name, value in good.headers.items()}
    records = [record_of(good, headers | odd), record_of(good, headers)]
    assert [one.key for one in messages_of(records)] == [good.key]


def record_of(told: Message, headers: dict[str, bytes | None]) -> Any:
    return SimpleNamespace(
        topic=told.topic, partition=0, offset=7, key=told.key.bytes, value=told.payload, headers=list(headers.items())
    )


@pytest.fixture
async def of_compacted_topic(service_client: Open) -> Applier:
    """Return what applies a topic of which the broker keeps the last event of each aggregate, and tombstones."""
    handlers = {notes.NoteWritten.TYPE: notes.on_written, TOMBSTONE: forget_note}
    service = replace(
        notes.service("reader"), subscriptions=(Subscription(notes.NOTE_TOPIC, handlers, compacted=True),)
    )
    return Applier((await service_client(service)).context)


async def forget_note(tx: Transaction, tombstone: Message) -> None:
    assert tombstone.data is None
    await tx.connection.execute("DELETE FROM note WHERE id = $1", tombstone.key)


async def test_what_a_compacted_topic_has_dropped_is_no_gap(of_compacted_topic: Applier):
    alone, together, other = uuid4(), uuid4(), uuid4()
    await of_compacted_topic.take(message(notes.NOTE_TOPIC, alone, 7, "甲"))
    first = [message(notes.NOTE_TOPIC, together, 3, "乙"), message(notes.NOTE_TOPIC, other, 1, "丙")]
    assert await of_compacted_topic.take_together(first)
    assert await of_compacted_topic.take_together([message(notes.NOTE_TOPIC, together, 9, "丁")])
    assert await of_compacted_topic.take_together([message(notes.NOTE_TOPIC, together, 4, "旧")])
    await of_compacted_topic.take(message(notes.NOTE_TOPIC, alone, 6, "旧"))
    assert await state_of(of_compacted_topic, alone) == ("甲", 7, 0)
    assert await state_of(of_compacted_topic, together) == ("丁", 9, 0)


async def test_a_tombstone_takes_the_copy_away(of_compacted_topic: Applier):
    key = uuid4()
    await of_compacted_topic.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    written = message(notes.NOTE_TOPIC, key, 2)
    headers = [(name, value.encode()) for name, value in (dict(written.headers) | {"ce_type": TOMBSTONE}).items()]
    record = SimpleNamespace(topic=notes.NOTE_TOPIC, key=key.bytes, headers=headers, value=None, partition=0, offset=1)
    (tombstone,) = messages_of([record])
    await of_compacted_topic.take(tombstone)
    assert await state_of(of_compacted_topic, key) == (None, 2, 0)
    await of_compacted_topic.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    assert await state_of(of_compacted_topic, key) == (None, 2, 0)
