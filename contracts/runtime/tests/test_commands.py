"""One request is one transaction, the second click gets the first answer, and a stale change is refused."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from notes import service as notes

from onestop_runtime.caller import Caller
from onestop_runtime.problems import Busy
from onestop_runtime.transaction import transaction

NOTES = "/api/notes/v1/notes"
ME = Caller(sub=uuid4(), kind="natural", client="web")
OTHER = Caller(sub=uuid4(), kind="natural", client="web")

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(service_client: Open) -> Any:
    return await service_client(notes.service())


async def rows(client: Any, query: str) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await client.context.pool.fetch(query)
    return found


async def test_state_event_and_audit_are_committed_together(client: Any):
    answer = await client.as_(ME).post(NOTES, json={"text": "甲"})
    assert answer.status_code == 201
    (event,) = await rows(client, "SELECT * FROM outbox")
    (audit,) = await rows(client, "SELECT * FROM audit")
    assert (event["key"], event["sequence"], event["version"]) == (UUID(answer.json()["id"]), 1, 1)
    assert (audit["verb"], audit["actor"], audit["client"]) == ("note.written", ME.sub, "web")
    assert event["traceparent"] == answer.headers["traceparent"]
    assert audit["request_id"] == answer.headers["x-request-id"]


async def test_a_refused_command_leaves_nothing_behind(client: Any):
    await client.as_(ME).post(NOTES, json={"text": "甲"})
    answer = await client.as_(OTHER).post(NOTES, json={"text": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/note-exists")
    assert len(await rows(client, "SELECT * FROM outbox")) == 1
    assert len(await rows(client, "SELECT * FROM idempotency")) == 1


async def test_a_commit_that_fails_is_an_error_and_not_an_answer(client: Any):
    await client.context.pool.execute("""
        ALTER TABLE note ADD CONSTRAINT never UNIQUE (version) DEFERRABLE INITIALLY DEFERRED
    """)
    assert (await client.as_(ME).post(NOTES, json={"text": "甲"})).status_code == 201
    answer = await client.as_(ME).post(NOTES, json={"text": "乙"})
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-error"
    assert [row["text"] for row in await rows(client, "SELECT text FROM note")] == ["甲"]


async def test_a_command_that_swallows_what_the_database_refused_is_no_success(client: Any):
    """PostgreSQL answers `COMMIT` of a broken transaction by rolling it back, without an error."""

    async def swallow() -> None:
        async with client.transaction(ME) as tx:
            await notes.ADD.execute(tx.connection, id=uuid4(), owner=ME.sub, text="甲", version=1)
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await tx.connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await swallow()
    assert await rows(client, "SELECT text FROM note") == []


async def test_a_service_without_a_free_connection_says_so_in_time(client: Any):
    pool = client.context.pool
    async with contextlib.AsyncExitStack() as held, asyncio.timeout(10):
        for _ in range(pool.get_max_size()):
            await held.enter_async_context(pool.acquire())
        answer = await client.as_(ME).post(NOTES, json={"text": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded")


async def test_a_database_whose_name_is_not_known_is_a_service_that_is_away(client: Any):
    pool = client.context.pool
    await pool.expire_connections()
    pool.set_connect_args(dsn="postgresql://nobody@database.invalid/nothing")
    answer = await client.as_(ME).post(NOTES, json={"text": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/service-unavailable")


@pytest.mark.parametrize("code", ["53100", "58030"])
async def test_a_database_without_room_is_a_service_that_is_away(client: Any, code: str):
    await client.context.pool.execute(f"""
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '{code}'; END $$;
        CREATE TRIGGER no_room BEFORE INSERT ON note EXECUTE FUNCTION no_room();
    """)
    answer = await client.as_(ME).post(NOTES, json={"text": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/service-unavailable")
    assert answer.headers["retry-after"] == "2"
    assert await rows(client, "SELECT text FROM note") == []


async def test_the_second_click_gets_the_first_answer(client: Any):
    key = {"Idempotency-Key": str(uuid4())}
    first = await client.as_(ME).post(NOTES, json={"text": "甲"}, headers=key)
    second = await client.as_(ME).post(NOTES, json={"text": "甲"}, headers=key)
    assert (second.status_code, second.content, second.headers["etag"]) == (201, first.content, first.headers["etag"])
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await rows(client, "SELECT * FROM note")) == 1


async def test_ten_clicks_at_once_make_one_note(client: Any):
    key = {"Idempotency-Key": str(uuid4())}
    me = client.as_(ME)
    answers = await asyncio.gather(*(me.post(NOTES, json={"text": "甲"}, headers=key) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await rows(client, "SELECT * FROM note")) == 1


async def test_a_key_used_for_another_request_is_refused(client: Any):
    key = {"Idempotency-Key": str(uuid4())}
    await client.as_(ME).post(NOTES, json={"text": "甲"}, headers=key)
    answer = await client.as_(ME).post(NOTES, json={"text": "乙"}, headers=key)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_somebody_elses_key_is_not_mine(client: Any):
    key = {"Idempotency-Key": "the-same-key"}
    await client.as_(ME).post(NOTES, json={"text": "甲"}, headers=key)
    answer = await client.as_(OTHER).post(NOTES, json={"text": "乙"}, headers=key)
    assert answer.json()["text"] == "乙"


async def test_a_post_without_a_key_is_refused(client: Any):
    answer = await client.as_(ME, idempotency=False).post(NOTES, json={"text": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/idempotency-key-required")


async def test_a_stale_change_is_refused_and_a_blind_one_too(client: Any):
    me = client.as_(ME)
    note = (await me.post(NOTES, json={"text": "甲"})).json()
    address = f"{NOTES}/{note['id']}"
    assert (await me.put(address, json={"text": "乙"})).status_code == 428
    assert (await me.put(address, json={"text": "乙"}, headers={"If-Match": "x"})).status_code == 400
    changed = await me.put(address, json={"text": "乙"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await me.put(address, json={"text": "丙"}, headers={"If-Match": '"1"'})).status_code == 412
    sequences = [row["sequence"] for row in await rows(client, "SELECT sequence FROM outbox ORDER BY id")]
    assert sequences == [1, 2]


async def test_what_is_not_mine_is_not_there(client: Any):
    note = (await client.as_(ME).post(NOTES, json={"text": "甲"})).json()
    assert (await client.as_(OTHER).get(f"{NOTES}/{note['id']}")).status_code == 404
    assert (await client.get(f"{NOTES}/{note['id']}")).status_code == 404
    assert (await client.as_(OTHER).get(NOTES)).json()["items"] == []


async def test_an_unchanged_version_is_not_sent_again(client: Any):
    me = client.as_(ME)
    note = (await me.post(NOTES, json={"text": "甲"})).json()
    answer = await me.get(f"{NOTES}/{note['id']}", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_pages_follow_each_other_without_gap_or_repeat(client: Any):
    me = client.as_(ME)
    for number in range(5):
        await me.post(NOTES, json={"text": str(number)})
    seen, cursor = [], None
    while True:
        page = (await me.get(NOTES, params={"cursor": cursor} if cursor else {})).json()
        seen += [item["text"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["0", "1", "2", "3", "4"]


async def test_wrong_input_names_every_wrong_field(client: Any):
    answer = await client.as_(ME).post(NOTES, json={"txt": 1})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/text", "required"),
        ("/txt", "unknown-field"),
    }


async def test_a_body_that_is_no_json_and_one_that_is_too_large_are_refused(client: Any):
    me = client.as_(ME)
    broken = await me.post(NOTES, content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/malformed-body")
    large = await me.post(NOTES, json={"text": "x" * 2_000_000})
    assert (large.status_code, large.json()["type"]) == (413, "/problems/body-too-large")


async def test_a_forged_assertion_is_no_anonymous_caller(client: Any):
    answer = await client.get(NOTES, headers={"Onestop-Assertion": "forged"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-assertion")


async def test_a_change_that_waits_too_long_for_another_is_told_to_come_back(client: Any):
    note = (await client.as_(ME).post(NOTES, json={"text": "甲"})).json()
    pool = client.context.pool
    now = client.context.clock()
    async with transaction(pool, ME, now) as holder:
        await notes.LOAD.fetchrow(holder.connection, id=UUID(note["id"]))
        with pytest.raises(Busy):
            async with transaction(pool, ME, now) as waiting:
                await notes.LOAD.fetchrow(waiting.connection, id=UUID(note["id"]))


async def test_every_route_shows_its_errors_and_its_key_in_openapi(client: Any):
    document = client._transport.app.openapi()
    post = document["paths"][NOTES]["post"]
    assert "note-exists" in post["responses"]["409"]["content"]["application/problem+json"]["examples"]
    assert "idempotency-key-required" in post["responses"]["400"]["content"]["application/problem+json"]["examples"]
    assert "application/json" not in post["responses"]["409"]["content"]
    put = document["paths"][f"{NOTES}/{{note_id}}"]["put"]
    assert {"412", "428"} <= set(put["responses"])


async def test_the_outbox_is_cleared_by_the_number_of_its_dead(service_client: Open):
    client = await service_client(notes.service())
    options = await client.context.pool.fetchval("SELECT reloptions FROM pg_class WHERE oid = 'outbox'::regclass")
    assert {"autovacuum_vacuum_scale_factor=0", "vacuum_truncate=false"} <= set(options)
