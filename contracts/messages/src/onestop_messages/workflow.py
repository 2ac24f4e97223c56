"""Events of svc-workflow: the proceeding as the office lives it, decisions and licences."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from onestop_messages.base import AgencyRef, Event, ImplementationCode, LicenceCategory, Party, RegionCode, Value

PROCEEDING_TOPIC = "onestop.workflow.proceeding"
LICENCE_TOPIC = "onestop.workflow.licence"


class DeadlineState(Value):
    """A deadline as it stands; `provisional` (暂定) while its year's calendar is not published."""

    day: date
    provisional: bool


class ProceedingStarted(Event):
    """The office began to work on an accepted case. Key of all of this topic: proceeding id."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.proceeding.started.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    case_number: str
    agency: AgencyRef
    definition: str
    definition_version: int
    started_at: datetime
    statutory: DeadlineState
    promised: DeadlineState


class ProceedingProgressed(Event):
    """A step was done; says which one in words for the applicant."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.proceeding.progressed.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    step: str
    title: str
    outcome: str | None
    next_steps: tuple[str, ...]
    at: datetime


class ClockStopped(Event):
    """Time is not counted for a cause the law names (行政许可法 45), and the applicant was told."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.clock.stopped.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    cause: str
    basis: str
    notice_number: str
    expected_days: int
    stopped_on: date


class ClockResumed(Event):
    """The cause ended; time counts again."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.clock.resumed.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    resumed_on: date
    statutory: DeadlineState
    promised: DeadlineState


class ClockExtended(Event):
    """The head of the organ approved more time, with the reason told (行政许可法 42).

    Attributes:
        promised: the promised limit, which the extension moves as well.
    """

    TYPE: ClassVar[str] = "cn.onestop.workflow.clock.extended.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    days: int
    reason: str
    statutory: DeadlineState
    promised: DeadlineState | None = None


class ClockRecounted(Event):
    """The calendar changed under a running clock: both limits as they stand now, no longer 暂定 or on other days."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.clock.recounted.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    statutory: DeadlineState
    promised: DeadlineState


class LicenceFacts(Value):
    """A licence as a decision grants it.

    Attributes:
        identifier: electronic licence identifier with check digit, `1.2.156.3005.2.…`.
        number: the number printed on it, for example `JY1130371…`.
    """

    licence_id: UUID
    identifier: str
    number: str
    name: str
    licence_type: str
    valid_from: date
    valid_to: date | None
    content: str


class DecisionMade(Event):
    """The decision 决定 on a proceeding, with what it owes.

    Attributes:
        outcome: `granted` 准予 or `denied` 不予.
        obligations: what this decision owes: `certificate`, `disclosure`, `notice`.
        public_fields: the non-personal form fields the guide names.
        legal_representative: masked name (`张**`) of the company's, where it is known.
        licence_category: 许可类别, where the guide says it.
    """

    TYPE: ClassVar[str] = "cn.onestop.workflow.decision.made.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    decision_id: UUID
    case_id: UUID
    case_number: str
    item_code: ImplementationCode
    item_name: str
    item_type: str
    agency: AgencyRef
    region: RegionCode
    applicant: Party
    outcome: Literal["granted", "denied"]
    document_name: str
    document_number: str
    decided_on: date
    decided_at: datetime
    obligations: tuple[Literal["certificate", "disclosure", "notice"], ...]
    licence: LicenceFacts | None = None
    public_fields: dict[str, Any]
    legal_representative: str | None = None
    licence_category: LicenceCategory | None = None


class LicenceIssued(Event):
    """A licence came into being. Key: licence id."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.licence.issued.v1"
    TOPIC: ClassVar[str] = LICENCE_TOPIC

    decision_id: UUID
    case_id: UUID
    item_code: ImplementationCode
    agency: AgencyRef
    region: RegionCode
    holder: Party
    issued_on: date
    licence: LicenceFacts


class LicenceEnded(Event):
    """A licence ended: 撤回 withdrawn, 撤销 annulled, 注销 cancelled or 吊销 revoked. Key: licence id."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.licence.ended.v1"
    TOPIC: ClassVar[str] = LICENCE_TOPIC

    licence_id: UUID
    identifier: str
    way: Literal["withdrawn", "annulled", "cancelled", "revoked"]
    basis: str
    ended_on: date


class WarningRaised(Event):
    """A light turned yellow or red (电子监察)."""

    TYPE: ClassVar[str] = "cn.onestop.workflow.warning.raised.v1"
    TOPIC: ClassVar[str] = PROCEEDING_TOPIC

    proceeding_id: UUID
    case_id: UUID
    agency: AgencyRef
    limit: Literal["statutory", "promised"]
    light: Literal["yellow", "red"]
    deadline: DeadlineState
    raised_at: datetime
