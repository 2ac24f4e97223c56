"""A durable submission is a hot path: one statement loads, one saves, one writes events, audit and answer.

Submissions that arrive together share them.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from intake_world import Clock, Intake, read

from onestop_local.testing.client import ServiceClient
from svc_intake.main import SERVICE


async def test_three_statements_beside_begin_and_commit(
    service_client: Callable[..., Awaitable[ServiceClient]], clock: Clock, tmp_path: Path
):
    client = await service_client(SERVICE, clock=clock, pool_size=1)
    intake = Intake(client, clock, tmp_path)
    await intake.furnish()
    read(await intake.submit(await intake.complete_draft()), 201)
    case = await intake.complete_draft()
    statements: list[str] = []

    def note(record: Any) -> None:
        statements.append(record.query.strip())

    async with client.context.pool.acquire() as connection:
        connection.add_query_logger(note)
    read(await intake.submit(case), 201)
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "SELECT", "WITH", "WITH", "COMMIT"]
    async with client.context.pool.acquire() as connection:
        connection.remove_query_logger(note)
