"""Operators see what is held up, have it tried again, and discard what nothing else helps."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from notes import service as notes
from notes.messages import message

from onestop_runtime.caller import ANONYMOUS, Caller
from onestop_runtime.events.masking import masked
from onestop_runtime.inbox import Applier, Message, Subscription
from onestop_runtime.service import Service
from onestop_runtime.transaction import Transaction

EVENTS = "/api/reader/v1/events"
OPERATOR = Caller(sub=uuid4(), kind="staff", client="web", given_roles=frozenset({"operator"}))
SUPERVISOR = Caller(sub=uuid4(), kind="staff", client="web", given_roles=frozenset({"supervisor"}))
CITIZEN = Caller(sub=uuid4(), kind="natural", client="web")
Open = Callable[..., Awaitable[Any]]


@dataclass
class Code:
    """The consumer's code, which is broken until somebody mends it."""

    mended: bool = False

    async def on_written(self, tx: Transaction, message: Message) -> None:
        if not self.mended and message.data["text"].startswith("poison"):
            raise ValueError("poison")
        await tx.connection.execute(
            "INSERT INTO note (id, text, version) VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE "
            "SET text = note.text || excluded.text, version = note.version + 1",
            message.key, message.data["text"],
        )  # fmt: skip

    def service(self) -> Service:
        subscription = Subscription(notes.NOTE_TOPIC, {notes.NoteWritten.TYPE: self.on_written})
        return replace(notes.service("reader"), subscriptions=(subscription,))


@pytest.fixture
def code() -> Code:
    return Code()


@pytest.fixture
async def client(service_client: Open, code: Code) -> Any:
    opened = await service_client(code.service())
    return opened.as_(OPERATOR)


@pytest.fixture
def applier(client: Any) -> Applier:
    return Applier(client.context)


async def take(applier: Applier, key: UUID, *texts: str, first: int = 1) -> None:
    for number, text in enumerate(texts, first):
        await applier.take(message(notes.NOTE_TOPIC, key, number, text))


def at(key: UUID, side: str = "in") -> str:
    return f"{EVENTS}/held-up/{side}/{notes.NOTE_TOPIC}/{key}"


async def text_of(client: Any, key: UUID) -> str | None:
    text: str | None = await client.context.pool.fetchval("SELECT text FROM note WHERE id = $1", key)
    return text


async def audited(client: Any, verb: str) -> list[Any]:
    rows: list[Any] = await client.context.pool.fetch("SELECT key, actor, detail FROM audit WHERE verb = $1", verb)
    return [(row["key"], row["actor"], row["detail"]) for row in rows]


@pytest.mark.parametrize(("caller", "status"), [(ANONYMOUS, 401), (CITIZEN, 403)])
async def test_only_operators_see_and_touch_events(client: Any, caller: Caller, status: int):
    other = client.as_(caller)
    for path in (f"{EVENTS}/flow", f"{EVENTS}/held-up", f"{EVENTS}/discarded", at(uuid4())):
        assert (await other.get(path)).status_code == status
    assert (await other.post(f"{EVENTS}/replays", json={})).status_code == status
    assert (await other.post(f"{at(uuid4())}/replay")).status_code == status
    discard = {"sequence": 1, "reason": "不再需要"}
    assert (await other.post(f"{at(uuid4())}/discard", json=discard)).status_code == status


async def test_a_supervisor_sees_and_touches_nothing(client: Any, applier: Applier):
    key = uuid4()
    await take(applier, key, "poison")
    supervisor = client.as_(SUPERVISOR)
    assert (await supervisor.get(at(key))).status_code == 200
    assert (await supervisor.post(f"{at(key)}/replay")).status_code == 403


async def test_what_failed_is_shown_without_what_tells_of_whom_it_speaks(client: Any, applier: Applier):
    key = uuid4()
    await take(applier, key, "poison", "乙")
    shown = (await client.get(at(key))).json()
    assert (shown["state"], shown["sequence"], shown["attempts"], shown["waiting"]) == ("dead", 1, 3, 2)
    assert shown["error"] == "ValueError"
    assert shown["place"].startswith("test_event_tools:") or ":" in shown["place"]
    assert shown["data"]["note_id"] == str(key)
    await take(applier, waits := uuid4(), "张三丰", first=2)
    gap = (await client.get(at(waits))).json()
    assert (gap["state"], gap["sequence"], gap["type"], gap["data"]) == ("gap", 1, None, None)


def test_a_payload_is_masked_but_for_ids_codes_days_and_numbers():
    key = str(uuid4())
    seen = masked({
        "id": key, "name": "张三丰", "number": "130371199306301511", "phone": "13800138000",
        "at": "2026-03-02T01:30:00Z",
        "kind": "natural", "days": 20, "list": ["王五", {"email": "wang@example.cn"}], "none": None,
        "code": "JY1130371",
    })  # fmt: skip
    assert seen == {
        "id": key, "name": "张**", "number": "1************", "phone": "1**********",
        "at": "2026-03-02T01:30:00Z",
        "kind": "natural", "days": 20, "list": ["王*", {"email": "w************"}], "none": None, "code": "J********",
    }  # fmt: skip


async def test_a_replay_that_succeeds_is_followed_by_what_waited_in_order(client: Any, applier: Applier, code: Code):
    sick, other = uuid4(), uuid4()
    await take(applier, sick, "poison", "乙", "丙")
    await take(applier, other, "poison")
    code.mended = True
    answer = await client.post(f"{at(sick)}/replay")
    assert (answer.status_code, answer.json()["state"]) == (202, "replaying")
    await applier.look()
    assert await text_of(client, sick) == "poison乙丙"
    assert await text_of(client, other) is None
    assert (await client.get(at(sick))).status_code == 404
    assert (await client.get(at(other))).json()["state"] == "dead"
    detail = {"side": "in", "topic": notes.NOTE_TOPIC, "sequence": 1}
    assert await audited(client, "event.replayed") == [(sick, OPERATOR.sub, detail)]


