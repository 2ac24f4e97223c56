"""Four services in this process with a database each, and somebody who carries the events from one to the other."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from intake_world import Clock, Intake, read
from office import APPROVER, INSPECTOR, INSPECTOR_2, REVIEWER, deliver, example, finish

from onestop_local.testing.client import ServiceClient, open_service_client, signing_key
from onestop_local.testing.databases import TestServer
from onestop_runtime.caller import Caller
from onestop_runtime.inbox import Applier, Message
from onestop_runtime.service import Service
from svc_credit.main import SERVICE as CREDIT
from svc_datashare.main import SERVICE as DATASHARE
from svc_intake.main import SERVICE as INTAKE
from svc_workflow.books import library
from svc_workflow.main import SERVICE as WORKFLOW
from svc_workflow.seed import seed
from svc_workflow.service import conservation

API = "/api/workflow/v1/conservation"
SERVICES = {"intake": INTAKE, "workflow": WORKFLOW, "datashare": DATASHARE, "credit": CREDIT}
OPERATOR = Caller(sub=uuid4(), kind="staff", agency="11130371037107039Y", given_roles=frozenset({"operator"}))
LOOKS = 4
"""Seen; asked where it is; read past it; found at the same stage again."""


class Ticking(Clock):
    """A clock that never shows the same instant twice."""

    def __call__(self) -> datetime:
        self.instant += timedelta(milliseconds=1)
        return self.instant


class Town:
    """What happens to cases, who carries the events, and who compares the books."""

    def __init__(self, clients: dict[str, ServiceClient], clock: Clock, folder: Path) -> None:
        self.clients = clients
        self.clock = clock
        self.intake = Intake(clients["intake"], clock, folder)
        self._listeners = {
            topic: [name for name, service in SERVICES.items() if topic in _topics(service)]
            for service in SERVICES.values()
            for topic in _topics(service)
        }

    async def furnish(self) -> None:
        """Let everybody know the agency, the calendar and the inspectors."""
        await self.intake.furnish()
        workflow = self.clients["workflow"]
        await seed(workflow.transaction, {})
        await deliver(workflow, "cn.onestop.catalog.agency.changed.v1", example("agency.changed.v1", "approval-bureau"))
        for year in ("published-2026", "provisional-2027"):
            event = example("calendar.changed.v1", year)
            for client in (workflow, self.clients["credit"]):
                key, topic = uuid4(), "onestop.catalog.calendar"
                message = Message(topic, key, 1, "cn.onestop.catalog.calendar.changed.v1", "id", self.clock(), event)
                await Applier(client.context).take(message)
        appointed = example("staff.appointed.v1", "reviewer")
        for person in (INSPECTOR, INSPECTOR_2):
            entry = {"staff_id": str(uuid4()), "person_id": str(person.sub), "roles": ["inspector"]}
            await deliver(workflow, "cn.onestop.gateway.staff.appointed.v1", appointed | entry)

    def pool(self, service: str) -> Any:
        """Return the database of a service, for somebody with too many rights."""
        return self.clients[service].context.pool

    async def carry(self, *, without: str = "") -> list[dict[str, Any]]:
        """Carry all events to who listens; those of the type `without` get lost on the way, and are returned."""
        lost: list[dict[str, Any]] = []
        while True:
            carried = 0
            for name in SERVICES:
                rows = await self.pool(name).fetch("DELETE FROM outbox RETURNING *")
                for row in sorted(rows, key=lambda row: row["id"]):
                    carried += 1
                    if without and row["type"].endswith(f".{without}.v1"):
                        lost.append(dict(row))
                    else:
                        await self.hand_over(row)
            if not carried:
                return lost

    async def hand_over(self, row: Any) -> None:
        """Let those who listen take an event."""
        for name in self._listeners.get(row["topic"], ()):
            message = Message(
                row["topic"], row["key"], row["sequence"], row["type"], str(row["event_id"]), row["occurred_at"],
                json.loads(row["payload"]), {}, row["payload"],
            )  # fmt: skip
            applier = Applier(self.clients[name].context)
            await applier.look()
            await applier.take(message)

    # Cases.

    async def submitted(self) -> dict[str, Any]:
        return await self.intake.submitted()

    async def accepted(self, **carrying: Any) -> dict[str, Any]:
        """Return a case that was accepted, and of which the office heard."""
        case = await self.intake.accepted()
        await self.carry(**carrying)
        return case

    async def decided(self, outcome: str = "granted") -> dict[str, Any]:
        """Return a case on which the office has decided; nobody has heard of it yet."""
        case = await self.accepted()
        workflow = self.clients["workflow"]
        reviewed = await finish(workflow, REVIEWER, outcome="pass", opinion="符合条件")
        assert reviewed.status_code == 200, reviewed.text
        done = await finish(workflow, APPROVER, outcome=outcome, opinion="按审查意见")
        assert done.status_code == 200, done.text
        return case

    async def act(self, who: Caller, case: dict[str, Any], what: str, body: Any = None) -> dict[str, Any]:
        return read(await self.intake.act(who, await self.intake.read(case), what, body))

    async def close_tasks(self) -> None:
        """Leave no task open, so that the next case's is the only one."""
        await self.pool("workflow").execute("UPDATE task SET state = 'dropped' WHERE state IN ('open', 'claimed')")

    # The books.

    async def check(self, looks: int = LOOKS) -> None:
        """Compare the books over the year."""
        context = self.clients["workflow"].context
        today = self.clock().date()
        for _ in range(looks):
            await conservation.check(context, [(today - timedelta(days=300), today + timedelta(days=1))])

    async def findings(self, case: dict[str, Any], **query: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Return the findings about a case by leg, flaw and service."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.clients["workflow"].as_(OPERATOR).get(
                f"{API}/findings", params={"limit": 100, **query, **cursor}
            )  # fmt: skip
            page = read(answer)
            found += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        return {
            (one["leg"], one["flaw"], one["service"]): one
            for one in found
            if case["id"] in (one["case_id"], one["subject"])
        }

    async def totals(self) -> dict[str, Any]:
        """Return what everybody may read."""
        return read(await self.clients["workflow"].get(API))


def _topics(service: Service) -> set[str]:
    return {one.topic for one in service.subscriptions}


@asynccontextmanager
async def open_town(postgres: TestServer, folder: Path) -> AsyncIterator[Town]:
    """Open the services, each on a database of its own."""
    key = folder / "assertion-workflow.json"
    key.write_text(json.dumps(signing_key("svc-workflow").as_dict(private=True)))
    others = {name: f"http://{name}.test" for name in SERVICES if name != "workflow"}
    clock = Ticking()
    async with AsyncExitStack() as opened:
        clients: dict[str, ServiceClient] = {}
        for name, service in SERVICES.items():
            own = folder / name
            own.mkdir()
            settings: dict[str, Any] = (
                {"ledger_urls": others, "system_key": key, "conservation_grace_seconds": 0}
                if name == "workflow"
                else {}
            )
            dsn = await postgres.service_database(service)
            clients[name] = await opened.enter_async_context(
                open_service_client(service, dsn=dsn, folder=own, clock=clock, **settings)
            )
        context = clients["workflow"].context
        transports: dict[str, httpx.AsyncBaseTransport] = {name: clients[name]._asgi for name in others}
        context.state = await opened.enter_async_context(library(context.settings, context.pool, transports))
        town = Town(clients, clock, folder)
        await town.furnish()
        yield town
