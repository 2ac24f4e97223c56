"""The edge as its operators see it."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from gateway.edge.routes import Route
from gateway.edge.table import ROUTES
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from onestop_runtime.routing import Who, query_router

queries = query_router(PREFIX, ["公共入口"])


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
    body_bytes: int = Field(description="请求内容的字节数上限")
    seconds: float = Field(description="等待服务开始答复的秒数")
    deprecated: date | None = Field(description="自何日起不建议使用")
    sunset: date | None = Field(description="自何日起可能停用")

    @classmethod
    def of(cls, route: Route) -> "RouteView":
        """Return what is shown of a route."""
        return cls(
            service=route.service,
            method=route.method,
            path=route.path,
            public=route.public,
            scope=route.scope,
            acr=route.level,
            body_bytes=route.body_bytes,
            seconds=route.seconds,
            deprecated=route.deprecated,
            sunset=route.sunset,
        )


@queries.get("/routes", summary="公共入口放行的接口")
async def list_routes(who: Who) -> list[RouteView]:
    """Return every operation that passes, with what it asks of who comes."""
    PERMISSIONS.require(who, "route.list")
    return [RouteView.of(route) for route in ROUTES]
