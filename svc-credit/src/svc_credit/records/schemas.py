"""What is sent and shown of records; no view has a place for the number of an identity document."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_legal.working_days import legal_day
from svc_credit.copies.repository import AgencyNow
from svc_credit.records.domain.record import Audience, Record, RecordState
from svc_credit.records.domain.rules import RecordKind

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)]
_CreditCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=18, max_length=18)]

_AGENCY = {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"}
EXAMPLE: dict[str, Any] = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000061",
    "kind": "licence",
    "kind_name": "行政许可",
    "state": "disclosed",
    "state_name": "已公示",
    "audience": "public",
    "subject": {"kind": "legal", "credit_code": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司"},
    "legal_representative": "张**",
    "item_name": "食品（含保健食品）经营许可核发",
    "document_name": "准予行政许可决定书",
    "document_number": "秦开审批准字〔2026〕第000001号",
    "category": "普通",
    "content": "食品经营项目：预包装食品销售、散装食品销售",
    "licence": {
        "name": "食品经营许可证",
        "number": "JY11303710000019",
        "content": "食品经营项目：预包装食品销售、散装食品销售",
        "valid_from": "2026-03-20",
        "valid_to": "2031-03-19",
    },
    "valid_from": "2026-03-20",
    "valid_to": "2031-03-19",
    "agency": _AGENCY,
    "source": _AGENCY,
    "decided_on": "2026-03-20",
    "due_on": "2026-03-31",
    "due_provisional": False,
    "disclosed_at": "2026-03-20T07:00:03Z",
    "late": False,
    "withdrawn_at": None,
    "withdrawal_reason": None,
    "withdrawal_due_on": None,
    "missing": [],
    "version": 2,
}


class SubjectView(BaseModel):
    """行政相对人: a company with its public code, or a person with the masked name."""

    kind: str
    credit_code: str | None
    name: str


class AgencyView(BaseModel):
    """部门."""

    code: str
    name: str


class LicenceView(BaseModel):
    """许可证书."""

    name: str
    number: str
    content: str
    valid_from: date
    valid_to: date | None


class RecordView(BaseModel):
    """信用记录, with the fields of 双公示."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    kind: RecordKind
    kind_name: str
    state: RecordState
    state_name: str
    audience: Audience = Field(description="公示范围：社会公众，或（自然人）限本人和有权机关")
    subject: SubjectView
    legal_representative: str | None = Field(description="法定代表人（脱敏）；为空表示未知或不是法人")
    item_name: str
    document_name: str = Field(description="行政许可决定文书名称")
    document_number: str = Field(description="行政许可决定文书号")
    category: str = Field(description="许可类别")
    content: str = Field(description="许可内容")
    licence: LicenceView | None = Field(description="许可证书")
    valid_from: date = Field(description="有效期自")
    valid_to: date | None = Field(description="有效期至；为空表示长期")
    agency: AgencyView = Field(description="许可机关")
    source: AgencyView = Field(description="数据来源单位")
    decided_on: date = Field(description="许可决定日期")
    due_on: date = Field(description="公示期限的最后一日")
    due_provisional: bool = Field(description="期限跨入尚未公布放假安排的年份，为暂定")
    disclosed_at: datetime | None
    late: bool = Field(description="超过期限才公示，或到期仍未公示")
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    withdrawal_due_on: date | None = Field(description="应在此日以前撤下")
    missing: list[str] = Field(description="待公示时，缺少或有误的内容")
    version: int

    @classmethod
    def of(cls, record: Record, now: datetime) -> "RecordView":
        """Return the view of a record as it stands at the instant `now`."""
        return cls(**_shown(record, now))


class RemediesView(BaseModel):
    """救济途径: where one may turn against a decision of the agency."""

    agency_name: str = Field(description="许可机关现在的名称")
    review_authority: str = Field(description="行政复议机关")
    court: str = Field(description="管辖法院")


class RecordDetail(RecordView):
    """信用记录, with where one may turn against the decision."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                EXAMPLE
                | {
                    "remedies": {
                        "agency_name": "秦皇岛经济技术开发区行政审批局",
                        "review_authority": "秦皇岛市人民政府",
                        "court": "秦皇岛市海港区人民法院",
                    }
                }
            ]
        }
    )

    remedies: RemediesView | None

    @classmethod
    def detailed(cls, record: Record, agency: AgencyNow | None, now: datetime) -> "RecordDetail":
        """Return the detailed view of a record."""
        remedies = agency and RemediesView(
            agency_name=agency.name, review_authority=agency.review_authority, court=agency.court
        )
        return cls(**_shown(record, now), remedies=remedies)


class Completion(BaseModel):
    """What a pending record lacks."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"document_number": "秦开审批准字〔2026〕第000001号"}]}
    )

    credit_code: _CreditCode | None = None
    document_number: _Text | None = None
    content: _LongText | None = None
    certificate_number: _Text | None = None


class Withdrawal(BaseModel):
    """Why and since when a record may no longer be public."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "原许可决定已被依法撤销", "revoked_on": "2026-05-01"}]},
    )

    reason: _LongText = Field(description="撤下理由")
    revoked_on: date | None = Field(default=None, description="原决定被撤销的日期；为空表示今天")


def _shown(record: Record, now: datetime) -> dict[str, Any]:
    licensed = record.licensed
    agency = AgencyView(code=record.agency.code, name=record.agency.name)
    return {
        "id": record.id,
        "kind": record.kind,
        "kind_name": record.kind.label,
        "state": record.state,
        "state_name": record.state.label,
        "audience": record.audience,
        "subject": SubjectView(
            kind=record.subject.kind, credit_code=record.subject.credit_code, name=record.subject.shown_name
        ),
        "legal_representative": licensed.legal_representative,
        "item_name": record.item_name,
        "document_name": licensed.document_name,
        "document_number": licensed.document_number,
        "category": licensed.category,
        "content": licensed.content,
        "licence": _licence(record),
        "valid_from": licensed.valid_from,
        "valid_to": licensed.valid_to,
        "agency": agency,
        "source": agency,
        "decided_on": record.decided_on,
        "due_on": record.due.day,
        "due_provisional": record.due.provisional,
        "disclosed_at": record.disclosed_at,
        "late": record.is_late(legal_day(now)),
        "withdrawn_at": record.withdrawn_at,
        "withdrawal_reason": record.withdrawal_reason,
        "withdrawal_due_on": record.withdrawal_due_on,
        "missing": list(record.missing) if record.state is RecordState.PENDING else [],
        "version": record.version,
    }


def _licence(record: Record) -> LicenceView | None:
    licensed = record.licensed
    if not licensed.certificate_number:
        return None
    return LicenceView(
        name=licensed.certificate_name or licensed.document_name,
        number=licensed.certificate_number,
        content=licensed.content,
        valid_from=licensed.valid_from,
        valid_to=licensed.valid_to,
    )
