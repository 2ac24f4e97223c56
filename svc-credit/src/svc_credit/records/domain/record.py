"""A record and its way to the public: pending → disclosed → withdrawn."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.credit_code import CreditCode, InvalidCreditCode
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.identity_number import IdentityNumber, InvalidIdentityNumber
from onestop_legal.working_days import Calendar, Deadline, legal_day
from svc_credit.records.domain.decision import CERTIFICATE, Agency, Decision, Subject
from svc_credit.records.domain.rules import DisclosureRule, RecordKind, rule_for

_MAYBE_IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


class RecordState(CodeList):
    """State of a record."""

    PENDING = "pending", "待公示"
    DISCLOSED = "disclosed", "已公示"
    WITHDRAWN = "withdrawn", "已撤下"


class Audience(CodeList):
    """Who may read a disclosed record."""

    PUBLIC = "public", "社会公众"
    RESTRICTED = "restricted", "本人和有权机关"


class RecordNotFound(NamedError):
    """There is no such record, or the caller may not see it."""

    slug = "credit-record-not-found"
    title = "没有这条信用记录"
    status = 404
    pointer = "{record_id}"


class WrongRecordState(NamedError):
    """The record's state does not allow this."""

    slug = "wrong-credit-record-state"
    title = "信用记录当前状态不能进行此项操作"
    status = 409


class RecordExists(NamedError):
    """A decision has exactly one record."""

    slug = "credit-record-exists"
    title = "该决定已有信用记录"
    status = 409


class IncompleteRecord(NamedError):
    """A field the disclosure must show is missing or wrong (双公示); the record waits."""

    slug = "credit-record-incomplete"
    title = "信用记录缺少公示必需的内容"
    status = 409

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(f"缺少或有误：{'、'.join(self.missing)}。")


@dataclass(frozen=True, slots=True)
class Licensed:
    """What is disclosed of a licence decision (行政许可信息公示数据项).

    Attributes:
        category: category of licence 许可类别.
        content: what was permitted 许可内容.
        legal_representative: masked name of the company's 法定代表人, None where it is not known.
    """

    document_name: str
    document_number: str
    category: str
    content: str
    certificate_owed: bool
    certificate_name: str | None
    certificate_number: str | None
    valid_from: date
    valid_to: date | None
    legal_representative: str | None


