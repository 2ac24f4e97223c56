"""What became of an application: notice, acceptance, refusal, progress, result, licence, delivery."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from svc_intake.domain.refusal import Refusal
from svc_intake.schemas.common import APPROVAL_BUREAU, DeadlineView

NOTICE = {
    "number": "秦开审批补字〔2026〕第000001号",
    "named_on": "2026-03-09",
    "items": [{"material_code": "M01", "reason": "申请书缺少法定代表人签字", "done": True}],
}
STATUTORY = {"day": "2026-03-24", "provisional": False}
PROMISED = {"day": "2026-03-18", "provisional": False}
ACCEPTANCE = {
    "document_number": "秦开审批受字〔2026〕第000001号",
    "accepted_on": "2026-03-10",
    "accepted_at": "2026-03-10T01:30:00Z",
    "by_silence": False,
    "seal": "秦皇岛经济技术开发区行政审批局行政审批专用章（1）",
    "authority_number": "秦开审批授〔2026〕1号",
    "statutory": STATUTORY,
    "promised": PROMISED,
}
PROGRESS = {
    "proceeding_id": "018f3b1c-7e4a-7c21-9a55-000000000023",
    "agency_code": APPROVAL_BUREAU["code"],
    "statutory": STATUTORY,
    "promised": PROMISED,
    "clock": "running",
    "next_steps": ["现场核查"],
}


class CorrectionView(BaseModel):
    """补正通知中的一处."""

    material_code: str | None = Field(default=None, examples=["M01"])
    field: str | None = None
    reason: str = Field(examples=["申请书缺少法定代表人签字"])
    done: bool = Field(description="是否已补正", examples=[False])


class NoticeView(BaseModel):
    """一次性告知补正通知."""

    number: str = Field(examples=["秦开审批补字〔2026〕第000001号"])
    named_on: date
    items: list[CorrectionView]


class AcceptanceView(BaseModel):
    """受理通知书."""

    document_number: str = Field(examples=["秦开审批受字〔2026〕第000001号"])
    accepted_on: date = Field(description="受理日，办理期限自次日起算")
    accepted_at: datetime
    by_silence: bool = Field(description="逾期未告知，依法视为受理")
    seal: str = Field(examples=["秦皇岛经济技术开发区行政审批局行政审批专用章"])
    authority_number: str | None = Field(default=None, examples=["秦开审批授〔2026〕1号"])
    statutory: DeadlineView
    promised: DeadlineView


class RefusalView(BaseModel):
    """不予受理决定书."""

    document_number: str = Field(examples=["秦开审批不受字〔2026〕第000001号"])
    kind: str = Field(examples=["not-this-organ"])
    kind_name: str = Field(examples=["依法不属于本机关职权范围"])
    document_name: str
    reason: str
    right_organ: str | None = None
    advice: str | None = None
    remedies: str
    refused_on: date

    @classmethod
    def of(cls, refusal: Refusal) -> "RefusalView":
        """Return the view of a refusal."""
        return cls(
            document_number=refusal.document_number,
            kind=refusal.kind.value,
            kind_name=refusal.kind.label,
            document_name=refusal.kind.document_name,
            reason=refusal.reason,
            right_organ=refusal.right_organ,
            advice=refusal.advice,
            remedies=refusal.remedies,
            refused_on=refusal.refused_on,
        )


class ProgressView(BaseModel):
    """审批进度."""

    proceeding_id: UUID
    agency_code: str
    statutory: DeadlineView
    promised: DeadlineView
    clock: str = Field(description="running 计时中，stopped 特别程序中，不计时")
    next_steps: tuple[str, ...] = ()


class ResultView(BaseModel):
    """办理结果."""

    outcome: str = Field(description="granted 准予，denied 不予", examples=["granted"])
    document_name: str
    document_number: str
    decided_on: date


class LicenceView(BaseModel):
    """证照."""

    id: UUID
    identifier: str
    number: str
    name: str
    valid_from: date
    valid_to: date | None
    ended: str | None = Field(default=None, description="withdrawn 撤回，annulled 撤销，cancelled 注销，revoked 吊销")


class DeliveryView(BaseModel):
    """送达."""

    means: str
    delivered_at: datetime
