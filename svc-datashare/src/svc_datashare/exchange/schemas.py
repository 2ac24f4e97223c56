"""What is sent to and shown by the exchange."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_legal.credit_code import CreditCode, InvalidCreditCode
from onestop_legal.errors import FieldError, FieldErrors
from svc_datashare.exchange.service import Answer, Question
from svc_datashare.schemas import AgencyView, Form, Key, Text

_Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class ExchangeQuestion(Form):
    """A question about a company, asked for one case."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "credit_code": "91130371MA7001010P",
                    "agency": "11130371037100371Q",
                    "item_code": "11130371037100371Q4000101001000",
                    "case_id": "018f3b1c-7e4a-7c21-9a55-000000000021",
                    "purpose": "办理行政许可时核验申请人营业执照",
                }
            ]
        }
    )

    credit_code: _Code = Field(description="被查询企业的统一社会信用代码")
    agency: _Code = Field(description="为哪个部门的办件查询（统一社会信用代码）")
    item_code: _Code = Field(description="办件所属事项的实施编码")
    case_id: UUID = Field(description="办件")
    purpose: Text = Field(description="使用目的，须与授权一致")
    fields: list[Key] = Field(default_factory=list, max_length=500, description="需要的数据项；为空表示授权的全部")
    unmasked_fields: list[Key] = Field(
        default_factory=list, max_length=500, description="需要不脱敏的数据项；须有授权，并留审计记录"
    )
    actor: UUID | None = Field(default=None, description="操作人（内部编号）")

    def question(self) -> Question:
        """Return the domain's form of it; raises `FieldErrors` for a wrong credit code."""
        try:
            subject = CreditCode.parse(self.credit_code)
        except InvalidCreditCode as error:
            raise FieldErrors([FieldError("/credit_code", error.slug, error.detail)]) from error
        return Question(
            subject=subject,
            consumer=self.agency,
            case_id=self.case_id,
            item_code=self.item_code,
            purpose=self.purpose,
            fields=tuple(dict.fromkeys(self.fields)),
            unmasked_fields=tuple(dict.fromkeys(self.unmasked_fields)),
            actor=self.actor,
        )


class ExchangeAnswer(BaseModel):
    """What the source says, masked by default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_id": "018f3b1c-7e4a-7c21-9a55-000000000054",
                    "resource_code": "FR-YYZZ-001",
                    "resource_name": "企业营业执照信息",
                    "provider": {"code": "11130371037106669W", "name": "秦皇岛经济技术开发区市场监督管理局"},
                    "grant_id": "018f3b1c-7e4a-7c21-9a55-000000000052",
                    "answered_at": "2026-03-09T02:00:00Z",
                    "fields": {
                        "credit_code": "91130371MA7001010P",
                        "name": "秦皇岛开发区山海食品有限公司",
                        "legal_representative": "周**",
                        "state": "active",
                    },
                    "masked": ["legal_representative"],
                }
            ]
        }
    )

    access_id: UUID = Field(description="访问记录编号，被查询的企业可以看到这条记录")
    resource_code: str
    resource_name: str
    provider: AgencyView = Field(description="数源部门")
    grant_id: UUID
    answered_at: datetime
    fields: dict[str, Any] = Field(description="数据项")
    masked: list[str] = Field(description="其中已脱敏的数据项")

    @classmethod
    def of(cls, answer: Answer) -> "ExchangeAnswer":
        """Return the view of an answer."""
        return cls(
            access_id=answer.access.id,
            resource_code=answer.resource.code,
            resource_name=answer.resource.metadata.name,
            provider=AgencyView.of(answer.resource.provider),
            grant_id=answer.grant_id,
            answered_at=answer.access.at,
            fields=answer.data,
            masked=list(answer.masked),
        )
