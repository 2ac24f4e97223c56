"""What svc-credit takes and gives."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from svc_credit.domain import Record, Subject

_EXAMPLE: JsonDict = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000061",
    "kind": "licence",
    "kind_name": "行政许可",
    "state": "disclosed",
    "subject": {"kind": "legal", "credit_code": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司"},
    "item_name": "食品（含保健食品）经营许可核发",
    "document_name": "准予行政许可决定书",
    "document_number": "秦开审批准字〔2026〕第000001号",
    "agency": {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
    "decided_on": "2026-03-20",
    "licence": {
        "name": "食品经营许可证",
        "number": "JY11303710000019",
        "content": "食品经营项目：预包装食品销售",
        "valid_from": "2026-03-20",
        "valid_to": "2031-03-19",
    },
    "due_on": "2026-03-31",
    "due_provisional": False,
    "disclosed_at": "2026-03-20T07:00:03Z",
    "late": False,
    "version": 1,
}


class SubjectView(BaseModel):
    """Who a record is about 行政相对人; never an identity document number."""

    kind: str
    credit_code: str | None
    name: str


class AgencyView(BaseModel):
    """The agency that decided 许可机关."""

    code: str
    name: str


class LicenceView(BaseModel):
    """The licence 许可证书."""

    name: str
    number: str
    content: str
    valid_from: date
    valid_to: date | None


class RecordView(BaseModel):
    """A credit record 信用记录 (双公示)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    kind: str
    kind_name: str
    state: str
    subject: SubjectView
    item_name: str
    document_name: str
    document_number: str
    agency: AgencyView
    decided_on: date
    licence: LicenceView | None
    due_on: date = Field(description="公示期限的最后一日（自作出决定之日起7个工作日）")
    due_provisional: bool = Field(description="期限跨入尚未公布放假安排的年份，为暂定")
    disclosed_at: datetime | None
    late: bool
    version: int

    @classmethod
    def of(cls, record: Record) -> "RecordView":
        """Return the view of `record`."""
        decision = record.decision
        licence = decision.licence
        return cls(
            id=record.id,
            kind=record.kind.value,
            kind_name=record.kind.label,
            state=record.state.value,
            subject=SubjectView(
                kind=decision.subject.kind, credit_code=decision.subject.credit_code, name=decision.subject.name
            ),
            item_name=decision.item_name,
            document_name=decision.document_name,
            document_number=decision.document_number,
            agency=AgencyView(code=decision.agency_code, name=decision.agency_name),
            decided_on=decision.decided_on,
            licence=licence
            and LicenceView(
                name=licence.name,
                number=licence.number,
                content=licence.content,
                valid_from=licence.valid_from,
                valid_to=licence.valid_to,
            ),
            due_on=record.due.day,
            due_provisional=record.due.provisional,
            disclosed_at=record.disclosed_at,
            late=record.late,
            version=record.version,
        )


class CreditFileView(BaseModel):
    """A legal person's credit file 信用档案: how many public records of each kind there are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"credit_code": "91130371MA7001010P", "name": "秦皇岛开发区山海食品有限公司", "records": {"licence": 1}}
            ]
        }
    )

    credit_code: str
    name: str
    records: dict[str, int]

    @classmethod
    def of(cls, subject: Subject, counts: dict[str, int]) -> "CreditFileView":
        """Return the view of a file."""
        return cls(credit_code=subject.credit_code or "", name=subject.name, records=counts)


class WithdrawalForm(BaseModel):
    """Why a record is taken out of public view 撤下理由."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "原许可决定已被依法撤销"}]})

    reason: str = Field(min_length=2, max_length=500)
