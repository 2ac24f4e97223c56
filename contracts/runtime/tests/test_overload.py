"""Beyond what a service can do, requests are told so at once; what must go on goes on."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from notes import service as notes
from notes.waiting import until

from onestop_runtime import metrics
from onestop_runtime.caller import Caller
from onestop_runtime.context import KEPT_BACK, QUEUE_A_CONNECTION
from onestop_runtime.problems import Overloaded
from onestop_runtime.sharing import MOST, MOST_WAITING, SIDE_BY_SIDE
from onestop_runtime.turns import Turns

ME = Caller(sub=uuid4(), kind="natural", client="web")
NOTES = "/api/notes/v1/notes"
POOL = KEPT_BACK + 1
SERVED = 1 + QUEUE_A_CONNECTION * POOL
"""One is in, and so many may wait."""
Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def client(service_client: Open) -> Any:
    return await service_client(notes.service(), pool_size=POOL)


async def write(client: Any, text: str) -> httpx.Response:
    answer: httpx.Response = await client.as_(ME).post(NOTES, json={"text": text})
    return answer


async def locked(client: Any) -> asyncpg.Connection:
    """Return a session that holds the table every request needs."""
    connection = await asyncpg.connect(client.context.settings.dsn)
    await connection.execute("BEGIN; LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
    return connection


async def test_who_would_wait_in_vain_is_told_at_once_and_all_others_are_served(client: Any):
    shed = metrics.SHED.labels("notes")._value
    before = shed.get()
    holding = await locked(client)
    asked = [asyncio.ensure_future(write(client, str(number))) for number in range(SERVED + 20)]  # noqa: TID251
    done, waiting = await asyncio.wait(asked, timeout=1)
    assert len(waiting) == SERVED
    assert Counter(task.result().status_code for task in done) == {503: 20}
    for task in done:
        assert task.result().headers["retry-after"] == "1"
        assert task.result().json()["type"] == "/problems/overloaded"
    assert shed.get() - before == 20
    await holding.close()
    assert Counter(answer.status_code for answer in await asyncio.gather(*waiting)) == {201: SERVED}
    assert (await write(client, "once more")).status_code == 201


async def test_consumers_and_timers_find_a_connection_while_requests_wait(client: Any):
    holding = await locked(client)
    asked = [asyncio.ensure_future(write(client, str(number))) for number in range(SERVED)]  # noqa: TID251

    async def all_wait() -> bool:
        return client.context.turns._waiting == SERVED - 1

    await until(all_wait)
    async with asyncio.timeout(1), client.transaction() as tx:
        assert await tx.connection.fetchval("SELECT count(*) FROM audit") == 0
    await holding.close()
    await asyncio.gather(*asked)


async def test_a_lane_has_no_longer_queue_than_it_can_serve(client: Any):
    note = (await write(client, "甲")).json()["id"]
    holding = await locked(client)
    path = f"{NOTES}/{note}/text"
    most = MOST * SIDE_BY_SIDE + MOST_WAITING
    rewritten = [
        asyncio.ensure_future(client.as_(ME).post(path, json={"text": str(number)}))  # noqa: TID251
        for number in range(most + 5)
    ]
    done, _ = await asyncio.wait(rewritten, timeout=1)
    assert {task.result().status_code for task in done} == {503}
    assert len(done) >= 5
    await holding.close()
    await asyncio.gather(*rewritten)
    assert (await client.as_(ME).post(path, json={"text": "乙"})).status_code == 200


async def test_nobody_waits_longer_than_is_of_use():
    turns = Turns(1, 5, longest=0.05)
    async with turns.turn():
        with pytest.raises(Overloaded):
            await turns.turn().__aenter__()
    async with turns.turn():
        pass


async def test_who_gives_up_waiting_leaves_his_place():
    turns = Turns(1, 1)
    async with turns.turn():
        waiting = asyncio.ensure_future(turns.turn().__aenter__())  # noqa: TID251 - given up below
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await turns.turn().__aenter__()
        waiting.cancel()
        await asyncio.wait({waiting})
        again = asyncio.ensure_future(turns.turn().__aenter__())  # noqa: TID251 - has its turn below
        await asyncio.sleep(0)
    await again
