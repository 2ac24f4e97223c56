"""任务: a piece of work of a proceeding, done by one person of one role in one agency."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import legal_day
from svc_workflow.domain.definition import Node, TaskKind
from svc_workflow.domain.engine import Token

_FEWEST_OFFICERS = 2


class TaskNotFound(NamedError):
    """There is no such task, or it is another agency's."""

    slug = "task-not-found"
    title = "没有这个任务"
    status = 404
    pointer = "{task_id}"


class TaskTaken(NamedError):
    """Somebody else has claimed the task."""

    slug = "task-taken"
    title = "任务已由其他人员领取"
    status = 409


class TaskNotClaimed(NamedError):
    """A task is claimed before it is worked on."""

    slug = "task-not-claimed"
    title = "请先领取任务"
    status = 409


class TaskDone(NamedError):
    """The task is finished."""

    slug = "task-done"
    title = "任务已经完成"
    status = 409


class TooFewOfficers(NamedError):
    """A check of substance on site is done by at least two officers (行政许可法 34)."""

    slug = "too-few-officers"
    title = "现场核查应当指派两名以上工作人员"
    status = 422


class ReviewerMayNotDecide(NamedError):
    """Who reviewed an application does not decide it (审查与决定分离)."""

    slug = "reviewer-may-not-decide"
    title = "参与审查的人员不能作出决定"
    status = 403


class TaskState(StrEnum):
    """Open 待领取, claimed 办理中, done 已完成, dropped 已取消 (the proceeding ended otherwise)."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Completion:
    """How somebody finished a task.

    Attributes:
        opinion: reasons in words; needed where something is denied.
        officers: who was on site.
        checked_on: the day on site.
    """

    outcome: str
    opinion: str | None = None
    officers: tuple[UUID, ...] = ()
    checked_on: date | None = None


@dataclass(slots=True)
class Task:
    """A task as it stands."""

    id: UUID
    proceeding_id: UUID
    node: str
    via: str
    title: str
    role: str
    kind: TaskKind
    agency_code: str
    outcomes: tuple[tuple[str, str], ...]
    created_at: datetime
    state: TaskState = TaskState.OPEN
    assignee: UUID | None = None
    completed_at: datetime | None = None
    outcome: str | None = None
    opinion: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    version: int = 1

    @property
    def token(self) -> Token:
        """The token that waits for this task."""
        return Token(self.node, self.via)

    @property
    def outcome_text(self) -> str | None:
        """The word shown for the outcome."""
        return dict(self.outcomes).get(self.outcome or "")

    def claim(self, person: UUID) -> None:
        """Take the task; taking one's own again changes nothing. Raises `TaskTaken`, `TaskDone`."""
        self._must_be_open()
        if self.state is TaskState.CLAIMED and self.assignee != person:
            raise TaskTaken
        if self.state is TaskState.OPEN:
            self.state, self.assignee = TaskState.CLAIMED, person
            self.version += 1

    def release(self, person: UUID) -> None:
        """Give the task back. Raises `TaskNotClaimed`, `TaskTaken`, `TaskDone`."""
        self._must_be_mine(person)
        self.state, self.assignee = TaskState.OPEN, None
        self.version += 1

    def complete(
        self,
        person: UUID,
        completion: Completion,
        reviewers: Collection[UUID],
        inspectors: Collection[UUID],
        now: datetime,
    ) -> None:
        """Finish the task.

        Args:
            person: who does.
            completion: how.
            reviewers: who worked on this proceeding before.
            inspectors: who of the agency may check on site.
            now: when, aware.

        Raises:
            TaskNotClaimed, TaskTaken, TaskDone: when it is not the person's to finish.
            FieldErrors: for an unknown outcome, a refusal without reasons, a check without its day.
            TooFewOfficers: for a check on site by fewer than two.
            ReviewerMayNotDecide: for a decision by somebody who reviewed.
        """
        self._must_be_mine(person)
        if self.kind is TaskKind.DECISION and person in reviewers:
            raise ReviewerMayNotDecide
        self._check(completion, inspectors, now)
        self.state, self.completed_at = TaskState.DONE, now
        self.outcome, self.opinion = completion.outcome, completion.opinion
        if self.kind is TaskKind.ON_SITE_CHECK and completion.checked_on:
            self.details = {
                "officers": [str(officer) for officer in completion.officers],
                "checked_on": completion.checked_on.isoformat(),
            }
        self.version += 1

    def drop(self) -> None:
        """End the task without an outcome, because its proceeding ended."""
        if self.state in {TaskState.OPEN, TaskState.CLAIMED}:
            self.state = TaskState.DROPPED
            self.version += 1

    def _must_be_open(self) -> None:
        if self.state in {TaskState.DONE, TaskState.DROPPED}:
            raise TaskDone

    def _must_be_mine(self, person: UUID) -> None:
        self._must_be_open()
        if self.state is TaskState.OPEN:
            raise TaskNotClaimed
        if self.assignee != person:
            raise TaskTaken

    def _check(self, completion: Completion, inspectors: Collection[UUID], now: datetime) -> None:
        known = [value for value, _ in self.outcomes]
        wrong = []
        if completion.outcome not in known:
            wrong.append(FieldError("/outcome", "not-in-list", f"只能是其中之一：{'、'.join(known)}"))
        if completion.outcome == "denied" and not (completion.opinion or "").strip():
            wrong.append(FieldError("/opinion", "required", "不予许可应当说明理由（行政许可法第三十八条）"))
        if self.kind is TaskKind.ON_SITE_CHECK:
            if completion.checked_on is None:
                wrong.append(FieldError("/checked_on", "required", "请填写现场核查的日期"))
            elif completion.checked_on > legal_day(now):
                wrong.append(FieldError("/checked_on", "in-the-future", "核查日期不能晚于今天"))
            wrong += [
                FieldError(f"/officers/{place}", "not-an-inspector", "不是本机关的核查人员")
                for place, officer in enumerate(completion.officers)
                if officer not in inspectors
            ]
        if wrong:
            raise FieldErrors(wrong)
        if self.kind is TaskKind.ON_SITE_CHECK and len(set(completion.officers)) < _FEWEST_OFFICERS:
            raise TooFewOfficers("依据《中华人民共和国行政许可法》第三十四条，现场核查应由两名以上工作人员进行。")


def task_at(node: Node, token: Token, task_id: UUID, proceeding_id: UUID, agency_code: str, now: datetime) -> Task:
    """Return the open task of a token that arrived at `node`."""
    return Task(
        id=task_id,
        proceeding_id=proceeding_id,
        node=node.id,
        via=token.via,
        title=node.title,
        role=node.role or "",
        kind=node.task,
        agency_code=agency_code,
        outcomes=tuple((outcome.value, outcome.text) for outcome in node.outcomes),
        created_at=now,
    )
