"""The guide 办事指南 a case is bound to: one published version, pinned when the case was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import Calendar, Deadline
from svc_intake.domain.material import Ask, MaterialNotAsked
from svc_intake.domain.party import Agency


class ItemNotOpen(NamedError):
    """The item cannot be applied for; subclasses say why."""

    slug = "item-not-open"
    title = "此事项当前不能申请"
    status = 409


class UnknownItem(ItemNotOpen):
    """No guide of such an item is in force."""

    slug = "unknown-item"
    title = "没有这个事项"
    status = 404
    pointer = "/guide_code"


class ItemSuspended(ItemNotOpen):
    """The item may not be applied for at present (挂起)."""

    slug = "item-suspended"
    title = "该事项已暂停办理"
    status = 409


class ItemWithdrawn(ItemNotOpen):
    """The item has been cancelled (取消)."""

    slug = "item-withdrawn"
    title = "此事项已取消"
    status = 409


def require_open(state: str, reason: str | None, pointer: str) -> None:
    """Do nothing when an item in `state` (`open`, `suspended`, `withdrawn`) may be applied for.

    Args:
        state: of the item.
        reason: why it is not open.
        pointer: what in the request named the item.

    Raises:
        ItemSuspended: while it is suspended.
        ItemWithdrawn: when it was cancelled.
    """
    if state == "suspended":
        raise ItemSuspended(f"此事项已暂停办理：{reason.rstrip('。')}。" if reason else "", pointer=pointer)
    if state == "withdrawn":
        raise ItemWithdrawn(f"此事项已取消：{reason.rstrip('。')}。" if reason else "", pointer=pointer)


@dataclass(frozen=True, slots=True)
class Question:
    """A question 引导问题 with its possible answers."""

    id: str
    text: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits that intake itself applies or tells.

    Attributes:
        silence: whether an application not answered in `acceptance_days` counts as accepted.
    """

    statutory_days: int
    statutory_unit: str
    promised_days: int
    acceptance_days: int
    silence: bool

    def statutory(self, calendar: Calendar, accepted_on: date) -> Deadline:
        """Return the statutory deadline of a case accepted on that legal day."""
        return self._deadline(calendar, accepted_on, self.statutory_days)

    def promised(self, calendar: Calendar, accepted_on: date) -> Deadline:
        """Return the deadline the agency promised."""
        return self._deadline(calendar, accepted_on, self.promised_days)

    def answer_due(self, calendar: Calendar, received_on: date) -> Deadline:
        """Return the last day on which an application received that day can be answered (行政许可法 32(4))."""
        return calendar.deadline(received_on, self.acceptance_days)

    def _deadline(self, calendar: Calendar, start: date, days: int) -> Deadline:
        if self.statutory_unit == "natural_day":
            return Deadline(start + timedelta(days), provisional=False)
        return calendar.deadline(start, days)


@dataclass(frozen=True, slots=True)
class Guide:
    """A published version of a guide; `document` is the whole as it was published."""

    version_id: UUID
    code: str
    name: str
    item_type: str
    agency: Agency
    region: str
    served: tuple[str, ...]
    halls: tuple[str, ...]
    questions: tuple[Question, ...]
    asks: tuple[Ask, ...]
    limits: Limits
    form: Mapping[str, Any]
    public_fields: tuple[str, ...]
    document: Mapping[str, Any]

    @classmethod
    def of(cls, version_id: UUID, document: Mapping[str, Any]) -> "Guide":
        """Return the guide that the published `document` describes."""
        limits = document["limits"]
        return cls(
            version_id=version_id,
            code=document["code"],
            name=document["name"],
            item_type=document["item_type"],
            agency=Agency(document["agency"]["code"], document["agency"]["name"]),
            region=document["region"],
            served=tuple(document["served"]),
            halls=tuple(place["hall"] for place in document["places"]),
            questions=tuple(
                Question(one["id"], one["text"], {option["value"]: option["text"] for option in one["options"]})
                for one in document["questions"]
            ),
            asks=tuple(Ask.of(material) for material in document["materials"]),
            limits=Limits(
                statutory_days=limits["statutory_days"],
                statutory_unit=limits["statutory_unit"],
                promised_days=limits["promised_days"],
                acceptance_days=limits["acceptance_days"],
                silence=limits["silence"] == "accepted",
            ),
            form=document["form"],
            public_fields=tuple(document["public_fields"]),
            document=document,
        )

    def asked(self, answers: Mapping[str, str]) -> tuple[Ask, ...]:
        """Return the materials asked of somebody who gave these answers."""
        return tuple(ask for ask in self.asks if ask.asked_for(answers))

    def ask(self, code: str, answers: Mapping[str, str]) -> Ask:
        """Return one asked material; raises `MaterialNotAsked`."""
        for ask in self.asked(answers):
            if ask.code == code:
                return ask
        raise MaterialNotAsked(f"办事指南没有要求材料“{code}”。")

    def check_answers(self, answers: Mapping[str, str]) -> None:
        """Do nothing when every answer is one of the offered; raises `FieldErrors` with `/answers/<question>`."""
        known = {question.id: question for question in self.questions}
        wrong = []
        for question_id, value in answers.items():
            question = known.get(question_id)
            if question is None:
                wrong.append(FieldError(f"/answers/{question_id}", "unknown-field", "办事指南没有这个问题"))
            elif value not in question.options:
                offered = "、".join(question.options)
                wrong.append(FieldError(f"/answers/{question_id}", "not-in-list", f"只能是其中之一：{offered}"))
        if wrong:
            raise FieldErrors(wrong)

    def unanswered(self, answers: Mapping[str, str]) -> list[FieldError]:
        """Return the questions whose answer decides about a material and was not given."""
        deciding = {question for ask in self.asks for question in ask.when or ()}
        return [
            FieldError(f"/answers/{question.id}", "required", f"请回答：{question.text}")
            for question in self.questions
            if question.id in deciding and question.id not in answers
        ]

    def hall_for(self, wished: str | None) -> str | None:
        """Return the hall that handles the case: the wished one, else the first; None where there is no hall.

        Raises:
            FieldErrors: when the item is not handled in the wished hall (pointer `/hall`).
        """
        if wished is None:
            return self.halls[0] if self.halls else None
        if wished not in self.halls:
            raise FieldErrors([FieldError("/hall", "not-in-list", "此事项不在该大厅办理")])
        return wished
