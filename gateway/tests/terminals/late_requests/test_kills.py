"""kill -9 while a batch is under way: the terminal hands it in again, and nothing is done twice or left out."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from onestop_local.checks import eventually
from onestop_local.ports import free_port

BATCHES = "/api/gateway/v1/terminal-batches"


class Victim:
    """A gateway in a process of its own, on the database, keys and service of the test's."""

    def __init__(self, gateway: Any) -> None:
        settings = gateway.context.settings
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        own = {
            "DSN": settings.dsn,
            "PORT": str(self._port),
            "ISSUER": settings.issuer,
            "ASSERTION_KEY": str(settings.assertion_key),
            "ASSERTION_KEYS": str(settings.assertion_keys),
            "FIELD_KEYS": str(settings.field_keys),
            "UPSTREAMS": json.dumps(settings.upstreams),
            "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        }
        self._environment = {**os.environ, **{f"ONESTOP_GATEWAY_{name}": value for name, value in own.items()}}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run it until the block ends, if nobody has killed it before."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "serve", env=self._environment, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await eventually(self._answers, "the gateway answers", 60)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
                return (await client.get("/.well-known/openid-configuration")).status_code == 200
        except httpx.TransportError:
            return False

    async def hand_in(self, ledger: Any, token: str) -> httpx.Response:
        """Hand in everything that a terminal has kept."""
        headers = ledger.kiosk.holder.shown(token, BATCHES, "POST")
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as client:
            return await client.post(BATCHES, json={"requests": ledger.signed}, headers=headers)


async def blocked(gateway: Any) -> bool:
    """Tell whether the victim waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await gateway.context.pool.fetchval(waits))


@asynccontextmanager
async def nothing_is_noted(gateway: Any, _office: Any) -> AsyncIterator[Callable[[], Any]]:
    """Hold the victim before it has noted the request."""
    connection = await asyncpg.connect(gateway.context.settings.dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE late_request IN EXCLUSIVE MODE")
        yield lambda: blocked(gateway)
    await connection.close()


@asynccontextmanager
async def nothing_is_done(_gateway: Any, office: Any) -> AsyncIterator[Callable[[], Any]]:
    """Hold the victim while the service has its request and has done nothing yet; it will when the victim is dead."""
    office.free.clear()

    async def asked() -> bool:
        return bool(office.asked)

    yield asked
    office.free.set()


@asynccontextmanager
async def no_answer_is_kept(gateway: Any, office: Any) -> AsyncIterator[Callable[[], Any]]:
    """Hold the victim when the service has done it, before the answer is kept."""
    connection = await asyncpg.connect(gateway.context.settings.dsn)
    office.free.clear()

    async def done() -> bool:
        if office.asked and not office.free.is_set():
            await connection.execute("BEGIN")
            await connection.execute("SELECT 1 FROM late_request FOR UPDATE")
            office.free.set()
        return office.free.is_set() and await blocked(gateway)

    yield done
    await connection.close()


@pytest.mark.parametrize("moment", [nothing_is_noted, nothing_is_done, no_answer_is_kept])
async def test_whenever_it_is_killed_each_request_is_done_once(
    gateway: Any, office: Any, ledger: Any, stay: str, moment: Callable[..., Any]
):
    for number in (1, 2):
        ledger.note(stay, {"n": number})
    token = await ledger.kiosk.own_token()
    victim = Victim(gateway)
    async with victim.running() as process, moment(gateway, office) as reached:
        handing_in = asyncio.ensure_future(victim.hand_in(ledger, token))  # noqa: TID251 - awaited five lines below
        await eventually(reached, "the moment", 30)
        process.kill()
        await process.wait()
        with pytest.raises(httpx.TransportError):
            await handing_in
    report = (await ledger.hand_in(token=token)).json()  # by the test's own gateway: any process goes on
    again = (await ledger.hand_in(token=token)).json()
    assert [(it["sequence"], it["status"], it["body"]) for it in report["answers"]] == [
        (1, 201, {"number": 1}),
        (2, 201, {"number": 2}),
    ]
    assert again == report
    assert [body["n"] for _, body in office.done] == [1, 2]
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM late_request WHERE answer IS NOT NULL") == 2
