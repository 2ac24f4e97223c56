"""The service, people who act, a clock that is set, and decisions to tell it of."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import Caller, Party
from onestop_runtime.inbox import Applier, Message
from svc_credit.main import SERVICE

EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"
APPROVAL, MARKET, COMMITTEE = "11130371037100371Q", "11130371037106669W", "11130371037100005W"
TYPES = {
    "decision.made": ("onestop.workflow.proceeding", "cn.onestop.workflow.decision.made.v1"),
    "agency.changed": ("onestop.catalog.agency", "cn.onestop.catalog.agency.changed.v1"),
    "calendar.changed": ("onestop.catalog.calendar", "cn.onestop.catalog.calendar.changed.v1"),
}

Tell = Callable[..., Awaitable[None]]


@dataclass
class SetClock:
    """A clock that stands until it is moved; starts on Friday 2026-03-20, 15:00 in Shanghai, a decision's instant."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 3, 20, 7, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.instant

    def forward(self, **parts: float) -> None:
        self.instant += timedelta(**parts)


def load(event: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / f"{event}.v1" / f"{name}.json").read_text())
    return found


def staff(agency: str, *roles: str) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, region="130371", client="web", channel="web",
                  given_roles=frozenset(roles))  # fmt: skip


@pytest.fixture(scope="session")
def people() -> SimpleNamespace:
    """Return one caller per part that somebody plays; the companies are those of the examples."""
    shanhai = Party(UUID(load("decision.made", "granted")["applicant"]["id"]), "91130371MA7001010P", "山海食品")
    bohai = Party(uuid4(), "91130371MA70083272", "渤海餐饮")
    return SimpleNamespace(
        agent=Caller(sub=uuid4(), kind="natural", act=shanhai, mandate=uuid4(), client="web", channel="web"),
        agent_2=Caller(sub=uuid4(), kind="natural", act=bohai, mandate=uuid4(), client="web", channel="web"),
        citizen=Caller(sub=uuid4(), kind="natural", client="web", channel="web"),
        citizen_2=Caller(sub=uuid4(), kind="natural", client="web", channel="web"),
        head=staff(APPROVAL, "head"),
        reviewer=staff(APPROVAL, "reviewer"),
        other_head=staff(MARKET, "head"),
        supervisor=staff(COMMITTEE, "supervisor"),
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def client(service_client: Callable[..., Awaitable[ServiceClient]], clock: SetClock) -> ServiceClient:
    """Return the service with migrated tables and the published calendar of 2026."""
    opened = await service_client(SERVICE, clock=clock)
    await told(opened, "calendar.changed", load("calendar.changed", "published-2026"))
    return opened


@pytest.fixture
def granted() -> Callable[..., dict[str, Any]]:
    """Return a function that makes a granted decision of its own, changed as asked."""

    def make(**changes: Any) -> dict[str, Any]:
        return load("decision.made", "granted") | {"decision_id": str(uuid4()), "case_id": str(uuid4())} | changes

    return make


@pytest.fixture
def tell(client: ServiceClient) -> Tell:
    """Return a function that delivers an event the way the consumer gets it."""

    async def deliver(event: str, data: dict[str, Any], *, key: UUID | None = None, sequence: int = 1) -> None:
        await told(client, event, data, key=key, sequence=sequence)

    return deliver


async def told(
    client: ServiceClient, event: str, data: dict[str, Any], *, key: UUID | None = None, sequence: int = 1
) -> None:
    topic, event_type = TYPES[event]
    message = Message(topic, key or uuid4(), sequence, event_type, str(uuid4()), client.context.clock(), data)
    await Applier(client.context).take(message)
    assert await client.context.pool.fetch("SELECT error FROM dead_letter") == []
