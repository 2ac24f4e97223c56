"""What somebody has done is seen by whoever reads next, in whichever service, through the gateway.

The service that is read has not heard of it yet: a lock holds its consumer back until the reader waits.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from onestop_local.browser import Api
from onestop_local.checks import COMPANY, eventually, expect
from onestop_local.journey import Journey
from onestop_local.stack import Stack

pytestmark = pytest.mark.timeout(180)


class Late:
    """A service whose consumer can commit nothing until somebody waits for it."""

    def __init__(self, stack: Stack, service: str, lock: asyncpg.Connection) -> None:
        self._metrics = stack.document["services"][service]["url"] + "/metrics"
        self._gauge = f'onestop_positions_waited_for{{service="{service}"}}'
        self._lock = lock

    async def answers(self, reading: Awaitable[httpx.Response]) -> httpx.Response:
        """Return what `reading` is answered; the consumer goes on once it waits."""
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(_of(reading))
            await eventually(self._somebody_waits, "somebody waits")
            assert not answer.done()
            await self._lock.execute("COMMIT")
        return answer.result()

    async def _somebody_waits(self) -> bool:
        async with httpx.AsyncClient() as http:
            lines = (await http.get(self._metrics)).text.splitlines()
        return any(line.startswith(self._gauge) and float(line.split()[1]) > 0 for line in lines)


async def _of(reading: Awaitable[httpx.Response]) -> httpx.Response:
    return await reading


@asynccontextmanager
async def held_back(stack: Stack, service: str) -> AsyncIterator[Late]:
    """Hold the consumer of `service` back; its tables can be read."""
    lock = await asyncpg.connect(stack.document["services"][service]["dsn"])
    try:
        await lock.execute("BEGIN; LOCK TABLE inbox IN SHARE MODE")
        yield Late(stack, service, lock)
    finally:
        await lock.close()


@pytest.fixture
async def journey(stack: Stack):
    """A case that was handed in and may be submitted."""
    async with Journey(stack) as walked:
        await walked.sign_in()
        await walked.find_item()
        await walked.open_case()
        await walked.prove_by_sharing()
        await walked.hand_in()
        for person in ("window_clerk", "reviewer", "approver"):
            await walked.api(person)
        yield walked


def about(case_id: str, answer: httpx.Response) -> list[dict[str, Any]]:
    return [one for one in expect(answer, 200, "待办")["items"] if one["case_id"] == case_id]


async def finish(worker: Api, case_id: str, position: str, outcome: str) -> httpx.Response:
    """Finish the one task of the case that `position` has brought into the worker's inbox; return the answer."""
    (task,) = about(case_id, await worker.get("/workflow/v1/tasks", position=position, prefer="wait=10", limit="100"))
    claimed = expect(await worker.post(f"/workflow/v1/tasks/{task['id']}/claim"), 200, "领取")
    form = {"outcome": outcome, "opinion": "符合条件。"}
    done = await worker.post(f"/workflow/v1/tasks/{task['id']}/completion", form, etag=f'"{claimed["version"]}"')
    expect(done, 200, "完成")
    return done


async def test_who_has_done_something_sees_it_wherever_he_reads_next(stack: Stack, journey: Journey):
    case, agent, clerk = journey.case, await journey.api("agent"), await journey.api("window_clerk")
    reviewer, approver, nobody = await journey.api("reviewer"), await journey.api("approver"), journey.nobody()

    submitted = await agent.post(f"{case.path}/submission", etag=case.etag)
    receipt = expect(submitted, 201, "提交")
    position = submitted.headers["position-token"]
    listed = await clerk.get("/intake/v1/cases", position=position, prefer="wait=0", limit="100")
    assert listed.headers["position-state"] == "reached"
    assert case.id in [one["id"] for one in listed.json()["items"]]

    async with held_back(stack, "workflow") as workflow:
        accepted = await clerk.post(f"{case.path}/acceptance", etag=f'"{receipt["version"]}"')
        expect(accepted, 200, "受理")
        position = accepted.headers["position-token"]
        inbox = "/workflow/v1/tasks"
        assert about(case.id, await reviewer.get(inbox, limit="100")) == []
        stale = await reviewer.get(inbox, position=position, prefer="wait=0, stale", limit="100")
        assert (about(case.id, stale), stale.headers["position-state"]) == ([], "stale")
        impatient = Api(stack, await journey.session("reviewer", "web"), patience=0)
        late = await impatient.get(inbox, position=position, prefer="wait=0")
        assert (late.status_code, late.json()["type"], late.headers["retry-after"]) == (
            503, "/problems/position-not-reached", "1",
        )  # fmt: skip
        await impatient.close()
        arrived = await workflow.answers(reviewer.get(inbox, position=position, prefer="wait=10", limit="100"))
    assert len(about(case.id, arrived)) == 1
    assert arrived.headers["position-state"] == "reached"

    await finish(reviewer, case.id, position, "pass")
    async with held_back(stack, "credit") as credit:
        decided = await finish(approver, case.id, position, "granted")
        position = decided.headers["position-token"]
        records = "/credit/v1/records"
        proceeding = expect(await approver.get("/workflow/v1/proceedings", case_id=case.id), 200, "办理过程")
        number = proceeding["decision"]["document_number"]
        before = expect(await nobody.get(records, credit_code=COMPANY), 200, "公示")["items"]
        assert number not in [one["document_number"] for one in before]
        disclosed = await credit.answers(nobody.get(records, position=position, prefer="wait=10", credit_code=COMPANY))
    assert number in [one["document_number"] for one in expect(disclosed, 200, "公示")["items"]]
    seen = await agent.get(case.path, position=position, prefer="wait=10")
    assert expect(seen, 200, "办件")["result"]["document_number"] == number
    identifier = proceeding["decision"]["licence"]["identifier"]
    verified = await nobody.get(f"/datashare/v1/licences/{identifier}", position=position, prefer="wait=10")
    expect(verified, 200, "证照核验")
    assert verified.headers["position-state"] == "reached"  # one token for all that one decision has told
    elsewhere = await nobody.get("/catalog/v1/items", position=position, q="食品")
    assert elsewhere.headers["position-state"] == "unrelated"
