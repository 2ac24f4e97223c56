"""What the API says about linked identities."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class IdentityView(BaseModel):
    """An identity of another provider that a person may sign in with 第三方身份."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000006",
                    "provider": "hebei",
                    "provider_name": "河北省统一身份认证平台",
                    "linked_by_person": False,
                    "linked_at": "2026-03-02T01:30:00Z",
                    "used_at": "2026-03-09T06:12:00Z",
                }
            ]
        }
    )

    id: UUID
    provider: str = Field(description="身份平台的标识")
    provider_name: str = Field(description="身份平台的名称")
    linked_by_person: bool = Field(description="由本人关联；否则是按实名核验的身份号码自动关联")
    linked_at: datetime
    used_at: datetime = Field(description="最近一次用它登录的时间")
