"""A projection is built anew from its topics beside the one in use, and takes its place at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from notes import service as notes
from notes.messages import message
from notes.waiting import until

from onestop_runtime.caller import Caller
from onestop_runtime.inbox import Applier, Message, Subscription
from onestop_runtime.rebuilds import worker
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.rebuilds.worker import rebuild_projections
from onestop_runtime.service import Service
from onestop_runtime.transaction import Transaction

ME = Caller(sub=uuid4(), kind="natural", client="web")
OPERATOR = Caller(sub=uuid4(), kind="staff", client="web", given_roles=frozenset({"operator"}))
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]
Wrote = Callable[..., Awaitable[UUID]]


def service(topic: str, handler: Callable[..., Awaitable[None]] = notes.on_written) -> Service:
    return replace(
        notes.service(f"reader-{topic[-8:]}"),
        subscriptions=(Subscription(topic, {notes.NoteWritten.TYPE: handler}),),
        projections=(Projection("notes", (topic,), (notes.note,)),),
    )


@pytest.fixture
async def write(service_client: Open, kafka: str, topic: str) -> Wrote:  # noqa: ARG001 - it has to be there
    writer = await service_client(notes.service("notes-writer"), kafka=kafka)

    async def one(*texts: str) -> UUID:
        """Write a note and change it; return its id once it was published."""
        first, *others = texts
        note = (await writer.as_(ME).post(NOTES, json={"text": first})).json()
        for version, text in enumerate(others, 1):
            await writer.as_(ME).put(f"{NOTES}/{note['id']}", json={"text": text}, headers={"If-Match": f'"{version}"'})

        async def sent() -> bool:
            return bool(await writer.context.pool.fetchval("SELECT count(*) = 0 FROM outbox"))

        await until(sent)
        return UUID(note["id"])

    return one


async def texts(client: Any) -> dict[UUID, str]:
    return {row["id"]: row["text"] for row in await client.context.pool.fetch("SELECT id, text FROM note")}


async def until_texts(client: Any, wanted: dict[UUID, str]) -> None:
    async def there() -> bool:
        return await texts(client) == wanted

    await until(there)


def rebuilds(client: Any) -> str:
    return f"/api/{client.context.service.name}/v1/events/rebuilds"


async def start(client: Any, **wanted: Any) -> str:
    answer = await client.as_(OPERATOR).post(rebuilds(client), json={"projection": "notes", **wanted})
    assert answer.status_code == 202, answer.text
    address: str = answer.headers["location"]
    return address


async def until_ready(client: Any, address: str) -> Any:
    found: dict[str, Any] = {}

    async def ready() -> bool:
        found.update((await client.as_(OPERATOR).get(address)).json())
        return bool(found["state"] == "ready")

    await until(ready)
    return found


async def test_what_was_damaged_is_put_right_and_what_comes_later_follows(
    service_client: Open, kafka: str, topic: str, write: Wrote
):
    first, second = await write("甲", "甲二"), await write("乙")
    reader = await service_client(service(topic), kafka=kafka)
    await until_texts(reader, {first: "甲二", second: "乙"})
    pool = reader.context.pool
    await pool.execute("DELETE FROM note WHERE id = $1", first)
    await pool.execute("UPDATE note SET text = '坏' WHERE id = $1", second)
    await pool.execute("INSERT INTO note (id, text, version) VALUES ($1, '多', 1)", uuid4())
    address = await start(reader)
    found = await until_ready(reader, address)
    assert found["differences"] == [{"table": "note", "missing": 1, "surplus": 1, "changed": 1}]
    assert found["held_up"] == 0
    third = await write("丙")
    await until_texts(reader, {**await texts(reader), third: "丙"})

    async def swapped() -> bool:
        return bool((await reader.as_(OPERATOR).post(f"{address}/swap")).status_code == 200)

    await until(swapped)
    assert await texts(reader) == {first: "甲二", second: "乙", third: "丙"}
    fourth = await write("丁", "丁二")
    await until_texts(reader, {first: "甲二", second: "乙", third: "丙", fourth: "丁二"})

    async def tidy() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'rebuild%'")

    await until(tidy)
    verbs = await pool.fetch("SELECT verb FROM audit WHERE verb LIKE 'projection.%' ORDER BY id")
    assert [row["verb"] for row in verbs] == ["projection.rebuilt", "projection.swapped"]


async def test_from_a_point_in_time_only_what_happened_since_is_done_again(
    service_client: Open, kafka: str, topic: str, write: Wrote
):
    old = await write("旧")
    touched = await write("甲")
    reader = await service_client(service(topic), kafka=kafka)
    await until_texts(reader, {old: "旧", touched: "甲"})
    await asyncio.sleep(0.01)  # Kafka tells times in milliseconds
    since = reader.context.clock()
    fresh = await write("乙", "乙二")
    await until_texts(reader, {old: "旧", touched: "甲", fresh: "乙二"})
    await reader.context.pool.execute("UPDATE note SET text = text || '坏'")
    address = await start(reader, since=since.isoformat())
    await until_ready(reader, address)
    assert (await reader.as_(OPERATOR).post(f"{address}/swap")).status_code == 200
    assert await texts(reader) == {old: "旧坏", touched: "甲坏", fresh: "乙二"}


async def test_what_operators_discarded_is_passed_over_again(
    service_client: Open, kafka: str, topic: str, write: Wrote
):
    key = await write("甲", "poison", "丙")
    reader = await service_client(service(topic), kafka=kafka)
    operator, events = reader.as_(OPERATOR), f"/api/{reader.context.service.name}/v1/events"

    async def discarded() -> bool:
        wanted = {"sequence": 2, "reason": "发送方已更正"}
        answer = await operator.post(f"{events}/held-up/in/{topic}/{key}/discard", json=wanted)
        return bool(answer.status_code == 200)

    await until(discarded)
    await until_texts(reader, {key: "丙"})
    address = await start(reader)
    assert (await until_ready(reader, address))["held_up"] == 0
    assert (await operator.post(f"{address}/swap")).status_code == 200
    assert await texts(reader) == {key: "丙"}


def test_events_that_never_arrived_and_were_given_up_are_passed_over_too():
    key = uuid4()
    first, fifth = (message("t", key, number) for number in (1, 5))
    passed = worker.passing_over([first, fifth], {("t", key): [2, 3, 4]})
    assert [(one.sequence, one.type == notes.NoteWritten.TYPE) for one in passed] == [
        (1, True), (2, False), (3, False), (4, False), (5, True)
    ]  # fmt: skip


async def test_handlers_that_touch_more_than_the_projection_are_found_out(
    service_client: Open, kafka: str, topic: str, write: Wrote
):
    async def telling(tx: Transaction, one: Message) -> None:
        await notes.on_written(tx, one)
        tx.audit("note.copied", key=one.key)

    key = await write("甲")
    reader = await service_client(service(topic, telling), kafka=kafka)
    await until_texts(reader, {key: "甲"})
    address = await start(reader)
    found = await until_ready(reader, address)
    assert found["held_up"] == 1
    answer = await reader.as_(OPERATOR).post(f"{address}/swap")
    assert answer.json()["type"] == "/problems/rebuild-held-up"
    assert (await reader.as_(OPERATOR).post(f"{address}/abandonment")).json()["state"] == "abandoned"
    answer = await reader.as_(OPERATOR).post(f"{address}/swap")
    assert answer.json()["type"] == "/problems/rebuild-ended"
    assert await texts(reader) == {key: "甲"}


async def test_a_rebuild_is_gone_on_with_after_a_crash_and_not_swapped_before_it_has_caught_up(
    service_client: Open, kafka: str, topic: str, write: Wrote, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker.repository, "_CLAIM", worker.repository._CLAIM.replace("10 seconds", "0 seconds"))
    key = await write("甲")
    reader = await service_client(service(topic), kafka_bootstrap=kafka)
    applier = Applier(reader.context)
    await applier.take(message(topic, key, 1, "甲"))
    address = await start(reader)
    answer = await reader.as_(OPERATOR).post(f"{address}/swap")
    assert answer.json()["type"] == "/problems/rebuild-not-ready"
    loop = asyncio.get_running_loop()
    killed = loop.create_task(rebuild_projections(reader.context))
    await until_ready(reader, address)
    killed.cancel()
    await asyncio.wait([killed])
    await applier.take(message(topic, key, 2, "甲二"))
    answer = await reader.as_(OPERATOR).post(f"{address}/swap")
    assert answer.json()["type"] == "/problems/rebuild-not-ready"
    await write("乙")
    another = loop.create_task(rebuild_projections(reader.context))

    async def read() -> bool:
        return bool((await reader.as_(OPERATOR).get(address)).json()["read"] == 2)

    await until(read)
    reader.context.stopping.set()
    await another


async def test_what_is_still_referred_to_is_not_taken_away(service_client: Open, kafka: str, topic: str, write: Wrote):
    key = await write("甲")
    reader = await service_client(service(topic), kafka=kafka)
    await until_texts(reader, {key: "甲"})
    pool, own = reader.context.pool, uuid4()
    await pool.execute("CREATE TABLE mark (note_id uuid REFERENCES note (id))")
    await pool.execute("INSERT INTO note (id, text, version) VALUES ($1, '自', 1)", own)
    await pool.execute("INSERT INTO mark VALUES ($1)", own)
    address = await start(reader)
    await until_ready(reader, address)
    answer = await reader.as_(OPERATOR).post(f"{address}/swap")
    assert answer.json()["type"] == "/problems/rebuild-does-not-fit"
    assert await texts(reader) == {key: "甲", own: "自"}


async def test_one_rebuild_of_a_projection_at_a_time_and_only_of_one_that_there_is(service_client: Open, topic: str):
    reader = await service_client(service(topic))
    operator, address = reader.as_(OPERATOR), rebuilds(reader)
    await start(reader)
    answer = await operator.post(address, json={"projection": "notes"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/rebuild-under-way")
    answer = await operator.post(address, json={"projection": "others"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/projection")
    assert (await reader.as_(ME).post(address, json={"projection": "notes"})).status_code == 403
    assert (await operator.get(f"{address}/{uuid4()}")).status_code == 404
    assert [one["state"] for one in (await operator.get(address)).json()["items"]] == ["reading"]
    assert timedelta(seconds=worker.ASK_SECONDS) < timedelta(seconds=worker.repository.SILENT_SECONDS)
