"""Obstacles as they are written and read."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Given

from onestop_legal.clock import Light
from onestop_legal.working_days import Calendar
from onestop_runtime.examples import example
from svc_catalog.obstacles.domain import Evidence, Field, Obstacle, ObstacleState

_EXAMPLE: dict[str, Any] = {
    "id": "018f3b1c-7e4a-7c21-9a55-000000000034",
    "field": "social",
    "title": "异地就医备案须往返两地开具证明",
    "description": "参保人到外地就医备案时，两地经办机构各要求对方先出具证明。",
    "source": "群众反映",
    "found_on": "2026-03-02",
    "item_code": None,
    "state": "assigned",
    "agency_code": "11130371037100371Q",
    "due": "2026-04-30",
    "solved_on": None,
    "light": "green",
    "version": 2,
}
_STEP: dict[str, Any] = {
    "number": 2,
    "happening": "assigned",
    "at": "2026-03-03T02:10:00Z",
    "note": "牵头梳理备案流程，取消互为前置的证明。",
    "agency_code": "11130371037100371Q",
    "due": "2026-04-30",
    "evidence": [],
}
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ObstacleForm(_Form):
    """An obstacle that was found 发现."""

    model_config = example(
        **{name: _EXAMPLE[name] for name in ("field", "title", "description", "source", "item_code")}
    ) | ConfigDict(extra="forbid")

    field: Field
    title: _Line
    description: _Text
    source: _Line
    item_code: str | None = Given(None, max_length=50)


class AssignmentForm(_Form):
    """Who solves it until when 交办."""

    model_config = example(
        agency_code="11130371037100371Q", due="2026-04-30", note="牵头梳理备案流程，取消互为前置的证明。"
    ) | ConfigDict(extra="forbid")

    agency_code: str
    due: date
    note: _Text


class EvidenceForm(_Form):
    """Something that shows it 佐证."""

    model_config = example(
        kind="document", reference="秦开医保〔2026〕8号", note="关于取消异地就医备案证明的通知"
    ) | ConfigDict(extra="forbid")

    kind: Literal["guide", "document", "link"]
    reference: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    note: _Line


class SolutionForm(_Form):
    """By what it is gone 解决."""

    model_config = example(
        measure="取消两地证明，改为网上备案、即时办结。",
        evidence=[{"kind": "document", "reference": "秦开医保〔2026〕8号", "note": "关于取消异地就医备案证明的通知"}],
    ) | ConfigDict(extra="forbid")

    measure: _Text
    evidence: list[EvidenceForm] = Given(max_length=20)

    def shown(self) -> tuple[Evidence, ...]:
        """Return the evidence as the domain knows it."""
        return tuple(Evidence(one.kind, one.reference, one.note) for one in self.evidence)


class VerificationForm(_Form):
    """What the verifier saw 核验."""

    model_config = example(note="现场试办一次，无需证明，10 分钟办结。") | ConfigDict(extra="forbid")

    note: _Text


class ReturnForm(_Form):
    """Why it is not gone, and until when it must be 退回."""

    model_config = example(note="窗口仍要求提供证明。", due="2026-05-29") | ConfigDict(extra="forbid")

    note: _Text
    due: date


class ObstacleView(BaseModel):
    """An obstacle 堵点."""

    model_config = example(**_EXAMPLE)

    id: UUID
    field: Field
    title: str
    description: str
    source: str
    found_on: date
    item_code: str | None
    state: ObstacleState
    agency_code: str | None
    due: date | None
    solved_on: date | None
    light: Light | None
    version: int

    @classmethod
    def of(cls, one: Obstacle, calendar: Calendar, today: date) -> "ObstacleView":
        """Return what everybody sees."""
        shown = {name: getattr(one, name) for name in cls.model_fields if name != "light"}
        return cls(**shown, light=one.light(calendar, today))


class StepView(BaseModel):
    """What was done to it; people are not named 办理记录."""

    model_config = example(**_STEP)

    number: int
    happening: Literal["found", "assigned", "solved", "verified", "sent-back"]
    at: datetime
    note: str
    agency_code: str | None
    due: date | None
    evidence: list[EvidenceForm]


class ObstacleDetail(ObstacleView):
    """An obstacle with everything that was done to it 堵点详情."""

    model_config = example(**_EXAMPLE, steps=[_STEP])

    steps: list[StepView]


class ObstacleTotals(BaseModel):
    """How many obstacles of a field are in each state; `overdue`: late now, or solved late 堵点统计."""

    model_config = example(field="social", found=3, assigned=9, solved=2, verified=31, overdue=1)

    field: Field
    found: int = 0
    assigned: int = 0
    solved: int = 0
    verified: int = 0
    overdue: int = 0
