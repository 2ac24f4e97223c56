"""What the API says about scans."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScanView(BaseModel):
    """A screen that asks to be signed in, as its phone sees it 扫码登录."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "application": "一网通办门户",
                    "device": "Chrome · Windows",
                    "network": "203.0.*.*",
                    "same_network": True,
                    "asked_at": "2026-03-02T01:30:00Z",
                    "expires_at": "2026-03-02T01:32:00Z",
                }
            ]
        }
    )

    application: str = Field(description="登录后进入的应用；空为一网通办自己的页面")
    device: str = Field(description="对方浏览器自报的名称")
    network: str = Field(description="对方所在网络，只显示前一半")
    same_network: bool = Field(description="对方是否与本手机在同一网络")
    asked_at: datetime
    expires_at: datetime


class ScanApproval(BaseModel):
    """The person's yes, with what the screen shows 同意扫码登录."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"number": "47"}]})

    number: str = Field(description="对方屏幕上显示的两位数字；只有一次机会", pattern="^[0-9]{2}$")


class ScanAnswer(BaseModel):
    """What came of it 扫码登录结果."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "approved"}]})

    state: Literal["approved", "refused"] = Field(description="refused：已拒绝，或数字与屏幕上的不一致")
