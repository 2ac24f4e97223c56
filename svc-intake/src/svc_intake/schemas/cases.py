"""Cases as they are shown and changed by their applicants."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from onestop_legal.codes import MaterialNeed
from onestop_runtime.problems import WrongField
from onestop_runtime.sql import Record
from svc_intake.domain.case import Case
from svc_intake.domain.material import Ask, HandedIn
from svc_intake.domain.refusal import Refusal
from svc_intake.domain.state import State
from svc_intake.schemas.common import (
    CASE_ID,
    CASE_NUMBER,
    GUIDE_CODE,
    AgencyView,
    AgentView,
    ApplicantView,
    Code,
    DeadlineView,
    Form,
    example,
    form_example,
    wrong_field,
)
from svc_intake.service.access import Sheet

FORM_EXAMPLE = {"business_name": "秦皇岛开发区山海食品有限公司", "business_scope": "预包装食品销售"}


class OpenCase(Form):
    """新建申请."""

    model_config = form_example(guide_code=GUIDE_CODE, answers={"business_form": "sales"})

    guide_code: Code = Field(description="实施清单编码")
    answers: dict[Code, Code] = Field(default_factory=dict, description="问题编号 → 选项", max_length=100)
    hall: Code | None = Field(default=None, description="办理大厅；不填为办事指南列出的第一个")


class AnswerQuestions(Form):
    """回答引导问题."""

    model_config = form_example(answers={"business_form": "catering"})

    answers: dict[Code, Code] = Field(max_length=100)


class SaveForm(Form):
    """暂存申请表：可以不完整，不能有办事指南没有要求的字段."""

    model_config = form_example(form=FORM_EXAMPLE)

    form: dict[str, Any] = Field(max_length=500)


class ItemView(BaseModel):
    """事项."""

    code: str = Field(examples=[GUIDE_CODE])
    name: str = Field(examples=["食品（含保健食品）经营许可核发"])
    type: str = Field(description="事项类型（GB/T 39046）", examples=["01"])


class MaterialView(BaseModel):
    """申请材料，以及提交情况."""

    code: str = Field(examples=["M02"])
    name: str = Field(examples=["营业执照"])
    need: str = Field(description="1 必要，2 非必要，3 容缺后补", examples=["1"])
    need_name: str = Field(examples=["必要"])
    form: str = Field(description="electronic 电子，original 原件", examples=["electronic"])
    media_types: tuple[str, ...] = Field(examples=[["application/pdf"]])
    max_bytes: int = Field(examples=[20971520])
    note: str | None = None
    shared_by: str | None = Field(default=None, description="可核验该材料的共享数据资源", examples=["FR-YYZZ-001"])
    covered_by_sharing: bool = Field(description="可由数据共享核验，申请人无需提交", examples=[True])
    state: Literal["missing", "handed_in", "proved"] = Field(
        description="proved：已由共享数据核验", examples=["proved"]
    )
    file_name: str | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, ask: Ask, given: HandedIn | None, *, company: bool) -> "MaterialView":
        """Return the view of an asked material and what was handed in for it."""
        state: Literal["missing", "handed_in", "proved"] = "missing"
        if given:
            state = "handed_in" if given.via == "upload" else "proved"
        return cls(
            code=ask.code,
            name=ask.name,
            need=ask.need,
            need_name=MaterialNeed(ask.need).label,
            form=ask.form,
            media_types=ask.media_types,
            max_bytes=ask.max_bytes,
            note=ask.note,
            shared_by=ask.shared_by,
            covered_by_sharing=ask.shared_by is not None and company,
            state=state,
            file_name=given.file_name if given else None,
            media_type=given.media_type if given else None,
            size=given.size if given else None,
            sha256=given.sha256 if given else None,
            at=given.at if given else None,
        )


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


class CaseView(BaseModel):
    """办件."""

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
        item_name="食品（含保健食品）经营许可核发",
        agency={"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
        applicant_kind="legal",
        applicant_name="秦皇岛开发区山海食品有限公司",
        applicant_credit_code="91130371MA7001010P",
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
