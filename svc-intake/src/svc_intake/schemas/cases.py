"""Cases as they are shown and changed by their applicants."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from onestop_runtime.examples import example, examples
from onestop_runtime.problems import WrongField
from onestop_runtime.sql import Record
from svc_intake.domain.case import Case
from svc_intake.domain.state import State
from svc_intake.schemas.common import (
    APPLICANT,
    APPROVAL_BUREAU,
    CASE_ID,
    CASE_NUMBER,
    GUIDE_CODE,
    GUIDE_VERSION_ID,
    ITEM,
    AgencyView,
    AgentView,
    ApplicantView,
    Code,
    DeadlineView,
    Form,
    form_example,
    wrong_field,
)
from svc_intake.schemas.materials import HANDED_IN, MISSING, PROVED, MaterialView
from svc_intake.schemas.outcomes import (
    ACCEPTANCE,
    NOTICE,
    PROGRESS,
    AcceptanceView,
    DeliveryView,
    LicenceView,
    NoticeView,
    ProgressView,
    RefusalView,
    ResultView,
)
from svc_intake.service.access import Sheet

_FORM = {
    "business_name": APPLICANT["name"],
    "credit_code": APPLICANT["credit_code"],
    "business_scope": "预包装食品销售",
}
_DRAFT = {
    "id": CASE_ID,
    "version": 1,
    "state": "draft",
    "state_name": "草稿",
    "item": ITEM,
    "guide_version_id": GUIDE_VERSION_ID,
    "agency": APPROVAL_BUREAU,
    "region": "130371",
    "hall": "130371-H01",
    "applicant": APPLICANT,
    "channel": "web",
    "created_at": "2026-03-09T01:40:00Z",
    "answers": {"business_type": "sales"},
    "materials": [MISSING, PROVED],
    "form": {},
    "form_problems": [
        {"pointer": f"/form/{name}", "code": "required", "detail": f"请填写“{title}”"}
        for name, title in (
            ("business_name", "经营者名称"),
            ("credit_code", "统一社会信用代码"),
            ("business_scope", "经营项目"),
        )
    ],
}
_ACCEPTED = _DRAFT | {
    "version": 12,
    "state": "accepted",
    "state_name": "受理",
    "case_number": CASE_NUMBER,
    "materials": [HANDED_IN, PROVED],
    "form": _FORM,
    "form_problems": [],
    "submitted_at": "2026-03-09T02:00:00Z",
    "received_on": "2026-03-09",
    "answer_due": {"day": "2026-03-16", "provisional": False},
    "silence_accepts": True,
    "correction_notice": NOTICE,
    "acceptance": ACCEPTANCE,
    "progress": PROGRESS,
}


class OpenCase(Form):
    """新建申请."""

    model_config = form_example(guide_code=GUIDE_CODE, answers={"business_type": "sales"})

    guide_code: Code = Field(description="实施清单编码")
    answers: dict[Code, Code] = Field(default_factory=dict, description="问题编号 → 选项", max_length=100)
    hall: Code | None = Field(default=None, description="办理大厅；不填为办事指南列出的第一个")


class AnswerQuestions(Form):
    """回答引导问题."""

    model_config = form_example(answers={"business_type": "catering"})

    answers: dict[Code, Code] = Field(max_length=100)


class SaveForm(Form):
    """暂存申请表：可以不完整，不能有办事指南没有要求的字段."""

    model_config = form_example(form=_FORM)

    form: dict[str, Any] = Field(max_length=500)


class ItemView(BaseModel):
    """事项."""

    code: str = Field(examples=[GUIDE_CODE])
    name: str = Field(examples=[ITEM["name"]])
    type: str = Field(description="事项类型（GB/T 39046）", examples=["01"])


class CaseView(BaseModel):
    """办件."""

    model_config = examples(_ACCEPTED, _DRAFT)

    id: UUID = Field(examples=[CASE_ID])
    version: int
    state: str = Field(examples=["draft"])
    state_name: str = Field(examples=["草稿"])
    case_number: str | None = Field(default=None, examples=[CASE_NUMBER])
    item: ItemView
    guide_version_id: UUID
    agency: AgencyView
    region: str = Field(examples=["130371"])
    hall: str | None = Field(default=None, examples=["130371-H01"])
    applicant: ApplicantView
    agent: AgentView | None = Field(default=None, description="代办人；申请人自己填写的为空")
    channel: str = Field(examples=["web"])
    created_at: datetime
    answers: dict[str, str]
    materials: list[MaterialView] = Field(description="按回答需要的材料")
    form: dict[str, Any] | None = Field(default=None, description="申请表；除申请人外个人信息脱敏；POST 的应答中不含")
    form_problems: list[WrongField] = Field(default_factory=list, description="提交前还需修改的地方")
    submitted_at: datetime | None = None
    received_on: date | None = None
    answer_due: DeadlineView | None = Field(default=None, description="行政机关答复（受理、补正或不予受理）的最后一日")
    silence_accepts: bool = Field(default=False, description="逾期未答复是否视为受理")
    correction_notice: NoticeView | None = None
    acceptance: AcceptanceView | None = None
    refusal: RefusalView | None = None
    progress: ProgressView | None = None
    result: ResultView | None = None
    licence: LicenceView | None = None
    delivery: DeliveryView | None = None

    @classmethod
    def of(cls, sheet: Sheet) -> "CaseView":
        """Return the view of a case."""
        case = sheet.case
        return cls(
            **_head(case),
            materials=[
                MaterialView.of(ask, case.handed_in.get(ask.code), company=case.applicant.credit_code is not None)
                for ask in sheet.guide.asked(case.answers)
            ],
            form=sheet.form,
            form_problems=[wrong_field(error) for error in sheet.form_problems],
            **_answers(case),
            **_outcome(case),
        )


def _head(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "version": case.version,
        "state": case.state.value,
        "state_name": case.state.label,
        "case_number": case.receipt.case_number if case.receipt else None,
        "item": ItemView(code=case.item_code, name=case.item_name, type=case.item_type),
        "guide_version_id": case.guide_version_id,
        "agency": AgencyView.of(case.agency),
        "region": case.region,
        "hall": case.hall,
        "applicant": ApplicantView.of(case.applicant),
        "agent": AgentView.of(case.agent) if case.agent else None,
        "channel": case.channel,
        "created_at": case.created_at,
        "answers": case.answers,
        "submitted_at": case.receipt.submitted_at if case.receipt else None,
        "received_on": case.receipt.received_on if case.receipt else None,
    }


def _answers(case: Case) -> dict[str, Any]:
    notice, acceptance = case.notice, case.acceptance
    return {
        "answer_due": DeadlineView.of(case.answer_due) if case.answer_due else None,
        "silence_accepts": case.silence_accepts,
        "correction_notice": NoticeView.model_validate(notice, from_attributes=True) if notice else None,
        "acceptance": AcceptanceView.model_validate(acceptance, from_attributes=True) if acceptance else None,
        "refusal": RefusalView.of(case.refusal) if case.refusal else None,
    }


def _outcome(case: Case) -> dict[str, Any]:
    progress, result, licence, delivery = case.progress, case.result, case.licence, case.delivery
    return {
        "progress": ProgressView.model_validate(progress, from_attributes=True) if progress else None,
        "result": ResultView.model_validate(result, from_attributes=True) if result else None,
        "licence": LicenceView.model_validate(licence, from_attributes=True) if licence else None,
        "delivery": DeliveryView.model_validate(delivery, from_attributes=True) if delivery else None,
    }


class CaseSummary(BaseModel):
    """办件（列表）."""

    model_config = example(
        id=CASE_ID,
        version=5,
        state="submitted",
        state_name="收件",
        case_number=CASE_NUMBER,
        item_code=GUIDE_CODE,
        item_name=ITEM["name"],
        agency=APPROVAL_BUREAU,
        applicant_kind="legal",
        applicant_name=APPLICANT["name"],
        applicant_credit_code=APPLICANT["credit_code"],
        channel="web",
        created_at="2026-03-09T01:40:00Z",
        submitted_at="2026-03-09T02:00:00Z",
        answer_due={"day": "2026-03-16", "provisional": False},
        silence_accepts=True,
        outcome=None,
    )

    id: UUID
    version: int
    state: str
    state_name: str
    case_number: str | None
    item_code: str
    item_name: str
    agency: AgencyView
    applicant_kind: str
    applicant_name: str
    applicant_credit_code: str | None
    agent: AgentView | None = Field(default=None, description="代办人；申请人自己填写的为空")
    channel: str
    created_at: datetime
    submitted_at: datetime | None
    answer_due: DeadlineView | None
    silence_accepts: bool
    outcome: str | None = Field(description="granted 准予，denied 不予；未办结为空")

    @classmethod
    def of(cls, row: Record) -> "CaseSummary":
        """Return the view of a row of a list."""
        due, result = row["answer_due_on"], row["result"]
        return cls(
            id=row["id"],
            version=row["version"],
            state=row["state"],
            state_name=State(row["state"]).label,
            case_number=row["case_number"],
            item_code=row["item_code"],
            item_name=row["item_name"],
            agency=AgencyView(code=row["agency_code"], name=row["agency_name"]),
            applicant_kind=row["applicant_kind"],
            applicant_name=row["applicant_name"],
            applicant_credit_code=row["applicant_code"],
            agent=AgentView(name=row["agent_name"], agency=row["agent_agency"]) if row["agent_name"] else None,
            channel=row["channel"],
            created_at=row["created_at"],
            submitted_at=row["submitted_at"],
            answer_due=DeadlineView(day=due, provisional=row["answer_due_provisional"]) if due else None,
            silence_accepts=row["silence_accepts"],
            outcome=result["outcome"] if result else None,
        )
