"""What svc-workflow takes and gives."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_legal.clock import StopCause
from onestop_legal.working_days import Calendar
from svc_workflow.domain.decision import Decision
from svc_workflow.domain.limit import PROMISED, STATUTORY
from svc_workflow.domain.proceeding import HistoryLine, Proceeding
from svc_workflow.domain.task import Completion, Task
from svc_workflow.repository.decisions import IssuedLicence

_STRICT = ConfigDict(extra="forbid")


class OutcomeView(BaseModel):
    """A way the task can end 可选结果."""

    value: str
    text: str


class TaskView(BaseModel):
    """A task 任务."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "018f3b1c-7e4a-7c21-9a55-000000000071",
                    "proceeding_id": "018f3b1c-7e4a-7c21-9a55-000000000023",
                    "case_id": "018f3b1c-7e4a-7c21-9a55-000000000021",
                    "case_number": "11130371037100371Q4000131001000202603090001",
                    "item_name": "食品（含保健食品）经营许可核发",
                    "applicant": "秦皇岛开发区山海食品有限公司",
                    "step": "review",
                    "title": "审查",
                    "kind": "plain",
                    "role": "reviewer",
                    "state": "open",
                    "assignee": None,
                    "outcomes": [{"value": "pass", "text": "审查通过"}],
                    "outcome": None,
                    "opinion": None,
                    "details": {},
                    "created_at": "2026-03-10T01:30:01Z",
                    "completed_at": None,
                    "version": 1,
                }
            ]
        }
    )

    id: UUID
    proceeding_id: UUID
    case_id: UUID | None = None
    case_number: str | None = None
    item_name: str | None = None
    applicant: str | None = None
    step: str
    title: str
    kind: str
    role: str
    state: str
    assignee: UUID | None
    outcomes: list[OutcomeView]
    outcome: str | None
    opinion: str | None
    details: dict[str, Any]
    created_at: datetime
    completed_at: datetime | None
    version: int

    @classmethod
    def of(cls, task: Task, matter: Any = None) -> "TaskView":
        """Return the view of a task, with the matter it belongs to (a `Matter` or its stored data)."""
        about = matter if isinstance(matter, dict) or matter is None else vars_of(matter)
        return cls(
            id=task.id,
            proceeding_id=task.proceeding_id,
            case_id=about and about["case_id"],
            case_number=about and about["case_number"],
            item_name=about and about["item_name"],
            applicant=about and about["party_name"],
            step=task.node,
            title=task.title,
            kind=task.kind.value,
            role=task.role,
            state=task.state.value,
            assignee=task.assignee,
            outcomes=[OutcomeView(value=value, text=text) for value, text in task.outcomes],
            outcome=task.outcome,
            opinion=task.opinion,
            details=task.details,
            created_at=task.created_at,
            completed_at=task.completed_at,
            version=task.version,
        )


def vars_of(matter: Any) -> dict[str, Any]:
    """Return what a task shows of its matter."""
    return {name: getattr(matter, name) for name in ("case_id", "case_number", "item_name", "party_name")}


