"""What the API says about consents."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from gateway.consents.domain import Access


class AccessView(BaseModel):
    """What an application may have of the person 授权应用."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "archive",
                    "name": "档案管理系统",
                    "first_party": False,
                    "scopes": ["openid", "profile"],
                    "since": "2026-03-02T01:30:00Z",
                    "used_at": "2026-03-05T02:10:00Z",
                    "signed_in": True,
                }
            ]
        }
    )

    client_id: str
    name: str
    first_party: bool = Field(description="本平台自有应用")
    scopes: list[str] = Field(description="可取得的信息范围")
    since: datetime
    used_at: datetime | None = Field(description="最近一次取得信息的时间")
    signed_in: bool = Field(description="目前持有可用的令牌")

    @classmethod
    def of(cls, access: Access) -> "AccessView":
        """Return the view of an application's access."""
        return cls(
            client_id=access.client_id,
            name=access.client_name,
            first_party=access.first_party,
            scopes=sorted(access.scopes),
            since=access.since,
            used_at=access.used_at,
            signed_in=access.signed_in,
        )
