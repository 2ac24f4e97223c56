"""The service with its seed, people who act, and a clock that is set."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from onestop_local.testing.client import ServiceClient
from onestop_runtime.caller import Caller, Party, system
from svc_datashare.main import SERVICE
from svc_datashare.seed import seed

MARKET, APPROVAL, DATA_BUREAU = "11130371037106669W", "11130371037100371Q", "11130371037107039Y"
COMMITTEE = "11130371037100005W"


@dataclass
class SetClock:
    """A clock that stands until it is moved; starts on Monday 2026-03-09, 10:00 in Shanghai."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 3, 9, 2, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.instant

    def forward(self, **parts: float) -> None:
        self.instant += timedelta(**parts)


def staff(agency: str, *roles: str) -> Caller:
    return Caller(sub=uuid4(), kind="staff", agency=agency, region="130371", client="web", channel="web",
                  given_roles=frozenset(roles))  # fmt: skip


def agent(company: Party) -> Caller:
    return Caller(sub=uuid4(), kind="natural", act=company, mandate=uuid4(), acr="2", client="web", channel="web")


@pytest.fixture(scope="session")
def companies() -> SimpleNamespace:
    return SimpleNamespace(
        shanhai=Party(uuid4(), "91130371MA7001010P", "秦皇岛开发区山海食品有限公司"),
        bohai=Party(uuid4(), "91130371MA70083272", "秦皇岛开发区渤海餐饮管理有限公司"),
    )


@pytest.fixture(scope="session")
def people(companies: SimpleNamespace) -> SimpleNamespace:
    """Return one caller per part that somebody plays."""
    return SimpleNamespace(
        steward=staff(MARKET, "data_steward"),
        steward_2=staff(MARKET, "data_steward"),
        admin=staff(DATA_BUREAU, "admin"),
        head=staff(APPROVAL, "head"),
        reviewer=staff(APPROVAL, "reviewer"),
        supervisor=staff(COMMITTEE, "supervisor"),
        citizen=Caller(sub=uuid4(), kind="natural", acr="2", client="web", channel="web"),
        agent=agent(companies.shanhai),
        agent_2=agent(companies.bohai),
        intake=system("svc-intake"),
        anonymous=Caller(),
    )


@pytest.fixture(scope="session")
def seed_data(people: SimpleNamespace, companies: SimpleNamespace) -> dict[str, Any]:
    """Return what the seed file of a stack holds, as far as this service reads it."""
    known = {"data_steward": people.steward, "admin": people.admin, "head": people.head}
    parties = (companies.shanhai, companies.bohai)
    return {
        "people": [
            {"key": key, "id": str(caller.sub), "appointment": {"agency": caller.agency}}
            for key, caller in known.items()
        ],
        "companies": [{"id": str(one.id), "credit_code": one.credit_code, "name": one.name} for one in parties],
    }


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def empty(service_client: Callable[..., Awaitable[ServiceClient]], clock: SetClock) -> ServiceClient:
    """Return the service with migrated, empty tables."""
    return await service_client(SERVICE, clock=clock)


@pytest.fixture
async def client(empty: ServiceClient, seed_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> ServiceClient:
    """Return the service as it is after `prepare`."""
    monkeypatch.setenv("ONESTOP_DATASHARE_FIELD_KEYS", str(empty.context.settings.field_keys))
    await seed(empty.transaction, seed_data)
    return empty


@pytest.fixture
def question() -> dict[str, Any]:
    """Return what intake asks about the demo company."""
    return {
        "credit_code": "91130371MA7001010P",
        "agency": APPROVAL,
        "item_code": "11130371037100371Q4000131001000",
        "case_id": str(UUID("018f3b1c-7e4a-7c21-9a55-000000000021")),
        "purpose": "办理行政许可时核验申请人营业执照",
    }


@pytest.fixture
def new_resource() -> dict[str, Any]:
    """Return a resource that the steward may enter; nothing in it claims what the seed's resource is the source of."""
    return {
        "code": "SP-JYXK-001",
        "name": "食品经营许可信息",
        "classification": {
            "kind": {"code": "3", "name": "部门信息资源"},
            "group": {"code": "07", "name": "市场监督管理"},
            "category": {"code": "002", "name": "食品安全监管"},
            "detail": {"code": "01", "name": "经营许可"},
            "serial": 1,
        },
        "abstract": "本区食品经营许可证的主体、项目、有效期和状态。",
        "format": "数据库 / PostgreSQL",
        "items": [
            {"key": "licence_number", "name": "许可证编号", "type": "C", "length": 20, "sensitivity": 1,
             "element": "SP.XKZBH"},
            {"key": "person_in_charge", "name": "负责人", "type": "C", "length": 50, "sensitivity": 3,
             "masking": "name"},
        ],
        "share_type": "2",
        "share_condition": "用于办理政务服务事项时核验",
        "means": "table",
        "openness": "3",
        "update_cycle": "daily",
    }  # fmt: skip
