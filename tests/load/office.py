"""An office at work: agents who submit, clerks who accept, officials who take what lies in their inbox."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
from generator import Connection

from onestop_local.browser import Api
from onestop_local.journey import Journey

DESKS = 4
"""Connections of each role; every one does one thing at a time, as a person does."""
LOOK_SECONDS = 0.02
"""How long an official whose inbox is empty waits before he looks again."""


class Office:
    """Carries cases from submission to decision, through the gateway."""

    def __init__(self, port: int, apis: dict[str, Api], cases: list[Journey]) -> None:
        self._port = port
        self._tokens = {person: api._http.headers["authorization"] for person, api in apis.items() if person}
        self._cases = cases
        self._submitted: asyncio.Queue[tuple[str, int] | None] = asyncio.Queue()

    async def work(self) -> None:
        """Return when every case is decided."""
        taken: dict[str, set[str]] = {"reviewer": set(), "approver": set()}
        turns = iter(self._cases)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._agents(turns))
            for _ in range(DESKS):
                group.create_task(self._clerk())
                group.create_task(self._official("reviewer", {"outcome": "pass"}, taken["reviewer"]))
                group.create_task(self._official("approver", {"outcome": "granted"}, taken["approver"]))
        if not all(len(tasks) == len(self._cases) for tasks in taken.values()):
            raise SystemExit("P11: not every case was decided")

    async def _agents(self, turns: Any) -> None:
        await asyncio.gather(*(self._agent(turns) for _ in range(DESKS)))
        for _ in range(DESKS):
            self._submitted.put_nowait(None)

    async def _agent(self, turns: Any) -> None:
        async with Connection(self._port) as line:
            for journey in turns:
                path = f"/api{journey.case.path}"
                receipt = await self._post(line, "agent", f"{path}/submission", etag=journey.case.etag)
                self._submitted.put_nowait((path, receipt["version"]))

    async def _clerk(self) -> None:
        async with Connection(self._port) as line:
            while (received := await self._submitted.get()) is not None:
                path, version = received
                await self._post(line, "window_clerk", f"{path}/acceptance", etag=f'"{version}"')

    async def _official(self, role: str, decision: dict[str, str], taken: set[str]) -> None:
        async with Connection(self._port) as line:
            while len(taken) < len(self._cases):
                inbox = await self._ask(line, role, "GET", "/api/workflow/v1/tasks")
                if all(task["id"] in taken for task in inbox["items"]):
                    await asyncio.sleep(LOOK_SECONDS)
                for task in inbox["items"]:
                    if task["id"] not in taken:  # no other desk has it
                        taken.add(task["id"])
                        path = f"/api/workflow/v1/tasks/{task['id']}"
                        claimed = await self._post(line, role, f"{path}/claim")
                        await self._post(line, role, f"{path}/completion", decision, etag=f'"{claimed["version"]}"')

    async def _post(self, line: Connection, role: str, path: str, body: Any = None, etag: str = "") -> Any:
        headers = {"Idempotency-Key": str(uuid4())} | ({"If-Match": etag} if etag else {})
        return await self._ask(line, role, "POST", path, body, headers)

    async def _ask(
        self,
        line: Connection,
        role: str,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        content = orjson.dumps(body) if body is not None else b""
        given = {"Authorization": self._tokens[f"{role}/web"], "Content-Type": "application/json", **(headers or {})}
        status, answer = await line.ask(method, path, given, content)
        if not 200 <= status < 300:
            raise SystemExit(f"{role} {method} {path}: {status} {answer.decode()}")
        return orjson.loads(answer)
