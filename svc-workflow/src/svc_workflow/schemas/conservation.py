"""The conservation ledger as it is shown."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_runtime.examples import example
from svc_workflow.domain.conservation import Finding, Flaw, Stage, Standing
from svc_workflow.repository.conservation import Totals
from svc_workflow.schemas.common import CASE_ID, PROCEEDING_ID

LegName = Literal["entry", "procedure", "notice", "certificate", "disclosure"]
_NONE: Mapping[str, int] = {}
_RUN_ID = "018f3b1c-7e4a-7c21-9a55-0000000000c1"


class CasesView(BaseModel):
    """收件＝待受理＋不予受理＋撤回＋在办＋办结."""

    submitted: int = Field(description="收件登记簿上的件数")
    waiting: int = Field(description="待受理，含补正中")
    refused: int
    withdrawn: int
    in_procedure: int
    concluded: int
    unaccounted: int = Field(description="登记过而哪里都没有的件数；应为 0")


class ProcedureView(BaseModel):
    """受理的每一件都在审批部门."""

    accepted: int = Field(description="受理服务记录的受理件数")
    running: int
    decided: int
    withdrawn: int


class ObligationView(BaseModel):
    """决定应尽的义务."""

    obligation: Literal["notice", "certificate", "disclosure"]
    name: str
    owed: int = Field(description="决定服务记录的应有数")
    met: int = Field(description="履行方记录的已有数")
    by_state: dict[str, int] = Field(description="履行方记录的各状态数量")


class FindingTotalsView(BaseModel):
    """不平的数量."""

    missing: int
    doubled: int
    unfounded: int = Field(description="有结果而来源不在")
    different: int
    held: int = Field(description="事件滞留，去向已知")
    travelling: int = Field(description="在途或待核实，不算缺失")


class ConservationView(BaseModel):
    """办件守恒的总数."""

    model_config = example(
        balanced=True,
        settled=True,
        cases={
            "submitted": 1286, "waiting": 41, "refused": 17, "withdrawn": 23, "in_procedure": 118, "concluded": 1087,
            "unaccounted": 0,
        },
        procedure={"accepted": 1214, "running": 118, "decided": 1087, "withdrawn": 9},
        obligations=[
            {"obligation": "notice", "name": "告知", "owed": 1087, "met": 1087,
             "by_state": {"told": 64, "delivered": 1023}},
            {"obligation": "certificate", "name": "证照", "owed": 960, "met": 960,
             "by_state": {"registered": 957, "ended": 3}},
            {"obligation": "disclosure", "name": "公示", "owed": 958, "met": 958,
             "by_state": {"disclosed": 956, "pending": 2}},
        ],
        findings={"missing": 0, "doubled": 0, "unfounded": 0, "different": 0, "held": 0, "travelling": 0},
        oldest_at="2026-03-20T06:12:00Z",
        checked_at="2026-03-20T07:00:00Z",
    )  # fmt: skip

    balanced: bool = Field(description="没有未平和滞留的")
    settled: bool = Field(description="也没有在途和待核实的")
    cases: CasesView
    procedure: ProcedureView
    obligations: list[ObligationView]
    findings: FindingTotalsView
    oldest_at: datetime | None = Field(description="各日数字中最早一次核对的时间")
    checked_at: datetime | None = Field(description="各服务账册齐全的最近一次核对（近三日）")

    @classmethod
    def of(cls, totals: Totals) -> "ConservationView":
        """Return the view of what was counted."""
        findings = _findings(totals)
        unsettled = findings.travelling
        wrong = sum(findings.model_dump().values()) - unsettled
        return cls(
            balanced=not wrong,
            settled=not wrong and not unsettled,
            cases=_cases(totals.counts),
            procedure=_procedure(totals.counts),
            obligations=[
                _obligation(totals.counts, "notice", "告知", "workflow.decisions", "intake.results"),
                _obligation(totals.counts, "certificate", "证照", "workflow.certificates", "datashare.licences"),
                _obligation(totals.counts, "disclosure", "公示", "workflow.disclosures", "credit.disclosures"),
            ],
            findings=findings,
            oldest_at=totals.oldest,
            checked_at=totals.checked,
        )


def _cases(counts: Mapping[str, Mapping[str, int]]) -> CasesView:
    entered, now = sum(counts.get("intake.entered", _NONE).values()), counts.get("intake.cases", _NONE)
    states = ("waiting", "refused", "withdrawn", "in_procedure", "concluded")
    return CasesView(
        submitted=entered, **{name: now.get(name, 0) for name in states}, unaccounted=entered - sum(now.values())
    )


def _procedure(counts: Mapping[str, Mapping[str, int]]) -> ProcedureView:
    office = counts.get("workflow.proceedings", _NONE)
    return ProcedureView(
        accepted=sum(counts.get("intake.accepted", _NONE).values()),
        **{name: office.get(name, 0) for name in ("running", "decided", "withdrawn")},
    )


def _obligation(
    counts: Mapping[str, Mapping[str, int]], obligation: Any, name: str, source: str, target: str
) -> ObligationView:
    owed, met = sum(counts.get(source, _NONE).values()), counts.get(target, _NONE)
    return ObligationView(obligation=obligation, name=name, owed=owed, met=sum(met.values()), by_state=dict(met))


def _findings(totals: Totals) -> FindingTotalsView:
    opened = {flaw: totals.findings.get((flaw, Standing.OPEN), 0) for flaw in Flaw}
    by_standing = {
        standing: sum(number for (_, one), number in totals.findings.items() if one is standing)
        for standing in Standing
    }
    return FindingTotalsView(
        **{flaw.value: number for flaw, number in opened.items()},
        held=by_standing[Standing.HELD],
        travelling=by_standing[Standing.SUSPECTED] + by_standing[Standing.TRAVELLING],
    )


class EventView(BaseModel):
    """应当送达它的事件."""

    type: str
    topic: str
    key: UUID | None = Field(description="事件所属的聚合")
    sequence: int | None = Field(description="从该聚合的第几个事件起没有送达")


class FindingView(BaseModel):
    """不平的一项."""

    model_config = example(
        id="018f3b1c-7e4a-7c21-9a55-0000000000c2",
        leg="disclosure",
        flaw="missing",
        flaw_name="缺失",
        service="credit",
        subject="018f3b1c-7e4a-7c21-9a55-000000000024",
        case_id=CASE_ID,
        day="2026-03-20",
        event={
            "type": "cn.onestop.workflow.decision.made.v1",
            "topic": "onestop.workflow.proceeding",
            "key": PROCEEDING_ID,
            "sequence": 5,
        },
        standing="open",
        standing_name="未平",
        stage="lost",
        stage_name="途中丢失",
        first_seen="2026-03-20T07:00:12Z",
        last_seen="2026-03-20T07:01:14Z",
        resolved_at=None,
    )

    id: UUID
    leg: LegName
    flaw: Flaw
    flaw_name: str
    service: str = Field(description="缺在哪个服务，或者多在哪个服务")
    subject: UUID = Field(description="办件；证照和公示为决定")
    case_id: UUID | None
    day: date = Field(description="法定日")
    event: EventView
    standing: Standing
    standing_name: str
    stage: Stage | None = Field(description="事件到了哪一步")
    stage_name: str | None
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None

    @classmethod
    def of(cls, finding: Finding) -> "FindingView":
        """Return the view of a finding."""
        told = EventView(type=finding.told.type, topic=finding.told.topic, key=finding.key, sequence=finding.sequence)
        return cls.model_validate(
            {
                "id": finding.id,
                "leg": finding.leg,
                "flaw": finding.flaw,
                "flaw_name": finding.flaw.label,
                "service": finding.service,
                "subject": finding.subject,
                "case_id": finding.case_id,
                "day": finding.day,
                "event": told,
                "standing": finding.standing,
                "standing_name": finding.standing.label,
                "stage": finding.stage,
                "stage_name": finding.stage and finding.stage.label,
                "first_seen": finding.first_seen,
                "last_seen": finding.last_seen,
                "resolved_at": finding.resolved_at,
            }
        )


class RunForm(BaseModel):
    """要核对的期间；都不填为全部."""

    model_config = ConfigDict(extra="forbid") | example(since="2026-03-01", until=None)

    since: date | None = None
    until: date | None = None


class RunView(BaseModel):
    """一次对账."""

    model_config = example(
        id=_RUN_ID,
        since=None,
        until=None,
        requested_at="2026-03-20T07:00:00Z",
        ended_at="2026-03-20T07:00:04Z",
        error=None,
        result=ConservationView.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
    )

    id: UUID
    since: date | None
    until: date | None
    requested_at: datetime
    ended_at: datetime | None = Field(description="为空表示还在进行")
    error: str | None = Field(description="没有核对到的部分")
    result: ConservationView | None = Field(description="结束后该期间的总数")

    @classmethod
    def of(cls, run: Any, totals: Totals) -> "RunView":
        """Return the view of a check that was asked for."""
        return cls(
            **{name: run[name] for name in ("id", "since", "until", "requested_at", "ended_at", "error")},
            result=ConservationView.of(totals) if run["ended_at"] else None,
        )
