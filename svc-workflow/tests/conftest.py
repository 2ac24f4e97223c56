"""The service with its definitions, one agency, its inspectors and two years of the calendar."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from svc_workflow.main import SERVICE
from svc_workflow.seed import seed

sys.path.insert(0, str(Path(__file__).parent))
from office import INSPECTOR, INSPECTOR_2, Moment, Open, deliver, example


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
async def client(service_client: Open, moment: Moment) -> Any:
    opened = await service_client(SERVICE, clock=moment)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        async with opened.transaction() as tx:
            yield tx

    await seed(begin, {})
    await seed(begin, {})
    await deliver(opened, "cn.onestop.catalog.agency.changed.v1", example("agency.changed.v1", "approval-bureau"))
    for year in ("published-2026", "provisional-2027"):
        await deliver(opened, "cn.onestop.catalog.calendar.changed.v1", example("calendar.changed.v1", year))
    appointed = example("staff.appointed.v1", "reviewer")
    for person in (INSPECTOR, INSPECTOR_2):
        entry = {"staff_id": str(uuid4()), "person_id": str(person.sub), "roles": ["inspector"]}
        await deliver(opened, "cn.onestop.gateway.staff.appointed.v1", appointed | entry)
    return opened
