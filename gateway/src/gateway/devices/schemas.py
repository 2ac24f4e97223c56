"""What the API says about devices that wait to be let in."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.devices.service import Asking


class UserCode(BaseModel):
    """The code that a device shows 设备代码."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"user_code": "WDJB-MJHT"}]})

    user_code: str = Field(description="设备屏幕上显示的代码，不区分大小写", min_length=1, max_length=20)


class DeviceApproval(UserCode):
    """The person's yes 同意设备登录."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_code": "WDJB-MJHT", "act": "self"}]}
    )

    act: str | None = Field(default=None, description="以谁的名义，见 /me 的 capacities；空为默认", max_length=36)


class DeviceRequestView(BaseModel):
    """A device that waits to be let in 设备登录请求."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "application": "一网通办电视端",
                    "device": "TV/1.0",
                    "network": "203.0.*.*",
                    "same_network": True,
                    "scopes": ["openid", "profile"],
                    "asked_at": "2026-03-02T01:30:00Z",
                    "expires_at": "2026-03-02T01:40:00Z",
                }
            ]
        }
    )

    application: str
    device: str = Field(description="设备自报的名称；自助终端为其名称和位置")
    network: str = Field(description="设备所在网络，只显示前一半")
    same_network: bool = Field(description="设备是否与本手机在同一网络")
    scopes: list[str] = Field(description="将取得的权限范围")
    asked_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, asking: Asking) -> "DeviceRequestView":
        """Return what a person is told of a device."""
        request = asking.request
        return cls(
            application=asking.client.name,
            device=request.device,
            network=request.network,
            same_network=asking.same_network,
            scopes=sorted(request.scopes),
            asked_at=request.asked_at,
            expires_at=request.expires_at,
        )


class DeviceAnswer(BaseModel):
    """What was decided 设备登录结果."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "approved"}]})

    state: Literal["approved", "denied"]
