"""What is shown of the ledger."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from svc_datashare.accesses.domain import Access, Outcome
from svc_datashare.schemas import AgencyView


class AccessView(BaseModel):
    """访问记录: who looked, for whom, in which case, at which fields, what for, when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "018f3b1c-7e4a-7c21-9a55-000000000054",
                    "at": "2026-03-09T02:00:00Z",
                    "resource_code": "FR-YYZZ-001",
                    "resource_name": "企业营业执照信息",
                    "provider": "11130371037106669W",
                    "subject_kind": "legal",
                    "subject_credit_code": "91130371MA7001010P",
                    "consumer": {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
                    "service": "svc-intake",
                    "actor": None,
                    "case_id": "018f3b1c-7e4a-7c21-9a55-000000000021",
                    "item_code": "11130371037100371Q4000101001000",
                    "purpose": "办理行政许可时核验申请人营业执照",
                    "fields": ["credit_code", "name", "legal_representative", "state"],
                    "unmasked_fields": [],
                    "grant_id": "018f3b1c-7e4a-7c21-9a55-000000000052",
                    "outcome": "answered",
                    "outcome_name": "已提供",
                    "refusal": None,
                }
            ]
        }
    )

    id: UUID
    at: datetime
    resource_code: str
    resource_name: str
    provider: str = Field(description="数源部门")
    subject_kind: str
    subject_credit_code: str | None
    consumer: AgencyView = Field(description="为哪个部门查询")
    service: str = Field(description="查询的系统")
    actor: UUID | None = Field(description="操作人（内部编号）")
    case_id: UUID
    item_code: str
    purpose: str
    fields: list[str] = Field(description="提供的数据项；被拒绝时为请求的数据项")
    unmasked_fields: list[str] = Field(description="其中未脱敏的数据项")
    grant_id: UUID | None
    outcome: Outcome
    outcome_name: str
    refusal: str | None = Field(description="拒绝的原因")

    @classmethod
    def of(cls, access: Access) -> "AccessView":
        """Return the view of a record."""
        plain = ("id", "at", "resource_code", "resource_name", "provider", "subject_kind", "subject_credit_code",
                 "service", "actor", "case_id", "item_code", "purpose", "grant_id", "outcome", "refusal")  # fmt: skip
        return cls(
            consumer=AgencyView(code=access.consumer, name=access.consumer_name),
            fields=list(access.fields),
            unmasked_fields=list(access.unmasked_fields),
            outcome_name=access.outcome.label,
            **{name: getattr(access, name) for name in plain},
        )