@dataclass(slots=True)
class Record:
    """A credit record made from a decision.

    Attributes:
        agency: who decided; also where the data comes from 数据来源单位.
        audience: records of natural persons are restricted.
        due: last day to disclose; provisional while the calendar on the way to it is not published.
        withdrawal_days: working days within which it is taken down after a revocation.
        withdrawal_due_on: last day to take it down.
    """

    id: UUID
    kind: RecordKind
    subject: Subject
    decision_id: UUID
    case_id: UUID
    case_number: str
    item_code: str
    item_name: str
    item_type: str
    agency: Agency
    region: str
    licensed: Licensed
    decided_on: date
    audience: Audience
    due: Deadline
    disclosure_days: int
    withdrawal_days: int
    state: RecordState = RecordState.PENDING
    disclosed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    withdrawal_due_on: date | None = None
    version: int = 1

    @classmethod
    def of(
        cls, record_id: UUID, decision: Decision, rules: Iterable[DisclosureRule], calendar: Calendar
    ) -> "Record | None":
        """Return the pending record that `decision` owes, None when it owes none.

        The disclosure is due some working days after the decision, whose own day is not counted.
        """
        rule = rule_for(rules, decision.item_type, decision.decided_on) if decision.owes_disclosure else None
        if rule is None:
            return None
        return cls(
            id=record_id,
            kind=rule.kind,
            subject=decision.subject,
            decision_id=decision.id,
            case_id=decision.case_id,
            case_number=decision.case_number,
            item_code=decision.item_code,
            item_name=decision.item_name,
            item_type=decision.item_type,
            agency=decision.agency,
            region=decision.region,
            licensed=_licensed(decision, rule),
            decided_on=decision.decided_on,
            audience=Audience.PUBLIC if decision.subject.kind == "legal" else Audience.RESTRICTED,
            due=calendar.deadline(decision.decided_on, rule.days),
            disclosure_days=rule.days,
            withdrawal_days=rule.withdrawal_days,
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of fields without which, or with which as they are, nothing may be disclosed."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[str]:
        if not self.subject.name.strip():
            yield "subject_name"
        if self.audience is Audience.PUBLIC and not _valid(self.subject.credit_code):
            yield "credit_code"
        licensed = self.licensed
        for name in ("document_name", "document_number", "content"):
            text = getattr(licensed, name)
            if not text.strip() or _holds_identity_number(text):
                yield name
        number = (licensed.certificate_number or "").strip()
        if (licensed.certificate_owed and not number) or _holds_identity_number(number):
            yield "certificate_number"

    def disclose(self, now: datetime) -> None:
        """Make it public (or, for a natural person, readable to those who may).

        Raises:
            WrongRecordState: when it is disclosed or withdrawn already.
            IncompleteRecord: when something is missing, or a text holds an identity number.
        """
        self._must_be(RecordState.PENDING)
        if missing := self.missing:
            raise IncompleteRecord(missing)
        self.state = RecordState.DISCLOSED
        self.disclosed_at = now
        self.version += 1

    def complete(self, given: Mapping[str, str]) -> None:
        """Add what is missing; what the decision said stays as it is.

        Raises:
            WrongRecordState: when it is no longer pending.
            FieldErrors: for a field that is not missing, or a wrong credit code.
        """
        self._must_be(RecordState.PENDING)
        missing = self.missing
        wrong = [
            FieldError(f"/{name}", "not-missing", "该项以决定书为准，不能在此修改")
            for name in given
            if name not in missing
        ]
        if (code := given.get("credit_code")) and not _valid(code):
            wrong.append(FieldError("/credit_code", InvalidCreditCode.slug, "统一社会信用代码不正确，请核对"))
        if wrong:
            raise FieldErrors(wrong)
        licensed = self.licensed
        self.licensed = replace(
            licensed,
            document_number=given.get("document_number", licensed.document_number),
            content=given.get("content", licensed.content),
            certificate_number=given.get("certificate_number", licensed.certificate_number),
        )
        if code:
            self.subject = replace(self.subject, credit_code=CreditCode.parse(code))
        self.version += 1

    def withdraw(self, reason: str, revoked_on: date, calendar: Calendar, now: datetime) -> bool:
        """Take it down because its decision was revoked; return whether the public had seen it.

        Raises:
            WrongRecordState: when it is withdrawn already.
            FieldErrors: for a revocation before the decision or in the future.
        """
        if self.state is RecordState.WITHDRAWN:
            raise WrongRecordState("该信用记录已经撤下。")
        if not self.decided_on <= revoked_on <= legal_day(now):
            raise FieldErrors([FieldError("/revoked_on", "out-of-range", "应在作出决定之日与今天之间")])
        was_disclosed = self.state is RecordState.DISCLOSED
        self.state = RecordState.WITHDRAWN
        self.withdrawn_at = now
        self.withdrawal_reason = reason
        self.withdrawal_due_on = calendar.deadline(revoked_on, self.withdrawal_days).day
        self.version += 1
        return was_disclosed

    def reckon(self, calendar: Calendar) -> bool:
        """Compute the deadline anew after a change of the calendar; return whether it moved or became definite."""
        due = calendar.deadline(self.decided_on, self.disclosure_days)
        if due == self.due:
            return False
        self.due = due
        self.version += 1
        return True

    def is_late(self, today: date) -> bool:
        """Tell whether it was disclosed past its deadline, or still is not although that is over."""
        if self.state is RecordState.WITHDRAWN and self.disclosed_at is None:
            return False
        return (legal_day(self.disclosed_at) if self.disclosed_at else today) > self.due.day

    @property
    def was_withdrawn_late(self) -> bool:
        """Whether it stayed public longer than the rule allows after the revocation."""
        if self.withdrawn_at is None or self.withdrawal_due_on is None:
            return False
        return legal_day(self.withdrawn_at) > self.withdrawal_due_on

    def _must_be(self, state: RecordState) -> None:
        if self.state is not state:
            raise WrongRecordState(f"该信用记录现在是“{self.state.label}”，只有“{state.label}”时才能这样做。")


def _licensed(decision: Decision, rule: DisclosureRule) -> Licensed:
    certificate = decision.certificate
    return Licensed(
        document_name=decision.document_name,
        document_number=decision.document_number,
        category=decision.category or rule.category,
        content=certificate.content if certificate else decision.item_name,
        certificate_owed=CERTIFICATE in decision.obligations,
        certificate_name=certificate.name if certificate else None,
        certificate_number=certificate.number if certificate else None,
        valid_from=certificate.valid_from if certificate else decision.decided_on,
        valid_to=certificate.valid_to if certificate else None,
        legal_representative=decision.legal_representative,
    )


def _valid(code: str | None) -> bool:
    try:
        CreditCode.parse(code or "")
    except InvalidCreditCode:
        return False
    return True


def _holds_identity_number(text: str) -> bool:
    for found in _MAYBE_IDENTITY_NUMBER.findall(text):
        try:
            IdentityNumber.parse(found)
        except InvalidIdentityNumber:
            continue
        return True
    return False
