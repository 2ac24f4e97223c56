"""Tasks: how they are shown and finished, and who may be named in them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_runtime.examples import example, examples
from svc_workflow.domain.task import Completion, Task
from svc_workflow.schemas.common import APPLICANT, CASE_ID, CASE_NUMBER, ITEM_NAME, OFFICERS, PROCEEDING_ID

REVIEW: dict[str, Any] = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000071",
    "proceeding_id": PROCEEDING_ID,
    "step": "review",
    "title": "材料审查",
    "kind": "plain",
    "role": "reviewer",
    "state": "open",
    "assignee": None,
    "outcomes": [
        {"value": "pass", "text": "建议准予"},
        {"value": "on_site_check", "text": "需要现场核查"},
        {"value": "fail", "text": "建议不予"},
    ],
    "outcome": None,
    "opinion": None,
    "details": {},
    "created_at": "2026-03-10T01:30:01Z",
    "completed_at": None,
    "version": 1,
}


class OutcomeView(BaseModel):
    """A way the task can end 可选结果."""

    value: str
    text: str


class TaskView(BaseModel):
    """A task 任务."""

    model_config = example(
        **REVIEW,
        case_id=CASE_ID,
        case_number=CASE_NUMBER,
        item_name=ITEM_NAME,
        applicant=APPLICANT,
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
        **examples(
            {"outcome": "pass", "opinion": "材料齐全，符合条件"},
            {"outcome": "passed", "opinion": "场所布局与申报一致", "officers": OFFICERS, "checked_on": "2026-03-12"},
        ),
    )

    outcome: str = Field(min_length=1, max_length=50)
    opinion: str | None = Field(default=None, max_length=2000)
    officers: list[UUID] = Field(default_factory=list, max_length=20)
    checked_on: date | None = None

    def completion(self) -> Completion:
        """Return what the domain works with."""
        return Completion(self.outcome, self.opinion, tuple(self.officers), self.checked_on)


class StaffView(BaseModel):
    """A colleague 工作人员, by opaque id and masked name."""

    model_config = example(person_id=OFFICERS[0], name="冯**")

    person_id: UUID
    name: str
