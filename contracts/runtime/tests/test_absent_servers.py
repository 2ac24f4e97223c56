"""A process whose database or broker is away at its start waits, says so, and works as soon as it is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from notes import service as notes
from notes.waiting import until, until_logged

from onestop_local.ports import LOOPBACK, free_port
from onestop_runtime.service import compose

NOTES = "/api/notes/v1/notes"
Open = Callable[..., Awaitable[Any]]


class Door:
    """An address where nobody listens until the door is opened; from then on it leads to a server."""

    def __init__(self, server: str) -> None:
        self._host, _, self._port = server.rpartition(":")
        self._own_port = free_port()
        self.address = f"{LOOPBACK}:{self._own_port}"
        self._visits: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None

    async def open(self) -> None:
        self._listening = await asyncio.start_server(self._lead, LOOPBACK, self._own_port)

    async def close(self) -> None:
        if self._listening:
            self._listening.close()
        await asyncio.gather(*self._visits)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, to_inside = await asyncio.open_connection(self._host, int(self._port))
        for one in (carry(reader, to_inside), carry(inside, writer)):
            self._visits.add(asyncio.get_running_loop().create_task(one))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def started(dsn: str, kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    """Start the notes service as a process does: it answers before it is connected."""
    service = notes.service()
    app = compose(service, service.settings(dsn=dsn, kafka_bootstrap=kafka))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://notes") as http,
    ):
        yield http


async def write(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post(NOTES, json={"text": "第一条"}, headers={"Idempotency-Key": "first"})


async def ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/readyz")).status_code == httpx.codes.OK


def waits(caplog: pytest.LogCaptureFixture, event: str) -> list[float]:
    fields: list[dict[str, Any]] = [vars(record)["fields"] for record in caplog.records if record.message == event]
    return [one["retry_seconds"] for one in fields]


async def test_a_database_that_is_away_at_the_start_is_waited_for(
    service_database: Open, kafka: str, caplog: pytest.LogCaptureFixture
):
    dsn = await service_database(notes.service())
    server = urlsplit(dsn).netloc.rpartition("@")[2]
    door = Door(server)
    async with started(dsn.replace(server, door.address), kafka) as http:
        await until_logged(caplog, "database is away", 3)
        assert waits(caplog, "database is away")[:3] == [0.2, 0.4, 0.8]
        assert (await http.get("/livez")).status_code == 200
        unready = await http.get("/readyz")
        assert (unready.status_code, "数据库" in unready.json()["detail"]) == (503, True)
        refused = await write(http)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/service-unavailable")
        assert refused.headers["retry-after"] == "1"
        await door.open()
        await until(lambda: ready(http))
        assert (await write(http)).status_code == 201
    await door.close()


@pytest.mark.usefixtures("topic")
async def test_a_broker_that_is_away_at_the_start_is_waited_for_and_nothing_is_lost(
    service_database: Open, kafka: str, caplog: pytest.LogCaptureFixture
):
    dsn, door = await service_database(notes.service()), Door(kafka)
    database = await asyncpg.connect(dsn)

    async def published() -> bool:
        return await database.fetchval("SELECT count(*) FROM outbox") == 0

    async with started(dsn, door.address) as http:
        await until_logged(caplog, "relay starts anew", 3)
        assert waits(caplog, "relay starts anew")[:3] == [0.2, 0.4, 0.8]
        unready = await http.get("/readyz")
        assert (unready.status_code, unready.json()["detail"]) == (503, "尚未就绪：消息系统")
        assert (await write(http)).status_code == 201
        assert not await published()
        await door.open()
        await until(lambda: ready(http))
        await until(published)
    await database.close()
    await door.close()
