"""Events of svc-intake: the case as the applicant lives it. Key: case id."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from onestop_messages.base import AgencyRef, Event, ImplementationCode, Party, RegionCode, Value
from onestop_messages.catalog import Limits, Result

CASE_TOPIC = "onestop.intake.case"


class CaseSubmitted(Event):
    """The application was received 收件; the receipt names the case number."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.submitted.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    case_number: str
    item_code: ImplementationCode
    item_name: str
    guide_version_id: UUID
    agency: AgencyRef
    region: RegionCode
    hall: str | None
    applicant: Party
    channel: str
    submitted_at: datetime
    received_on: date


class CorrectionRequested(Event):
    """All that is missing was named, once (行政许可法 32(4))."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.correction-requested.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    notice_number: str
    corrections: int
    """How many places were named; the texts stay in intake."""
    requested_on: date


class CaseCorrected(Event):
    """The applicant handed in what was named."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.corrected.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    corrected_on: date


class MaterialRef(Value):
    """A material of the case by reference; the bytes stay in intake.

    Attributes:
        via: `upload`, or `exchange` when the evidence came by sharing.
    """

    code: str
    name: str
    sha256: str | None
    via: Literal["upload", "exchange"]


class CaseAccepted(Event):
    """Formal acceptance 受理: from its legal day on the statutory clock runs in svc-workflow.

    Attributes:
        accepted_on: legal day (Asia/Shanghai) of acceptance, or of receipt when silence accepted it.
        by_silence: True when nobody answered in time and the law accepted it.
        document_number: number of the acceptance document in the agency's own series.
        public_fields: the non-personal form fields that the guide names, nothing else of the form.
        legal_representative: masked name (`张**`) of the company's, where shared data proved it.
    """

    TYPE: ClassVar[str] = "cn.onestop.intake.case.accepted.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    case_number: str
    item_code: ImplementationCode
    item_name: str
    item_type: str
    guide_version_id: UUID
    agency: AgencyRef
    region: RegionCode
    hall: str | None
    applicant: Party
    channel: str
    accepted_on: date
    accepted_at: datetime
    by_silence: bool
    document_number: str
    procedure: str
    limits: Limits
    result: Result
    obligations: tuple[Literal["certificate", "disclosure", "notice"], ...]
    public_fields: dict[str, Any]
    materials: tuple[MaterialRef, ...]
    legal_representative: str | None = None


class CaseRefused(Event):
    """Formal refusal 不予受理 or the answer that no licence is needed 不受理."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.refused.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    kind: str
    document_number: str
    refused_on: date


class CaseWithdrawn(Event):
    """The applicant took the application back 撤回."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.withdrawn.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    withdrawn_at: datetime


class CaseDelivered(Event):
    """The result reached the applicant 送达."""

    TYPE: ClassVar[str] = "cn.onestop.intake.case.delivered.v1"
    TOPIC: ClassVar[str] = CASE_TOPIC

    case_id: UUID
    delivered_at: datetime
    means: str
