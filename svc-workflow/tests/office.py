"""An office for tests: who works there, what reaches it, and how to look at what it did."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from onestop_messages.base import Event
from onestop_runtime.caller import Caller
from onestop_runtime.inbox import Message
from svc_workflow.consumers import SUBSCRIPTIONS

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
API = "/api/workflow/v1"
AGENCY = "11130371037100371Q"
ACCEPTED = "cn.onestop.intake.case.accepted.v1"
COMPANY = UUID("018f3b1c-7e4a-7c21-9a55-000000000011")
START = datetime(2026, 3, 10, 1, 30, tzinfo=UTC)
Open = Callable[..., Awaitable[Any]]


def staff(role: str, agency: str = AGENCY) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, given_roles=frozenset({role}))


REVIEWER, INSPECTOR, INSPECTOR_2 = staff("reviewer"), staff("inspector"), staff("inspector")
APPROVER, HEAD = staff("approver"), staff("head")
STRANGER = staff("reviewer", "11130371037106669W")


class Moment:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def example(event: str, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / event / f"{name}.json").read_text())
    return loaded


async def deliver(client: Any, event_type: str, data: dict[str, Any], within: Any = None) -> None:
    """Apply an event, in a transaction of its own or `within` one that is open."""
    handlers = {name: handler for s in SUBSCRIPTIONS for name, handler in s.handlers.items()}
    async with contextlib.nullcontext(within) if within else client.transaction() as tx:
        await handlers[event_type](tx, Message("t", uuid4(), 1, event_type, "id", START, data))


async def accept(client: Any, **changes: Any) -> str:
    data = example("case.accepted.v1", "food-business-licence") | {"case_id": str(uuid4())} | changes
    await deliver(client, ACCEPTED, data)
    return str(data["case_id"])


async def inbox(client: Any, who: Caller) -> list[dict[str, Any]]:
    answer = await client.as_(who).get(f"{API}/tasks")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def finish(client: Any, who: Caller, **form: Any) -> Any:
    """Claim the only open task of `who` and complete it."""
    (task,) = await inbox(client, who)
    claimed = await client.as_(who).post(f"{API}/tasks/{task['id']}/claim")
    assert claimed.status_code == 200, claimed.text
    return await client.as_(who).post(
        f"{API}/tasks/{task['id']}/completion", json=form, headers={"If-Match": claimed.headers["etag"]}
    )


async def events(client: Any, model: type[Event]) -> list[Any]:
    rows = await client.context.pool.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY id", model.TYPE)
    return [model.model_validate_json(row["payload"]) for row in rows]


async def proceeding_of(client: Any, case_id: str, who: Caller = HEAD) -> dict[str, Any]:
    answer = await client.as_(who).get(f"{API}/proceedings", params={"case_id": case_id})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown
