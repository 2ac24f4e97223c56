"""The edge as its operators see it."""

from datetime import date
from typing import Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.domain import ClientNotFound
from gateway.clients.service import read as read_client
from gateway.edge.client_use import daily_requests
from gateway.edge.rates import Rates
from gateway.edge.routes import Route
from gateway.edge.table import ROUTES
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, Who, query_router

_DAYS: Final = 31
queries = query_router(PREFIX, ["公共入口"])


class RateView(BaseModel):
    """How often requests may come 请求频率: so many at once, refilled evenly within `seconds`."""

    seconds: int
    person: int = Field(description="同一人")
    client: int = Field(description="同一应用")
    address: int = Field(description="同一网络地址")

    @classmethod
    def of(cls, rates: Rates) -> "RateView":
        """Return what is shown of rates."""
        return cls(
            seconds=rates.person.seconds,
            person=rates.person.requests,
            client=rates.client.requests,
            address=rates.address.requests,
        )


class RouteView(BaseModel):
    """One operation that passes the public door 路由."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service": "intake",
                    "method": "POST",
                    "path": "/api/intake/v1/cases/{case_id}/submission",
                    "public": False,
                    "scope": "intake:write",
                    "acr": 2,
                    "rate": {"seconds": 60, "person": 120, "client": 12000, "address": 1200},
                    "body_bytes": 1048576,
                    "seconds": 30.0,
                    "deprecated": None,
                    "sunset": None,
                }
            ]
        }
    )

    service: str = Field(description="办理的服务")
    method: str
    path: str
    public: bool = Field(description="无须登录")
    scope: str | None = Field(description="非自有应用须取得的权限范围")
    acr: int = Field(description="实名级别至少：0 自述，1 手机，2 实名，3 当面核验")
    rate: RateView
    body_bytes: int = Field(description="请求内容的字节数上限")
    seconds: float = Field(description="等待服务开始答复的秒数")
    deprecated: date | None = Field(description="自何日起不建议使用")
    sunset: date | None = Field(description="自何日起可能停用")

    @classmethod
    def of(cls, route: Route, rates: Rates) -> "RouteView":
        """Return what is shown of a route that is held to `rates`."""
        return cls(
            service=route.service,
            method=route.method,
            path=route.path,
            public=route.public,
            scope=route.scope,
            acr=route.level,
            rate=RateView.of(rates),
            body_bytes=route.body_bytes,
            seconds=route.seconds,
            deprecated=route.deprecated,
            sunset=route.sunset,
        )


class ClientDayView(BaseModel):
    """How many requests a client sent in a day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"day": "2026-03-02", "requests": 1208}]})

    day: date
    requests: int


@queries.get("/routes", summary="公共入口放行的接口")
async def list_routes(request: Request, who: Who) -> list[RouteView]:
    """Return every operation that passes, with what it asks of who comes."""
    PERMISSIONS.require(who, "route.list")
    rates = provider_of(request).admission.rates
    return [RouteView.of(route, rates[route.rate]) for route in ROUTES]


@queries.get("/clients/{client_id}/requests", summary="应用每日的请求次数", responses=errors(ClientNotFound))
async def list_client_requests(client_id: str, tx: Read) -> list[ClientDayView]:
    """Return how many requests a client sent on each of the last 31 days on which it sent any, newest first."""
    client = await read_client(tx, client_id)
    rows = await daily_requests(tx.connection, client.client_id, _DAYS)
    return [ClientDayView(day=row["day"], requests=row["requests"]) for row in rows]
