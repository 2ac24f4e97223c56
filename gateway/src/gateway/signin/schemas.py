"""What the API says about sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SessionView(BaseModel):
    """A browser in which the person is signed in 登录会话."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000004",
                    "device": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
                    "signed_in_at": "2026-03-02T01:30:00Z",
                    "expires_at": "2026-03-02T13:30:00Z",
                }
            ]
        }
    )

    id: UUID
    device: str = Field(description="浏览器自报的名称")
    signed_in_at: datetime
    expires_at: datetime
