"""What the API says about sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.signin.domain import Session


class SessionView(BaseModel):
    """A browser in which the person is signed in 登录会话."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a5f0-0000-7000-8000-000000000004",
                    "device": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
                    "methods": ["pwd", "otp", "mfa"],
                    "signed_in_at": "2026-03-02T01:30:00Z",
                    "expires_at": "2026-03-02T13:30:00Z",
                }
            ]
        }
    )

    id: UUID
    device: str = Field(description="浏览器自报的名称")
    methods: list[str] = Field(description="以何种方式登录（RFC 8176）")
    signed_in_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        """Return what its owner sees."""
        return cls(
            id=session.id,
            device=session.device,
            methods=list(session.methods),
            signed_in_at=session.signed_in_at,
            expires_at=session.expires_at,
        )
