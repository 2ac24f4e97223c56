"""办理: an accepted case as the office works on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from onestop_legal.errors import NamedError
from svc_workflow.domain.engine import Step, Token
from svc_workflow.domain.limit import Limits


class ProceedingNotFound(NamedError):
    """There is no such proceeding, or it is another agency's."""

    slug = "proceeding-not-found"
    title = "没有这个办理过程"
    status = 404


class ProceedingEnded(NamedError):
    """The proceeding is decided or withdrawn; nothing can be done in it any more."""

    slug = "proceeding-ended"
    title = "办理过程已经结束"
    status = 409


class AlreadyStarted(NamedError):
    """A case has one proceeding."""

    slug = "proceeding-already-started"
    title = "该办件已经开始办理"
    status = 409


class ProceedingState(StrEnum):
    """Running 在办, decided 办结, withdrawn 撤回."""

    RUNNING = "running"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Matter:
    """What is decided about, as it was when the case was accepted; never changes.

    Attributes:
        party_id: opaque id of the applicant.
        public_fields: the non-personal form fields the guide names.
        result: what a positive decision gives (`kind`, `name`, `licence_type`, `valid_years`, `number_prefix`,
            `licence_category`).
        legal_representative: masked name of the company's, where it is known.
    """

    case_id: UUID
    case_number: str
    item_code: str
    item_name: str
    item_type: str
    agency_code: str
    agency_name: str
    region: str
    party_id: str
    party_kind: str
    party_credit_code: str | None
    party_name: str
    obligations: tuple[str, ...]
    public_fields: Mapping[str, Any]
    result: Mapping[str, Any]
    limit_basis: Mapping[str, Any]
    legal_representative: str | None = None


@dataclass(slots=True)
class Proceeding:
    """A proceeding as it stands.

    Attributes:
        values: what conditions look at: public fields, and the outcome of each finished task by node.
        tokens: where it stands in its definition.
    """

    id: UUID
    matter: Matter
    definition_id: UUID
    limits: Limits
    started_at: datetime
    state: ProceedingState = ProceedingState.RUNNING
    ended_at: datetime | None = None
    values: dict[str, Any] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    version: int = 1

    def must_run(self) -> None:
        """Do nothing while the proceeding runs; raises `ProceedingEnded` after."""
        if self.state is not ProceedingState.RUNNING:
            raise ProceedingEnded

    def note_outcome(self, node: str, outcome: str) -> None:
        """Keep the outcome of a task where conditions see it: as `outcome`, and under the task's own name."""
        self.values = {**self.values, "outcome": outcome, node: outcome}

    def take(self, step: Step) -> None:
        """Move the tokens as `step` says."""
        for token in step.consumed:
            self.tokens.remove(token)
        self.tokens += step.created
        self.version += 1

    def decide(self, now: datetime) -> None:
        """End the proceeding by its decision; raises `ProceedingEnded`."""
        self.must_run()
        self.state, self.ended_at = ProceedingState.DECIDED, now

    def withdraw(self, now: datetime) -> None:
        """End the proceeding because the applicant withdrew; raises `ProceedingEnded`."""
        self.must_run()
        self.state, self.ended_at = ProceedingState.WITHDRAWN, now
        self.tokens = []
        self.version += 1

    def change_limits(self, limits: Limits) -> None:
        """Put other limits in force; raises `ProceedingEnded`."""
        self.must_run()
        self.limits = limits
        self.version += 1

    def recount(self) -> None:
        """Let its limits fall on other days, as the calendar has changed; raises `ProceedingEnded`."""
        self.change_limits(self.limits)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What happened in a proceeding, when, by whom (opaque id)."""

    verb: str
    at: datetime
    actor: UUID | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that is due: which limit, which light, its last day."""

    limit: str
    light: str
    day: date
