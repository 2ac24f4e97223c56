"""Which decisions are disclosed and within how many days, as rows with validity dates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from onestop_legal.codes import CodeList


class RecordKind(CodeList):
    """The seven kinds of records a credit file holds."""

    REGISTRATION = "registration", "登记备案"
    LICENCE = "licence", "行政许可"
    PENALTY = "penalty", "行政处罚"
    ABNORMAL = "abnormal", "经营异常名录"
    SERIOUS = "serious", "严重违法失信名单"
    INSPECTION = "inspection", "监督检查"
    QUALITY = "quality", "质量抽检"


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """How decisions of an item type are disclosed.

    Attributes:
        days: working days from the decision to its disclosure.
        withdrawal_days: working days from a decision's revocation to the end of its disclosure.
        category: category of licence 许可类别 where the item says nothing else.
        source: document it comes from.
        valid_from: first day of decision it applies to.
        valid_to: last one, None while in force.
    """

    item_type: str
    kind: RecordKind
    days: int
    withdrawal_days: int
    category: str
    source: str
    valid_from: date
    valid_to: date | None

    def applies(self, item_type: str, decided_on: date) -> bool:
        """Tell whether a decision of that type and legal day is disclosed by this rule."""
        within = self.valid_from <= decided_on and (self.valid_to is None or decided_on <= self.valid_to)
        return within and self.item_type == item_type


def rule_for(rules: Iterable[DisclosureRule], item_type: str, decided_on: date) -> DisclosureRule | None:
    """Return the rule that binds a decision, None when decisions of its type are not disclosed."""
    return next((rule for rule in rules if rule.applies(item_type, decided_on)), None)