class CompletionForm(BaseModel):
    """How a task is finished 办理意见."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"outcome": "pass", "opinion": "材料齐全，符合条件"},
                {
                    "outcome": "passed",
                    "opinion": "场所布局与申报一致",
                    "officers": ["018f3b1c-7e4a-7c21-9a55-000000000081", "018f3b1c-7e4a-7c21-9a55-000000000082"],
                    "checked_on": "2026-03-12",
                },
            ]
        },
    )

    outcome: str = Field(min_length=1, max_length=50)
    opinion: str | None = Field(default=None, max_length=2000)
    officers: list[UUID] = Field(default_factory=list, max_length=20)
    checked_on: date | None = None

    def completion(self) -> Completion:
        """Return what the domain works with."""
        return Completion(self.outcome, self.opinion, tuple(self.officers), self.checked_on)


class LimitView(BaseModel):
    """A limit 期限 as it stands today; `deadline` is empty while the clock stands still."""

    days: int
    used: int
    remaining: int
    deadline: date | None
    provisional: bool = Field(description="期限跨入尚未公布放假安排的年份，为暂定")
    light: str = Field(description="red、yellow 或 green")
    basis: str | None = None


class StopView(BaseModel):
    """A special procedure whose time is not counted 不计入期限的特别程序."""

    id: UUID
    cause: str
    cause_name: str
    basis: str
    notice_number: str
    expected_days: int
    start: date
    end: date | None


class LicenceFactsView(BaseModel):
    """A licence 证照."""

    id: UUID
    identifier: str
    number: str
    name: str
    valid_from: date
    valid_to: date | None
    content: str


class DecisionView(BaseModel):
    """A decision 决定, with its reasons and remedies."""

    id: UUID
    outcome: str
    document_name: str
    document_number: str
    decided_on: date
    reasons: str | None
    remedies: str | None
    obligations: list[str]
    licence: LicenceFactsView | None

    @classmethod
    def of(cls, decision: Decision) -> "DecisionView":
        """Return the view of a decision."""
        licence = decision.licence
        return cls(
            id=decision.id,
            outcome=decision.outcome,
            document_name=decision.document_name,
            document_number=decision.document_number,
            decided_on=decision.decided_on,
            reasons=decision.reasons,
            remedies=decision.remedies,
            obligations=list(decision.obligations),
            licence=LicenceFactsView.model_validate(licence, from_attributes=True) if licence else None,
        )


class HistoryView(BaseModel):
    """A line of the history 办理过程."""

    verb: str
    at: datetime
    actor: UUID | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, line: HistoryLine) -> "HistoryView":
        """Return the view of a line."""
        return cls(verb=line.verb, at=line.at, actor=line.actor, detail=dict(line.detail))


class ProceedingView(BaseModel):
    """A proceeding 办理: where it stands, its limits, tasks, decision and history."""

    id: UUID
    case_id: UUID
    case_number: str
    item_code: str
    item_name: str
    applicant: str
    agency_code: str
    agency_name: str
    state: str
    accepted_on: date
    started_at: datetime
    ended_at: datetime | None
    statutory: LimitView
    promised: LimitView
    stops: list[StopView]
    tasks: list[TaskView]
    decision: DecisionView | None
    history: list[HistoryView]
    version: int

    @classmethod
    def of(
        cls,
        proceeding: Proceeding,
        calendar: Calendar,
        today: date,
        tasks: list[Task],
        decision: Decision | None,
        history: list[HistoryLine],
    ) -> "ProceedingView":
        """Return the view of a proceeding on the legal day `today`."""
        matter = proceeding.matter
        until = decision.decided_on if decision else today
        return cls(
            id=proceeding.id,
            case_id=matter.case_id,
            case_number=matter.case_number,
            item_code=matter.item_code,
            item_name=matter.item_name,
            applicant=matter.party_name,
            agency_code=matter.agency_code,
            agency_name=matter.agency_name,
            state=proceeding.state.value,
            accepted_on=proceeding.limits.accepted_on,
            started_at=proceeding.started_at,
            ended_at=proceeding.ended_at,
            statutory=limit_view(proceeding, STATUTORY, calendar, until),
            promised=limit_view(proceeding, PROMISED, calendar, until),
            stops=[
                StopView(
                    id=stop.id,
                    cause=stop.interval.cause,
                    cause_name=StopCause(stop.interval.cause).label,
                    basis=stop.interval.basis,
                    notice_number=stop.notice_number,
                    expected_days=stop.expected_days,
                    start=stop.interval.start,
                    end=stop.interval.end,
                )
                for stop in proceeding.limits.stops
            ],
            tasks=[TaskView.of(task) for task in tasks],
            decision=DecisionView.of(decision) if decision else None,
            history=[HistoryView.of(line) for line in history],
            version=proceeding.version,
        )


def limit_view(proceeding: Proceeding, limit: str, calendar: Calendar, today: date) -> LimitView:
    """Return a limit as it stands on the legal day `today`."""
    clock = proceeding.limits.clock(limit)
    deadline = clock.deadline(calendar)
    return LimitView(
        days=clock.days,
        used=clock.used(calendar, today),
        remaining=clock.remaining(calendar, today),
        deadline=deadline.day if deadline else None,
        provisional=deadline.provisional if deadline else False,
        light=clock.light(calendar, today),
        basis=proceeding.matter.limit_basis.get("statutory") if limit == STATUTORY else None,
    )


class StopForm(BaseModel):
    """Why time is not counted, and how long the applicant is told it takes 特别程序告知."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"cause": "expert_review", "expected_days": 10}]}
    )

    cause: str = Field(description="、".join(f"{cause.value}（{cause.label}）" for cause in StopCause))
    expected_days: int = Field(ge=1, le=365, description="所需时间（工作日），告知申请人")


class ExtensionForm(BaseModel):
    """Why the limit is extended, as told to the applicant 延长期限理由."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "经营场所情况复杂，需补充核查"}]}
    )

    reason: str = Field(min_length=2, max_length=500)


class LicenceView(LicenceFactsView):
    """A licence with its holder 证照及持有人."""

    holder: str
    case_id: UUID
    agency_code: str

    @classmethod
    def of(cls, issued: IssuedLicence) -> "LicenceView":
        """Return the view of an issued licence."""
        facts = LicenceFactsView.model_validate(issued.licence, from_attributes=True)
        return cls(
            **facts.model_dump(), holder=issued.holder_name, case_id=issued.case_id, agency_code=issued.agency_code
        )


class StaffView(BaseModel):
    """A colleague 工作人员, by opaque id and masked name."""

    person_id: UUID
    name: str


class DefinitionView(BaseModel):
    """A definition 流程定义."""

    id: UUID
    key: str
    number: int
    name: str
    steps: list[str]
    imported_at: datetime
