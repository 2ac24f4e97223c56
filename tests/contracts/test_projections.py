"""What a service offers to build anew can be: its handlers fill the tables of a rebuild, and touch no others."""

import importlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from onestop_runtime.ids import uuid7
from onestop_runtime.inbox import Applier, Message
from onestop_runtime.rebuilds import repository
from onestop_runtime.rebuilds.projection import Projection
from onestop_runtime.rebuilds.worker import beside
from onestop_runtime.sql import compiled

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
PACKAGES = ("svc_catalog", "svc_intake", "svc_workflow", "svc_datashare", "svc_credit")
OFFERED = [
    pytest.param(package, projection, id=f"{package} {projection.name}")
    for package in PACKAGES
    for projection in importlib.import_module(f"{package}.main").SERVICE.projections
]


def examples(event_type: str) -> list[Any]:
    """Return the examples of an event; a tombstone says nothing."""
    found = sorted((EXAMPLES / event_type.split(".", 3)[3]).glob("*.json")) if event_type.count(".") > 3 else []
    return [json.loads(path.read_text()) for path in found] or [None]


@pytest.mark.parametrize(("package", "projection"), OFFERED)
async def test_every_event_of_a_projection_fills_its_tables_and_touches_no_others(
    service_client: Callable[..., Awaitable[Any]], package: str, projection: Projection
):
    service = importlib.import_module(f"{package}.main").SERVICE
    context = (await service_client(service)).context
    async with context.pool.acquire() as connection, connection.transaction():
        rebuild = await repository.ask(connection, uuid7(), projection.name, None, context.clock())
        assert rebuild is not None
        await repository.prepare(connection, rebuild, projection)
    told = [
        Message(one.topic, uuid4(), 1, event_type, "1", context.clock(), data)
        for one in service.subscriptions
        if one.topic in projection.topics
        for event_type in one.handlers
        for data in examples(event_type)
    ]
    async with beside(context, rebuild, projection) as rebuilt:
        applier = Applier(rebuilt)
        for message in told:
            await applier.take(message)
        failed = await rebuilt.pool.fetch("SELECT topic, type, error, place FROM dead_letter")
        counts = [compiled(sa.select(sa.func.count()).select_from(table)) for table in projection.tables]
        filled = [await count.fetchval(rebuilt.pool) for count in counts]
    assert failed == []
    assert all(filled)
    async with context.pool.acquire() as connection, connection.transaction():
        await repository.swap(connection, rebuild, projection)
        changes = await repository.differences(connection, rebuild, projection)
    assert [(one.missing, one.surplus, one.changed) for one in changes] == [(0, 0, 0)] * len(projection.tables)


def test_something_is_offered():
    assert {"svc_intake", "svc_workflow", "svc_credit"} <= {one.values[0] for one in OFFERED}
