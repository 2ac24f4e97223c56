"""Time limits of a request, as rows with validity dates: the rule changed over the years."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError
from onestop_legal.working_days import Calendar, Deadline
from svc_datashare.resources.domain.metadata import ShareType


class Step(CodeList):
    """Who has to act next on a request."""

    PLATFORM = "platform", "平台审核"
    PROVIDER = "provider", "提供部门答复"
    SUPPLY = "supply", "提供部门供数"


ORDER = (Step.PLATFORM, Step.PROVIDER, Step.SUPPLY)


class NoLimitRule(NamedError):
    """No time limit is in force for this share type on the day of receipt; an administrator has to enter one."""

    slug = "no-limit-rule"
    title = "没有适用的办理时限规则"
    status = 409


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One limit of a rule.

    Attributes:
        rule: which rule it belongs to, for example `national-2025`.
        days: working days.
        from_receipt: counted from the day of receipt; otherwise from the day the step before was done.
        source: law or regulation it comes from.
        valid_from: first day of receipt it applies to.
        valid_to: last one, None while in force.
    """

    rule: str
    share_type: ShareType
    step: Step
    days: int
    from_receipt: bool
    source: str
    valid_from: date
    valid_to: date | None

    def applies(self, share_type: ShareType, received_on: date) -> bool:
        """Tell whether a request received on that day is bound by it."""
        within = self.valid_from <= received_on and (self.valid_to is None or received_on <= self.valid_to)
        return within and self.share_type is share_type


@dataclass(frozen=True, slots=True)
class Due:
    """When a step has to be done, and which rule says so."""

    deadline: Deadline
    rule: LimitRule

    def is_late(self, day: date) -> bool:
        """Tell whether `day` lies past the deadline."""
        return day > self.deadline.day


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that bind one request."""

    rules: tuple[LimitRule, ...]

    @classmethod
    def of(cls, rules: Iterable[LimitRule], share_type: ShareType, received_on: date) -> "Limits":
        """Return the limits in force on the day of receipt (legal day).

        Raises:
            NoLimitRule: when there are none.
        """
        found = tuple(rule for rule in rules if rule.applies(share_type, received_on))
        if not found:
            raise NoLimitRule(f"{received_on:%Y-%m-%d} 没有适用于{share_type.label}的时限规则。")
        return cls(found)

    def due(self, calendar: Calendar, step: Step, received_on: date, previous_on: date) -> Due | None:
        """Return until when `step` has to be done, None where the rule sets no limit.

        A step without a limit of its own shares the one of the step after it: the national rule (政务数据共享条例)
        gives ten days for the whole answer, however the platform and the provider divide them.

        Args:
            calendar: working days.
            step: the step that is open.
            received_on: legal day the request came in.
            previous_on: legal day the step before was done.
        """
        for candidate in ORDER[ORDER.index(step) :]:
            rule = next((rule for rule in self.rules if rule.step is candidate), None)
            if rule and (candidate is step or rule.from_receipt):
                start = received_on if rule.from_receipt else previous_on
                return Due(calendar.deadline(start, rule.days), rule)
        return None
