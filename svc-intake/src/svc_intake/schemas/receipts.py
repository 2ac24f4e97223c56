"""Receipts, timelines, documents, evidence: what tells an applicant how his case stands."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from onestop_runtime.examples import example
from onestop_runtime.sql import Record
from svc_intake.domain.document import Series
from svc_intake.domain.evidence import Evidence
from svc_intake.schemas.cases import ItemView
from svc_intake.schemas.common import (
    APPROVAL_BUREAU,
    CASE_ID,
    CASE_NUMBER,
    ITEM,
    AgencyView,
    Code,
    DeadlineView,
    Form,
    form_example,
)
from svc_intake.service.proving import Proved
from svc_intake.service.submission import Received


class ReceivedMaterialView(BaseModel):
    """收到的材料."""

    code: str
    name: str
    via: str = Field(description="upload 申请人提交，exchange 共享核验")
    sha256: str | None


class ReceiptView(BaseModel):
    """收件凭证."""

    model_config = example(
        case_id=CASE_ID,
        version=6,
        state="submitted",
        case_number=CASE_NUMBER,
        item=ITEM,
        agency=APPROVAL_BUREAU,
        hall="130371-H01",
        submitted_at="2026-03-09T02:00:00Z",
        received_on="2026-03-09",
        answer_due={"day": "2026-03-16", "provisional": False},
        silence_accepts=True,
        materials=[{"code": "M02", "name": "营业执照", "via": "exchange", "sha256": None}],
    )

    case_id: UUID
    version: int
    state: str
    case_number: str = Field(description="收件编号：实施清单编码 + 日期 + 当日序号")
    item: ItemView
    agency: AgencyView
    hall: str | None
    submitted_at: datetime
    received_on: date = Field(description="收件日（北京时间）")
    answer_due: DeadlineView = Field(description="行政机关答复的最后一日（行政许可法第三十二条）")
    silence_accepts: bool = Field(description="逾期未答复，是否自收件日起视为受理")
    materials: list[ReceivedMaterialView]

    @classmethod
    def of(cls, received: Received) -> "ReceiptView":
        """Return the view of a receipt."""
        case, receipt = received.case, received.receipt
        return cls(
            case_id=case.id,
            version=case.version,
            state=case.state.value,
            case_number=receipt.case_number,
            item=ItemView(code=case.item_code, name=case.item_name, type=case.item_type),
            agency=AgencyView.of(case.agency),
            hall=case.hall,
            submitted_at=receipt.submitted_at,
            received_on=receipt.received_on,
            answer_due=DeadlineView.of(receipt.answer_due),
            silence_accepts=receipt.silence_accepts,
            materials=[
                ReceivedMaterialView(code=one.code, name=one.name, via=one.via, sha256=one.sha256)
                for one in receipt.materials
            ],
        )


class TimelineEntryView(BaseModel):
    """办理进度中的一条."""

    at: datetime
    happening: str
    title: str
    text: str
    detail: dict[str, Any]


class TimelineView(BaseModel):
    """办理进度，由早到晚."""

    model_config = example(
        items=[
            {
                "at": "2026-03-09T02:00:00Z",
                "happening": "submitted",
                "title": "已收件",
                "text": f"收件编号 {CASE_NUMBER}。",
                "detail": {"case_number": CASE_NUMBER},
            }
        ]
    )

    items: list[TimelineEntryView]

    @classmethod
    def of(cls, rows: list[Record]) -> "TimelineView":
        """Return the view of a history."""
        return cls(items=[TimelineEntryView(**dict(row)) for row in rows])


class DocumentView(BaseModel):
    """文书."""

    kind: str = Field(description="acceptance 受理，correction 补正，refusal 不予受理")
    number: str
    dated: date
    issued_at: datetime
    agency_code: str
    content: dict[str, Any]


class DocumentsView(BaseModel):
    """一个办件的文书."""

    model_config = example(
        items=[
            {
                "kind": "correction",
                "number": "秦开审批补字〔2026〕第000001号",
                "dated": "2026-03-09",
                "issued_at": "2026-03-09T06:00:00Z",
                "agency_code": APPROVAL_BUREAU["code"],
                "content": {"items": [{"material_code": "M01", "reason": "申请书缺少法定代表人签字"}]},
            }
        ]
    )

    items: list[DocumentView]

    @classmethod
    def of(cls, rows: list[Record]) -> "DocumentsView":
        """Return the view of a case's documents."""
        return cls(
            items=[
                DocumentView(
                    kind=Series(row["series"]).value,
                    number=row["number"],
                    dated=row["dated"],
                    issued_at=row["issued_at"],
                    agency_code=row["agency_code"],
                    content=row["content"],
                )
                for row in rows
            ]
        )


class AskForEvidence(Form):
    """请求共享核验."""

    model_config = form_example(resource="FR-YYZZ-001")

    resource: Code = Field(description="共享数据资源编码")


class EvidenceView(BaseModel):
    """共享核验结果（已脱敏）."""

    model_config = example(
        id="018f3b1c-7e4a-7c21-9a55-000000000061",
        case_id=CASE_ID,
        version=4,
        resource="FR-YYZZ-001",
        material_codes=["M02"],
        fields={"name": "秦皇岛开发区山海食品有限公司", "legal_representative": "王*"},
        access_id="018f3b1c-7e4a-7c21-9a55-000000000062",
        answered_at="2026-03-09T01:50:00Z",
    )

    id: UUID
    case_id: UUID
    version: int
    resource: str
    material_codes: list[str] = Field(description="由此免交的材料")
    fields: dict[str, Any]
    access_id: str | None = Field(description="数据访问记录编号，数据主体可据此查询")
    answered_at: datetime

    @classmethod
    def of(cls, proved: Proved) -> "EvidenceView":
        """Return the view of an evidence."""
        return cls.at(proved.evidence, proved.case.id, proved.case.version)

    @classmethod
    def at(cls, evidence: Evidence, case_id: UUID, version: int) -> "EvidenceView":
        """Return the view of an evidence of a case."""
        return cls(
            id=evidence.id,
            case_id=case_id,
            version=version,
            resource=evidence.resource,
            material_codes=list(evidence.material_codes),
            fields=dict(evidence.fields),
            access_id=evidence.access_id,
            answered_at=evidence.answered_at,
        )


class EvidenceList(BaseModel):
    """一个办件的共享核验结果."""

    items: list[EvidenceView]
