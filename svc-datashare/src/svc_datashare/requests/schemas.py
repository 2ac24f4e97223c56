"""What is sent and shown of requests."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_legal.working_days import legal_day
from svc_datashare.requests.domain.limits import Step
from svc_datashare.requests.domain.request import RequestState, Terms
from svc_datashare.requests.service import Dated
from svc_datashare.resources.domain.metadata import ShareType
from svc_datashare.resources.domain.resource import Agency
from svc_datashare.schemas import AgencyView, Form, Key, LongText, ResourceCode, Text

_ItemCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
_System = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,49}$")]

_TERMS: dict[str, Any] = {
    "service": "svc-intake",
    "item_codes": ["11130371037100371Q4000101001000"],
    "fields": ["credit_code", "name", "legal_representative", "state"],
    "unmasked_fields": [],
    "purpose": "办理行政许可时核验申请人营业执照",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
}


class NewRequest(Form):
    """A request for a resource, made for the caller's own agency."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "resource_code": "FR-YYZZ-001",
                    "basis": "《中华人民共和国行政许可法》第三十一条、《政务数据共享条例》",
                    **_TERMS,
                }
            ]
        }
    )

    resource_code: ResourceCode
    service: _System = Field(description="将要调用的系统", examples=["svc-intake"])
    item_codes: list[_ItemCode] | None = Field(
        default=None, min_length=1, max_length=1000, description="用于哪些事项（实施编码）；为空表示本部门全部事项"
    )
    fields: list[Key] = Field(min_length=1, max_length=500, description="需要的数据项，以履职必需为限")
    unmasked_fields: list[Key] = Field(default_factory=list, max_length=500, description="其中需要不脱敏的数据项")
    purpose: Text = Field(description="使用目的；调用时须如实填写相同的目的")
    basis: LongText = Field(description="履职依据")
    valid_from: date
    valid_to: date

    def terms(self, consumer: Agency) -> Terms:
        """Return the domain's form of it."""
        return Terms(
            consumer=consumer,
            service=self.service,
            item_codes=None if self.item_codes is None else frozenset(self.item_codes),
            fields=tuple(dict.fromkeys(self.fields)),
            unmasked_fields=tuple(dict.fromkeys(self.unmasked_fields)),
            purpose=self.purpose,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class TermsView(BaseModel):
    """What is asked for or granted."""

    consumer: AgencyView
    service: str
    item_codes: list[str] | None
    fields: list[str]
    unmasked_fields: list[str]
    purpose: str
    valid_from: date
    valid_to: date

    @classmethod
    def of(cls, terms: Terms) -> "TermsView":
        """Return the view of terms."""
        return cls(
            consumer=AgencyView.of(terms.consumer),
            service=terms.service,
            item_codes=None if terms.item_codes is None else sorted(terms.item_codes),
            fields=list(terms.fields),
            unmasked_fields=list(terms.unmasked_fields),
            purpose=terms.purpose,
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
        )


TERMS_VIEW_EXAMPLE: dict[str, Any] = {
    **_TERMS,
    "consumer": {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
}


class DueView(BaseModel):
    """Until when the open step has to be done."""

    on: date
    provisional: bool = Field(description="暂定：所跨年度的放假安排尚未公布")
    late: bool
    days: int = Field(description="工作日")
    source: str = Field(description="时限依据")


class RequestView(BaseModel):
    """共享申请."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "018f3b1c-7e4a-7c21-9a55-000000000053",
                    "resource_code": "FR-YYZZ-001",
                    "share_type": "2",
                    "provider": {"code": "11130371037106669W", "name": "秦皇岛经济技术开发区市场监督管理局"},
                    "authority": "11130371037107039Y",
                    "terms": TERMS_VIEW_EXAMPLE,
                    "basis": "《中华人民共和国行政许可法》第三十一条、《政务数据共享条例》",
                    "received_at": "2026-01-05T01:00:00Z",
                    "state": "pending",
                    "state_name": "待审核",
                    "step": "provider",
                    "step_name": "提供部门答复",
                    "due": {
                        "on": "2026-01-19",
                        "provisional": False,
                        "late": False,
                        "days": 10,
                        "source": "《政务数据共享条例》（国务院令第809号）",
                    },
                    "reason": None,
                    "grant_id": None,
                    "version": 2,
                }
            ]
        }
    )

    id: UUID
    resource_code: str
    share_type: ShareType
    provider: AgencyView
    authority: str
    terms: TermsView
    basis: str
    received_at: datetime
    state: RequestState
    state_name: str
    step: Step | None = Field(description="由谁办理")
    step_name: str | None
    due: DueView | None
    reason: str | None = Field(description="退回或失效的理由")
    grant_id: UUID | None = Field(description="同意后给予的授权")
    version: int

    @classmethod
    def of(cls, dated: Dated, now: datetime) -> "RequestView":
        """Return the view of a request as it stands at the instant `now`."""
        request, due = dated.request, dated.due
        return cls(
            id=request.id,
            resource_code=request.resource_code,
            share_type=request.share_type,
            provider=AgencyView.of(request.provider),
            authority=request.authority,
            terms=TermsView.of(request.terms),
            basis=request.basis,
            received_at=request.received_at,
            state=request.state,
            state_name=request.state.label,
            step=request.step,
            step_name=request.step.label if request.step else None,
            due=due
            and DueView(
                on=due.deadline.day,
                provisional=due.deadline.provisional,
                late=due.is_late(legal_day(now)),
                days=due.rule.days,
                source=due.rule.source,
            ),
            reason=request.reason,
            grant_id=request.grant_id,
            version=request.version,
        )
