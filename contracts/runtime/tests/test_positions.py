"""Who has done something sees it wherever he reads next, or is told that it has not come there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from notes import service as notes
from notes.messages import message
from notes.waiting import until

from onestop_runtime import progress
from onestop_runtime.caller import Caller
from onestop_runtime.context import KEPT_BACK
from onestop_runtime.inbox import Applier
from onestop_runtime.positions import decode_positions, encode_positions

ME = Caller(sub=uuid4(), kind="natural", client="web")
ANYBODY = Caller(sub=uuid4(), kind="staff", given_roles=frozenset({"supervisor"}))
NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


def position(*places: tuple[str, UUID, int]) -> str:
    return encode_positions({(topic, key): sequence for topic, key, sequence in places})


def asking(token: str, prefer: str | None = None) -> dict[str, str]:
    return {"Position-Token": token} | ({"Prefer": prefer} if prefer else {})


@pytest.fixture
async def reader(service_client: Open) -> Any:
    """A service that follows the notes; nothing arrives but what a test lets arrive."""
    return await service_client(notes.service("reader", subscribed=True))


async def somebody_waits(client: Any) -> None:
    async def waits() -> bool:
        return client.context.progress._waited_for.total() > 0

    await until(waits)


async def titles(client: Any, **options: Any) -> httpx.Response:
    return await client.as_(ANYBODY).get(NOTES, **options)


async def test_what_was_written_here_is_listed_there_though_the_consumer_is_late(
    service_client: Open, kafka: str, topic: str
):
    """The consumer is held by a lock until the reader waits; over the real broker."""
    writer = await service_client(notes.service("writer"), kafka=kafka)
    there = await service_client(notes.service(f"reader-{topic[-8:]}", subscribed=True), kafka=kafka)
    lock = await asyncpg.connect(there.context.settings.dsn)
    async with lock.transaction():
        await lock.execute("LOCK TABLE note IN SHARE MODE")
        written = await writer.as_(ME).post(NOTES, json={"text": "甲"})
        token = written.headers["position-token"]
        assert (await titles(there)).json()["items"] == []
        stale = await titles(there, headers=asking(token, "wait=0, stale"))
        assert (stale.json()["items"], stale.headers["position-state"]) == ([], "stale")
        assert stale.headers["preference-applied"] == "stale"
        listed = asyncio.ensure_future(titles(there, headers=asking(token, "wait=10")))  # noqa: TID251 - awaited below
        await somebody_waits(there)
    await lock.close()
    answer = await listed
    assert [one["text"] for one in answer.json()["items"]] == ["甲"]
    assert answer.headers["position-state"] == "reached"
    again = await titles(there, headers=asking(token, "wait=0"))
    assert again.headers["position-state"] == "reached"


async def test_every_command_says_where_its_events_have_gone(service_client: Open):
    client = await service_client(notes.service("writer"))
    me, key = client.as_(ME), str(uuid4())
    written = await me.post(NOTES, json={"text": "甲"}, headers={"Idempotency-Key": key})
    place = (notes.NOTE_TOPIC, UUID(written.json()["id"]))
    assert decode_positions(written.headers["position-token"]) == {place: 1}
    address = f"{NOTES}/{place[1]}"
    changed = await me.put(address, json={"text": "乙"}, headers={"If-Match": '"1"'})
    assert decode_positions(changed.headers["position-token"]) == {place: 2}
    shared = await asyncio.gather(*(me.post(f"{address}/text", json={"text": text}) for text in "丙丁"))
    told = [decode_positions(answer.headers["position-token"])[place] for answer in shared]
    assert sorted(told) == [3, 4]
    repeated = await me.post(NOTES, json={"text": "甲"}, headers={"Idempotency-Key": key})
    assert repeated.headers["idempotency-replayed"] == "true"
    assert decode_positions(repeated.headers["position-token"])[place] == 4  # not less than what it stands for
    refused = await me.post(NOTES, json={"text": shared[1].json()["text"]})
    assert refused.status_code == 409
    assert "position-token" not in refused.headers
    assert "position-token" not in (await me.get(address)).headers


async def test_what_another_process_of_the_service_has_applied_is_found(reader: Any, service_client: Open):
    other = await service_client(notes.service("reader", subscribed=True), dsn=reader.context.settings.dsn)
    key = uuid4()
    waiting = asyncio.ensure_future(  # noqa: TID251 - awaited below
        titles(reader, headers=asking(position((notes.NOTE_TOPIC, key, 1)), "wait=10"))
    )
    await somebody_waits(reader)
    await Applier(other.context).take(message(notes.NOTE_TOPIC, key, 1))
    assert len((await waiting).json()["items"]) == 1


async def test_who_waits_is_woken_by_the_commit_and_not_by_a_look(reader: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "LOOK_SECONDS", 3600)
    key, other = uuid4(), uuid4()
    token = position((notes.NOTE_TOPIC, key, 2), (notes.NOTE_TOPIC, other, 1))
    waiting = asyncio.ensure_future(titles(reader, headers=asking(token, "wait=10")))  # noqa: TID251 - awaited below
    await somebody_waits(reader)
    applier = Applier(reader.context)
    await applier.take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    await applier.take(message(notes.NOTE_TOPIC, other, 1, "丙"))
    assert not waiting.done()
    assert await applier.take_together([message(notes.NOTE_TOPIC, key, 2, "乙")])
    assert {one["text"] for one in (await waiting).json()["items"]} == {"乙", "丙"}


async def test_who_waits_holds_no_connection(service_client: Open):
    client = await service_client(notes.service("reader", subscribed=True), pool_size=1)
    waiting = [
        asyncio.ensure_future(  # noqa: TID251 - awaited below
            titles(client, headers=asking(position((notes.NOTE_TOPIC, uuid4(), 1)), "wait=1"))
        )
        for _ in range(8)
    ]
    await somebody_waits(client)
    assert (await titles(client)).status_code == 200
    assert {answer.json()["type"] for answer in await asyncio.gather(*waiting)} == {"/problems/position-not-reached"}
    assert not client.context.progress._waiters
    assert not client.context.progress._waited_for


async def test_what_does_not_come_in_time_is_said(reader: Any):
    token = position((notes.NOTE_TOPIC, uuid4(), 1))
    late = await titles(reader, headers=asking(token, "wait=0"))
    assert (late.status_code, late.json()["type"], late.headers["retry-after"]) == (
        503, "/problems/position-not-reached", "1",
    )  # fmt: skip
    assert late.json()["errors"][0]["pointer"] == "#Position-Token"


async def test_a_stale_answer_says_so_also_when_it_is_a_refusal(reader: Any):
    key = uuid4()
    token = position((notes.NOTE_TOPIC, key, 1))
    answer = await reader.as_(ANYBODY).get(f"{NOTES}/{key}", headers=asking(token, "wait=0, stale"))
    assert (answer.status_code, answer.headers["position-state"]) == (404, "stale")


async def test_a_command_waits_as_well(reader: Any):
    """So that it does not decide on a copy that lags behind."""
    token = position((notes.NOTE_TOPIC, uuid4(), 1))
    late = await reader.as_(ME).post(NOTES, json={"text": "甲"}, headers=asking(token, "wait=0"))
    assert late.json()["type"] == "/problems/position-not-reached"
    assert (await titles(reader)).json()["items"] == []


@pytest.mark.parametrize("arrived", [[(1, "poison"), (2, "乙")], [(1, "甲"), (3, "丙")]], ids=["dead letter", "gap"])
async def test_who_would_wait_in_vain_is_told_at_once(reader: Any, arrived: list[tuple[int, str]]):
    key = uuid4()
    applier = Applier(reader.context)
    for sequence, text in arrived:
        await applier.take(message(notes.NOTE_TOPIC, key, sequence, text))
    token = position((notes.NOTE_TOPIC, key, 2))
    async with asyncio.timeout(5):  # and not in the ten seconds it would have waited
        held = await titles(reader, headers=asking(token, "wait=10"))
    assert (held.status_code, held.json()["type"], held.headers["retry-after"]) == (
        503, "/problems/position-held-up", "60",
    )  # fmt: skip
    assert (await titles(reader, headers=asking(token, "stale"))).headers["position-state"] == "stale"


async def test_who_waits_already_is_told_when_it_has_become_in_vain(reader: Any):
    key = uuid4()
    waiting = asyncio.ensure_future(  # noqa: TID251 - awaited below
        titles(reader, headers=asking(position((notes.NOTE_TOPIC, key, 1)), "wait=10"))
    )
    await somebody_waits(reader)
    await Applier(reader.context).take(message(notes.NOTE_TOPIC, key, 1, "poison"))
    assert (await waiting).json()["type"] == "/problems/position-held-up"


async def test_a_key_that_is_held_up_later_keeps_nobody_from_what_is_there(reader: Any):
    key = uuid4()
    applier = Applier(reader.context)
    for sequence, text in [(1, "甲"), (3, "丙")]:
        await applier.take(message(notes.NOTE_TOPIC, key, sequence, text))
    answer = await titles(reader, headers=asking(position((notes.NOTE_TOPIC, key, 1))))
    assert answer.headers["position-state"] == "reached"


async def test_a_service_that_does_not_follow_a_topic_says_so_and_does_not_wait(reader: Any):
    answer = await titles(reader, headers=asking(position(("onestop.test.other", uuid4(), 1)), "wait=10"))
    assert (answer.status_code, answer.headers["position-state"]) == (200, "unrelated")
    assert "position-state" not in (await titles(reader)).headers


async def test_ones_own_events_are_reached_at_once_and_no_others(service_client: Open):
    client = await service_client(notes.service("test"))
    written = await client.as_(ME).post(NOTES, json={"text": "甲"})
    token = written.headers["position-token"]
    assert (await titles(client, headers=asking(token, "wait=0"))).headers["position-state"] == "reached"
    ahead = position((notes.NOTE_TOPIC, UUID(written.json()["id"]), 2))
    assert (await titles(client, headers=asking(ahead, "wait=0"))).status_code == 503


async def test_a_token_opens_nothing_that_is_not_ones_own(reader: Any):
    """It tells no more than that an aggregate, whose id one has to know, has come so far."""
    key = uuid4()
    await Applier(reader.context).take(message(notes.NOTE_TOPIC, key, 1, "甲"))
    token = position((notes.NOTE_TOPIC, key, 1))
    stranger = reader.as_(Caller(sub=uuid4(), kind="natural", client="web"))
    listed = await stranger.get(NOTES, headers=asking(token))
    assert (listed.json()["items"], listed.headers["position-state"]) == ([], "reached")
    assert (await stranger.get(f"{NOTES}/{key}", headers=asking(token))).status_code == 404


async def test_nobody_waits_whom_nobody_knows(reader: Any):
    headers = asking(position((notes.NOTE_TOPIC, uuid4(), 1)), "wait=10") | {"Onestop-Assertion": "forged"}
    async with asyncio.timeout(5):
        assert (await reader.get(NOTES, headers=headers)).status_code == 401


GOOD = encode_positions({(notes.NOTE_TOPIC, UUID(int=1)): 1})
MANY = encode_positions({(notes.NOTE_TOPIC, UUID(int=number)): 1 for number in range(33)})


@pytest.mark.parametrize(
    "token",
    ["", "1", "not base64!", GOOD[:-1], GOOD[1:], GOOD[:30] + ("A" if GOOD[30] != "A" else "B") + GOOD[31:], MANY,
     f"{GOOD}, x", encode_positions({}), "公", "A" * 7000],
    ids=["empty", "letter", "no base64", "cut", "beheaded", "one letter", "too many", "one of two", "no place",
         "Chinese", "long"],
)  # fmt: skip
async def test_what_is_no_token_is_refused(reader: Any, token: str):
    answer = await titles(reader, headers=[("Position-Token", token.encode())])
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-position")


def test_several_tokens_stand_for_the_last_event_of_each_aggregate():
    first, second = UUID(int=1), UUID(int=2)
    one = position((notes.NOTE_TOPIC, first, 3), (notes.NOTE_TOPIC, second, 1))
    other = position((notes.NOTE_TOPIC, first, 2), ("onestop.test.other", second, 9))
    assert decode_positions(f"{one},{other}") == {
        (notes.NOTE_TOPIC, first): 3, (notes.NOTE_TOPIC, second): 1, ("onestop.test.other", second): 9,
    }  # fmt: skip


async def test_no_more_wait_than_there_is_room_for(reader: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "MOST_WAITED_FOR", 2)
    key = uuid4()
    token = position((notes.NOTE_TOPIC, key, 1), (notes.NOTE_TOPIC, uuid4(), 1))
    waiting = asyncio.ensure_future(titles(reader, headers=asking(token, "wait=10")))  # noqa: TID251 - awaited below
    await somebody_waits(reader)
    third = asking(position((notes.NOTE_TOPIC, uuid4(), 1)), "wait=10")
    async with asyncio.timeout(5):  # it is not let wait
        assert (await titles(reader, headers=third)).json()["type"] == "/problems/position-not-reached"
    await Applier(reader.context).take(message(notes.NOTE_TOPIC, key, 1, "poison"))
    assert (await waiting).status_code == 503


async def test_who_makes_tokens_up_keeps_nobody_else_from_waiting(reader: Any):
    made_up = [position(*((notes.NOTE_TOPIC, uuid4(), 1) for _ in range(32))) for _ in range(2)]
    stranger = reader.as_(Caller(sub=uuid4(), kind="natural", client="web"))
    first = asyncio.ensure_future(stranger.get(NOTES, headers=asking(made_up[0], "wait=10")))  # noqa: TID251 - cancelled
    await somebody_waits(reader)
    async with asyncio.timeout(5):  # it is not let wait
        second = await stranger.get(NOTES, headers=asking(made_up[1], "wait=10"))
    assert second.json()["type"] == "/problems/position-not-reached"
    key = uuid4()
    waiting = asyncio.ensure_future(  # noqa: TID251 - awaited below
        titles(reader, headers=asking(position((notes.NOTE_TOPIC, key, 1)), "wait=10"))
    )
    await until(lambda: waits_for(reader, (notes.NOTE_TOPIC, key)))
    await Applier(reader.context).take(message(notes.NOTE_TOPIC, key, 1))
    assert (await waiting).headers["position-state"] == "reached"
    first.cancel()


async def waits_for(client: Any, place: tuple[str, UUID]) -> bool:
    return place in client.context.progress._waiters


async def test_looking_takes_its_turn_and_waiting_does_not(service_client: Open):
    client = await service_client(notes.service("reader", subscribed=True), pool_size=KEPT_BACK + 1)
    key = uuid4()
    headers = asking(position((notes.NOTE_TOPIC, key, 1)), "wait=10")
    async with client.context.turns.turn():
        waiting = asyncio.ensure_future(titles(client, headers=headers))  # noqa: TID251 - awaited below
        await until(lambda: queues(client))
        assert not client.context.progress._waited_for
    await somebody_waits(client)
    async with client.context.turns.turn():
        await Applier(client.context).take(message(notes.NOTE_TOPIC, key, 1))
    assert (await waiting).headers["position-state"] == "reached"


async def queues(client: Any) -> bool:
    return client.context.turns._waiting == 1
