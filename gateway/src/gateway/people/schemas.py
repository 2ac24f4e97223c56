"""What the API says about people."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PartyView(BaseModel):
    """Whom somebody acts for: a legal person 法人, or another natural one."""

    id: UUID
    kind: str = Field(description="legal 单位，natural 个人")
    credit_code: str | None = Field(description="单位的统一社会信用代码")
    name: str = Field(description="单位名称，或个人的脱敏姓名")


class CapacityView(BaseModel):
    """One of the capacities in which the person may act 办理身份."""

    act: str = Field(description="登录时用参数 act 选择：self、统一社会信用代码，或被代理人的编号")
    name: str
    kind: str = Field(
        description="staff 工作人员，representative 法定代表人，agent 经办人，proxy 代理个人，natural 本人"
    )


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
                        "kind": "legal",
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
    act: PartyView | None = Field(description="代为办理的单位或个人")
    agency: str | None = Field(description="所在部门的统一社会信用代码")
    region: str | None
    hall: str | None
    roles: list[str]
    client: str
    capacities: list[CapacityView] = Field(description="可以选择的办理身份")
