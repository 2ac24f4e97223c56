"""One access to somebody's data, answered or refused; written once, never changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError


class AccessRecordNotFound(NamedError):
    """There is no such record, or it is about somebody else's data."""

    slug = "access-record-not-found"
    title = "没有这条访问记录"
    status = 404
    pointer = "{record_id}"


class Outcome(CodeList):
    """How an access ended."""

    ANSWERED = "answered", "已提供"
    NOT_FOUND = "not_found", "查无此主体"
    REFUSED = "refused", "已拒绝"


@dataclass(frozen=True, slots=True)
class Access:
    """An access 数据访问.

    Attributes:
        subject_kind: `legal` or `natural`; the code or the opaque id says whose data it is.
        provider: credit code of the agency whose resource was asked.
        consumer: credit code of the agency whose case it was.
        service: the system that called; `actor` is the person behind it, if one is known.
        fields: data items shown, or asked for when refused.
        unmasked_fields: those of them shown whole although masked by default.
        refusal: slug of the named error that refused it.
    """

    id: UUID
    at: datetime
    resource_code: str
    resource_name: str
    provider: str
    subject_kind: str
    subject_credit_code: str | None
    subject_party: UUID | None
    consumer: str
    consumer_name: str
    service: str
    actor: UUID | None
    case_id: UUID
    item_code: str
    purpose: str
    fields: tuple[str, ...]
    unmasked_fields: tuple[str, ...]
    grant_id: UUID | None
    outcome: Outcome
    refusal: str | None = None
