"""What the API says about records."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.audit_verbs import described
from gateway.records.domain import Record


class ClientNamed(BaseModel):
    """An application 应用."""

    client_id: str
    name: str | None


class RecordView(BaseModel):
    """A record 记录: who did what, when, through what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "at": "2026-03-02T01:30:00Z",
                    "verb": "mandate.given",
                    "text": "授权生效",
                    "key": "0190a5f0-0000-7000-8000-000000000003",
                    "by_oneself": False,
                    "actor_kind": "staff",
                    "acting_for": None,
                    "agency": "11130371037107039Y",
                    "client": {"client_id": "onestop-hall", "name": "综合窗口受理系统"},
                    "channel": "window",
                    "detail": {"confirmation": "window", "evidence": "identity-card"},
                }
            ]
        }
    )

    at: datetime
    verb: str
    text: str = Field(description="事项说明")
    key: UUID = Field(description="所涉对象的编号")
    by_oneself: bool = Field(description="是否本人所为")
    actor_kind: str = Field(description="natural 个人，staff 工作人员，system 系统，anonymous 未知")
    acting_for: UUID | None = Field(description="以谁的名义")
    agency: str | None = Field(description="办理部门的统一社会信用代码")
    client: ClientNamed | None = Field(description="所涉或所用的应用")
    channel: str
    detail: dict[str, object] | None

    @classmethod
    def of(cls, record: Record, person_id: UUID) -> "RecordView":
        """Return the view of a record that concerns a person."""
        named = ClientNamed(client_id=record.client_id, name=record.client_name) if record.client_id else None
        return cls(
            at=record.at,
            verb=record.verb,
            text=described(record.verb),
            key=record.key,
            by_oneself=record.actor == person_id,
            actor_kind=record.actor_kind,
            acting_for=record.acting_for,
            agency=record.agency,
            client=named,
            channel=record.channel,
            detail=dict(record.detail) if record.detail else None,
        )
