"""Credit records and their disclosure 双公示.

A positive decision on a permit 行政许可 owes its disclosure within 7 working days (企业信息公示暂行条例;
国务院关于双公示的要求). Records of natural persons are restricted: the identity document number is never published,
and the name only masked.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from onestop_legal.codes import ItemType
from onestop_legal.errors import NamedError
from onestop_legal.working_days import Calendar, Deadline, legal_day


class RecordKind(StrEnum):
    """信用信息种类 (R28)."""

    REGISTRATION = "registration"
    LICENCE = "licence"
    PENALTY = "penalty"
    ABNORMAL_LIST = "abnormal_list"
    SERIOUS_LIST = "serious_list"
    INSPECTION = "inspection"
    QUALITY_CHECK = "quality_check"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return _KINDS[self]


_KINDS = {
    RecordKind.REGISTRATION: "登记备案",
    RecordKind.LICENCE: "行政许可",
    RecordKind.PENALTY: "行政处罚",
    RecordKind.ABNORMAL_LIST: "经营异常名录",
    RecordKind.SERIOUS_LIST: "严重违法失信名单",
    RecordKind.INSPECTION: "监督检查",
    RecordKind.QUALITY_CHECK: "质量抽检",
}


class RecordState(StrEnum):
    """Where a record stands: waiting 待公示, public 已公示, no longer public 已撤下."""

    PENDING = "pending"
    DISCLOSED = "disclosed"
    WITHDRAWN = "withdrawn"


class RecordNotFound(NamedError):
    """There is no such record, or it is not public."""

    slug = "credit-record-not-found"
    title = "没有找到这条信用记录"
    status = 404


class SubjectNotFound(NamedError):
    """Nothing is recorded under this credit code."""

    slug = "credit-subject-not-found"
    title = "没有找到该主体的信用档案"
    status = 404


class RecordAlreadyWithdrawn(NamedError):
    """The record is no longer public; it cannot be withdrawn twice."""

    slug = "credit-record-already-withdrawn"
    title = "该信用记录已撤下"
    status = 409


class NothingToDisclose(NamedError):
    """The decision owes no disclosure."""

    slug = "nothing-to-disclose"
    title = "该决定不属于公示范围"
    status = 409


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """Until when a kind of record must be public; a row with validity dates and its source.

    Attributes:
        item_types: GB/T 39046 types whose positive decisions are disclosed as this kind.
        working_days: length of the limit, counted from the decision.
    """

    kind: RecordKind
    item_types: frozenset[str]
    working_days: int
    source: str
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Tell whether the rule is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a record is about.

    Attributes:
        party_id: opaque id.
        kind: `legal` or `natural`.
        credit_code: only of legal persons; public.
        name: company name, or the masked name of a natural person.
    """

    party_id: UUID
    kind: str
    credit_code: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence a decision granted, as the disclosure shows it."""

    name: str
    number: str
    identifier: str
    content: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision tells about itself."""

    id: UUID
    case_id: UUID
    item_name: str
    item_type: str
    outcome: str
    obligations: frozenset[str]
    agency_code: str
    agency_name: str
    document_name: str
    document_number: str
    decided_on: date
    subject: Subject
    licence: Licence | None

    @property
    def owes_disclosure(self) -> bool:
        """Whether the item names disclosure as an obligation and the decision is positive."""
        return self.outcome == "granted" and "disclosure" in self.obligations


@dataclass(slots=True)
class Record:
    """A credit record 信用记录 with the fields of 双公示.

    Attributes:
        due: last day of the disclosure limit.
        version: number of changes, for `If-Match`.
    """

    id: UUID
    kind: RecordKind
    decision: Decision
    due: Deadline
    state: RecordState = RecordState.PENDING
    disclosed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    version: int = 1

    @property
    def late(self) -> bool:
        """Whether it became public after its last day."""
        return self.disclosed_at is not None and legal_day(self.disclosed_at) > self.due.day

    def disclose(self, now: datetime) -> None:
        """Make the record public; repeating changes nothing."""
        if self.state is RecordState.PENDING:
            self.state = RecordState.DISCLOSED
            self.disclosed_at = now

    def withdraw(self, now: datetime, reason: str) -> None:
        """Take the record out of public view, for example when its decision was revoked.

        Raises:
            RecordAlreadyWithdrawn: when it is withdrawn already.
        """
        if self.state is RecordState.WITHDRAWN:
            raise RecordAlreadyWithdrawn
        self.state = RecordState.WITHDRAWN
        self.withdrawn_at = now
        self.withdrawal_reason = reason
        self.version += 1


def rule_for(decision: Decision, rules: list[DisclosureRule]) -> DisclosureRule | None:
    """Return the rule under which `decision` must be disclosed, or None when it need not be."""
    if not decision.owes_disclosure:
        return None
    fitting = (rule for rule in rules if decision.item_type in rule.item_types and rule.holds_on(decision.decided_on))
    return next(fitting, None)


def record_of(record_id: UUID, decision: Decision, rules: list[DisclosureRule], calendar: Calendar) -> Record:
    """Return the record that `decision` owes, pending.

    Raises:
        NothingToDisclose: when it owes none.
    """
    rule = rule_for(decision, rules)
    if rule is None:
        raise NothingToDisclose
    due = calendar.deadline(decision.decided_on, rule.working_days)
    return Record(record_id, rule.kind, decision, due)


DEFAULT_RULES = (
    DisclosureRule(
        RecordKind.LICENCE,
        frozenset({ItemType.PERMIT.value}),
        7,
        "《国务院办公厅关于运用大数据加强对市场主体服务和监管的若干意见》（国办发〔2015〕51号）：自作出决定之日起7个工作日内公示",
        date(2015, 7, 1),
        None,
    ),
    DisclosureRule(
        RecordKind.PENALTY,
        frozenset({ItemType.PENALTY.value}),
        7,
        "《国务院办公厅关于运用大数据加强对市场主体服务和监管的若干意见》（国办发〔2015〕51号）：自作出决定之日起7个工作日内公示",
        date(2015, 7, 1),
        None,
    ),
)
"""The rules a new database begins with."""
