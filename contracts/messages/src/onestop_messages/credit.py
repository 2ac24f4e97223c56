"""Events of svc-credit: disclosure of records. Key: record id."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from onestop_messages.base import AgencyRef, CreditCode, Event

RECORD_TOPIC = "onestop.credit.record"


class RecordDisclosed(Event):
    """A record 双公示 is public; due within 7 working days of the decision."""

    TYPE: ClassVar[str] = "cn.onestop.credit.record.disclosed.v1"
    TOPIC: ClassVar[str] = RECORD_TOPIC

    record_id: UUID
    kind: str
    decision_id: UUID
    case_id: UUID | None
    credit_code: CreditCode | None
    document_number: str
    agency: AgencyRef
    decided_on: date
    due_on: date
    disclosed_at: datetime


class RecordWithdrawn(Event):
    """The record is no longer public."""

    TYPE: ClassVar[str] = "cn.onestop.credit.record.withdrawn.v1"
    TOPIC: ClassVar[str] = RECORD_TOPIC

    record_id: UUID
    reason: str
    withdrawn_at: datetime
