"""What the API says about people."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PartyView(BaseModel):
    """A legal person 法人."""

    id: UUID
    credit_code: str = Field(description="统一社会信用代码")
    name: str


class CapacityView(BaseModel):
    """One of the capacities in which the person may act 办理身份."""

    act: str = Field(description="登录时用参数 act 选择：self 或统一社会信用代码")
    name: str
    kind: str = Field(description="staff 工作人员，agent 经办人，natural 本人")


class MeView(BaseModel):
    """Who is signed in, and for whom he acts 当前用户."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sub": "0190a5f0-0000-7000-8000-000000000001",
                    "kind": "natural",
                    "name": "周*",
                    "acr": "2",
                    "act": {
                        "id": "0190a5f0-0000-7000-8000-000000000002",
                        "credit_code": "91130371MA7001010P",
                        "name": "秦皇岛开发区山海食品有限公司",
                    },
                    "agency": None,
                    "region": None,
                    "hall": None,
                    "roles": ["agent", "natural"],
                    "client": "onestop-web",
                    "capacities": [
                        {"act": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司", "kind": "agent"},
                        {"act": "self", "name": "周*", "kind": "natural"},
                    ],
                }
            ]
        }
    )

    sub: UUID
    kind: str = Field(description="natural 自然人，staff 工作人员，system 业务系统")
    name: str = Field(description="脱敏姓名")
    acr: str = Field(description="实名级别：0 自述，1 手机，2 实名，3 当面核验")
    act: PartyView | None = Field(description="代为办理的单位")
    agency: str | None = Field(description="所在部门的统一社会信用代码")
    region: str | None
    hall: str | None
    roles: list[str]
    client: str
    capacities: list[CapacityView] = Field(description="可以选择的办理身份")


class MandateView(BaseModel):
    """A mandate 授权: for whom the person may act, in which matters, how long."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000003",
                    "legal_person": {
                        "id": "0190a5f0-0000-7000-8000-000000000002",
                        "credit_code": "91130371MA7001010P",
                        "name": "秦皇岛开发区山海食品有限公司",
                    },
                    "items": None,
                    "valid_from": "2026-01-01",
                    "valid_to": None,
                    "valid": True,
                }
            ]
        }
    )

    id: UUID
    legal_person: PartyView
    items: list[str] | None = Field(description="可办理的事项实施编码；空为全部")
    valid_from: date
    valid_to: date | None
    valid: bool = Field(description="今天是否有效")
