"""What is shown of grants."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_legal.working_days import legal_day
from svc_datashare.grants.domain import Grant, GrantState
from svc_datashare.requests.schemas import TERMS_VIEW_EXAMPLE, TermsView


class GrantView(BaseModel):
    """共享授权."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "018f3b1c-7e4a-7c21-9a55-000000000052",
                    "resource_code": "FR-YYZZ-001",
                    "request_id": "018f3b1c-7e4a-7c21-9a55-000000000053",
                    "provider": "11130371037106669W",
                    "terms": TERMS_VIEW_EXAMPLE,
                    "given_at": "2026-01-06T01:00:00Z",
                    "state": "given",
                    "state_name": "有效",
                    "in_force": True,
                    "revoked_at": None,
                    "revoke_reason": None,
                    "version": 1,
                }
            ]
        }
    )

    id: UUID
    resource_code: str
    request_id: UUID
    provider: str
    terms: TermsView
    given_at: datetime
    state: GrantState
    state_name: str
    in_force: bool = Field(description="今天是否可以使用")
    revoked_at: datetime | None
    revoke_reason: str | None
    version: int

    @classmethod
    def of(cls, grant: Grant, now: datetime) -> "GrantView":
        """Return the view of a grant as it stands at the instant `now`."""
        return cls(
            id=grant.id,
            resource_code=grant.resource_code,
            request_id=grant.request_id,
            provider=grant.provider,
            terms=TermsView.of(grant.terms),
            given_at=grant.given_at,
            state=grant.state,
            state_name=grant.state.label,
            in_force=grant.in_force(legal_day(now)),
            revoked_at=grant.revoked_at,
            revoke_reason=grant.revoke_reason,
            version=grant.version,
        )