async def test_a_replay_that_fails_again_goes_back_and_its_attempts_are_counted(client: Any, applier: Applier):
    sick = uuid4()
    await take(applier, sick, "poison", "乙")
    for attempts in (6, 9):
        await client.post(f"{at(sick)}/replay")
        await applier.look()
        shown = (await client.get(at(sick))).json()
        assert (shown["state"], shown["attempts"], shown["waiting"]) == ("dead", attempts, 2)
    assert await text_of(client, sick) is None


async def test_a_replay_that_was_asked_for_is_done_by_whoever_comes_after_a_crash(
    client: Any, applier: Applier, code: Code
):
    """Nothing but the committed wish is left: another process, or the same one started anew, goes on from there."""
    sick = uuid4()
    await take(applier, sick, "poison", "乙")
    code.mended = True
    await client.post(f"{at(sick)}/replay")
    successor = Applier(client.context)
    await successor.look()
    await applier.take(message(notes.NOTE_TOPIC, sick, 3, "丙"))  # the former one still believes it is dead
    await successor.look()
    await applier.look()
    assert await text_of(client, sick) == "poison乙丙"
    assert await client.context.pool.fetchval("SELECT count(*) FROM parked") == 0
    assert not applier.holds_up


async def test_everything_that_failed_is_replayed_at_once_or_by_topic_or_by_key(
    client: Any, applier: Applier, code: Code
):
    sick = [uuid4() for _ in range(3)]
    for key in sick:
        await take(applier, key, f"poison {key}")
    code.mended = True
    replays = f"{EVENTS}/replays"
    assert (await client.post(replays, json={"topic": "onestop.test.other"})).json() == {"replayed": 0}
    assert (await client.post(replays, json={"key": str(sick[0])})).json() == {"replayed": 1}
    assert (await client.post(replays, json={})).json() == {"replayed": 2}
    assert (await client.post(replays, json={})).json() == {"replayed": 0}
    await applier.look()
    assert (await client.get(f"{EVENTS}/held-up")).json()["items"] == []


async def test_a_discarded_event_is_passed_over_and_recorded_and_the_later_ones_follow(client: Any, applier: Applier):
    sick = uuid4()
    await take(applier, sick, "甲", "poison", "丙")
    answer = await client.post(f"{at(sick)}/discard", json={"sequence": 2, "reason": "发送方已更正"})
    assert (answer.status_code, answer.json()) == (200, {"first": 2, "last": 2})
    await applier.look()
    await take(applier, sick, "丁", first=4)
    assert await text_of(client, sick) == "甲丙丁"
    (hole,) = (await client.get(f"{EVENTS}/discarded")).json()["items"]
    assert (hole["sequence"], hole["reason"], hole["actor"], hole["error"]) == (
        2, "发送方已更正", str(OPERATOR.sub), "ValueError"
    )  # fmt: skip
    assert hole["data"]["note_id"] == str(sick)
    ((key, actor, detail),) = await audited(client, "event.discarded")
    assert (key, actor, detail["sequence"], detail["reason"]) == (sick, OPERATOR.sub, 2, "发送方已更正")
    again = await client.post(f"{at(sick)}/discard", json={"sequence": 2, "reason": "再一次"})
    assert again.status_code == 404


async def test_another_event_than_the_one_that_was_seen_is_not_discarded(client: Any, applier: Applier):
    sick = uuid4()
    await take(applier, sick, "poison", "poison")
    answer = await client.post(f"{at(sick)}/discard", json={"sequence": 2, "reason": "看错了"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/held-up-changed")
    await client.post(f"{at(sick)}/discard", json={"sequence": 1, "reason": "不再需要"})
    await applier.look()
    shown = (await client.get(at(sick))).json()
    assert (shown["state"], shown["sequence"], shown["attempts"]) == ("dead", 2, 3)


async def test_events_that_never_arrived_are_given_up_and_each_is_recorded(client: Any, applier: Applier):
    key = uuid4()
    await take(applier, key, "甲")
    await take(applier, key, "戊", first=5)
    answer = await client.post(f"{at(key)}/replay")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-replay")
    answer = await client.post(f"{at(key)}/discard", json={"sequence": 2, "reason": "原库已恢复到此前"})
    assert answer.json() == {"first": 2, "last": 4}
    await applier.look()
    assert await text_of(client, key) == "甲戊"
    holes = (await client.get(f"{EVENTS}/discarded", params={"key": str(key)})).json()["items"]
    assert [(hole["sequence"], hole["type"]) for hole in holes] == [(4, None), (3, None), (2, None)]


async def test_an_event_that_is_applied_at_that_moment_is_not_discarded(client: Any, applier: Applier):
    key = uuid4()
    await take(applier, key, "poison")
    pool = client.context.pool
    await pool.execute("INSERT INTO inbox (topic, key, last) VALUES ($1, $2, 1)", notes.NOTE_TOPIC, key)
    answer = await client.post(f"{at(key)}/discard", json={"sequence": 1, "reason": "不再需要"})
    assert answer.status_code == 404
    await applier.look()
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert (await client.get(f"{EVENTS}/discarded")).json()["items"] == []


async def test_the_list_goes_on_where_its_page_ended(client: Any, applier: Applier):
    keys = [uuid4() for _ in range(5)]
    for key in keys:
        await take(applier, key, "poison")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(f"{EVENTS}/held-up", params={"limit": 2, **cursor})).json()
        seen += [item["key"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == sorted(map(str, keys))
    assert (await client.get(f"{EVENTS}/held-up", params={"side": "out"})).json()["items"] == []
