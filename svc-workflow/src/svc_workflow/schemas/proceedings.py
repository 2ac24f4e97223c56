"""Proceedings: where they stand, their limits, decision and history, and what is asked of their clocks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_legal.clock import StopCause
from onestop_legal.working_days import Calendar
from onestop_runtime.examples import examples
from svc_workflow.domain.decision import Decision
from svc_workflow.domain.limit import PROMISED, STATUTORY
from svc_workflow.domain.proceeding import HistoryLine, Proceeding
from svc_workflow.domain.task import Task
from svc_workflow.schemas.common import (
    AGENCY_CODE,
    APPLICANT,
    APPROVER,
    CASE_ID,
    CASE_NUMBER,
    ITEM_CODE,
    ITEM_NAME,
    PROCEEDING_ID,
    REVIEWER,
)
from svc_workflow.schemas.licences import LICENCE, LicenceFactsView
from svc_workflow.schemas.tasks import REVIEW, TaskView

_STOP = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000026",
    "cause": "expert_review",
    "cause_name": StopCause.EXPERT_REVIEW.label,
    "basis": "《中华人民共和国行政许可法》第四十五条",
    "notice_number": "秦开审批特字〔2026〕第000001号",
    "expected_days": 10,
    "start": "2026-03-12",
    "end": None,
}
_STATUTORY_BASIS = "《食品经营许可和备案管理办法》第二十一条"
_STOPPED: dict[str, Any] = {
    "id": PROCEEDING_ID,
    "case_id": CASE_ID,
    "case_number": CASE_NUMBER,
    "item_code": ITEM_CODE,
    "item_name": ITEM_NAME,
    "applicant": APPLICANT,
    "agency_code": AGENCY_CODE,
    "agency_name": "秦皇岛经济技术开发区行政审批局",
    "state": "running",
    "accepted_on": "2026-03-10",
    "started_at": "2026-03-10T01:30:01Z",
    "ended_at": None,
    "statutory": {
        "days": 10, "used": 2, "remaining": 8, "deadline": None, "provisional": False, "light": "green",
        "basis": _STATUTORY_BASIS,
    },
    "promised": {"days": 6, "used": 2, "remaining": 4, "deadline": None, "provisional": False, "light": "green"},
    "stops": [_STOP],
    "tasks": [REVIEW],
    "decision": None,
    "history": [
        {"verb": "proceeding.started", "at": "2026-03-10T01:30:01Z", "actor": None,
         "detail": {"number": 1, "definition": "food-business-licence"}},
        {"verb": "clock.stopped", "at": "2026-03-12T02:10:00Z", "actor": REVIEWER,
         "detail": {"cause": "expert_review", "notice": "秦开审批特字〔2026〕第000001号", "expected_days": 10}},
    ],
    "version": 2,
}  # fmt: skip
_DECISION = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000024",
    "outcome": "granted",
    "document_name": "准予行政许可决定书",
    "document_number": "秦开审批准字〔2026〕第000001号",
    "decided_on": "2026-03-20",
    "reasons": "符合法定条件、标准。",
    "remedies": None,
    "obligations": ["certificate", "disclosure", "notice"],
    "licence": LICENCE,
}
_DECIDED = _STOPPED | {
    "state": "decided",
    "ended_at": "2026-03-20T07:00:00Z",
    "statutory": {
        "days": 10, "used": 3, "remaining": 7, "deadline": "2026-03-31", "provisional": False, "light": "green",
        "basis": _STATUTORY_BASIS,
    },
    "promised": {
        "days": 6, "used": 3, "remaining": 3, "deadline": "2026-03-25", "provisional": False, "light": "green",
    },
    "stops": [_STOP | {"end": "2026-03-19"}],
    "tasks": [
        REVIEW | {"state": "done", "assignee": REVIEWER, "outcome": "pass", "opinion": "材料齐全，符合条件",
                  "completed_at": "2026-03-20T02:00:00Z", "version": 3},
    ],
    "decision": _DECISION,
    "history": [
        *_STOPPED["history"],
        {"verb": "decision.made", "at": "2026-03-20T07:00:00Z", "actor": APPROVER,
         "detail": {"number": "秦开审批准字〔2026〕第000001号", "outcome": "granted"}},
    ],
    "version": 9,
}  # fmt: skip


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

    model_config = examples(_DECIDED, _STOPPED)

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
