"""Values that several answers share, and the example case they all tell about."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_legal.errors import FieldError
from onestop_legal.working_days import Deadline
from onestop_runtime.examples import example
from onestop_runtime.problems import WrongField
from svc_intake.domain.party import Agency, Agent, Applicant

CASE_ID = "018f3b1c-7e4a-7c21-9a55-000000000021"
GUIDE_CODE = "11130371037100371Q4000101001000"
GUIDE_VERSION_ID = "018f3b1c-7e4a-7c21-9a55-000000000032"
CASE_NUMBER = f"{GUIDE_CODE}202603090001"
ITEM = {"code": GUIDE_CODE, "name": "食品（含保健食品）经营许可核发", "type": "01"}
APPROVAL_BUREAU = {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"}
APPLICANT = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000011",
    "kind": "legal",
    "name": "秦皇岛开发区山海食品有限公司",
    "credit_code": "91130371MA7001010P",
}

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Form(BaseModel):
    """What a caller sends; fields we do not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def form_example(**values: Any) -> ConfigDict:
    """Return the model configuration of what a caller sends, with `values` shown in the documentation."""
    return ConfigDict(extra="forbid", frozen=True, **example(**values))


class AgencyView(BaseModel):
    """部门."""

    code: str = Field(description="统一社会信用代码", examples=[APPROVAL_BUREAU["code"]])
    name: str = Field(examples=[APPROVAL_BUREAU["name"]])

    @classmethod
    def of(cls, agency: Agency) -> "AgencyView":
        """Return the view of an agency."""
        return cls(code=agency.code, name=agency.name)


class ApplicantView(BaseModel):
    """申请人: a company by its public name and code, a person masked."""

    id: str = Field(examples=[APPLICANT["id"]])
    kind: str = Field(description="natural 自然人，legal 法人", examples=["legal"])
    name: str = Field(examples=[APPLICANT["name"]])
    credit_code: str | None = Field(default=None, examples=[APPLICANT["credit_code"]])

    @classmethod
    def of(cls, who: Applicant) -> "ApplicantView":
        """Return the view of an applicant."""
        return cls(id=str(who.id), kind=who.kind, name=who.name, credit_code=who.credit_code)


class AgentView(BaseModel):
    """代办人: who filled in the application for the applicant, masked."""

    name: str = Field(examples=["马**"])
    agency: str | None = Field(default=None, description="代办员所在单位的统一社会信用代码")

    @classmethod
    def of(cls, agent: Agent) -> "AgentView":
        """Return the view of who fills in for another one."""
        return cls(name=agent.name, agency=agent.agency)


class DeadlineView(BaseModel):
    """期限 as a legal day."""

    day: date = Field(examples=["2026-03-16"])
    provisional: bool = Field(description="是否暂定：所跨年度的放假安排尚未公布", examples=[False])

    @classmethod
    def of(cls, deadline: Deadline) -> "DeadlineView":
        """Return the view of a deadline."""
        return cls(day=deadline.day, provisional=deadline.provisional)


def wrong_field(error: FieldError) -> WrongField:
    """Return the view of one wrong place."""
    return WrongField(pointer=error.pointer, code=error.code, detail=error.detail)
