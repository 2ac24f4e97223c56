"""Correction 补齐补正: everything that is missing is named once (行政许可法 32(4)).

申请材料不齐全或者不符合法定形式的，应当当场或者在五日内一次告知申请人需要补正的全部内容。
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from svc_intake.domain.guide import Guide


class CorrectionsAlreadyNamed(NamedError):
    """All corrections are named once; there is no second notice (行政许可法 32(4))."""

    slug = "corrections-already-named"
    title = "补正内容只能一次性告知"
    status = 409


class NotAmongCorrections(NamedError):
    """While a case is being corrected, only what the notice names may be changed."""

    slug = "not-among-corrections"
    title = "补正通知没有要求修改这一项"
    status = 409


@dataclass(frozen=True, slots=True)
class Correction:
    """One place that must be corrected: a material of the guide or a field of the form.

    Attributes:
        reason: Chinese sentence that says what is wrong and what to do.
        done: whether it was handed in again since.
    """

    reason: str
    material_code: str | None = None
    field: str | None = None
    done: bool = False

    @property
    def pointer(self) -> str:
        """Where the place stands in the case: `/materials/M01` or `/form/name`."""
        return f"/materials/{self.material_code}" if self.material_code else f"/form/{self.field}"


@dataclass(frozen=True, slots=True)
class CorrectionNotice:
    """The one notice 一次性告知 of a case.

    Attributes:
        number: in the agency's own series.
        named_on: legal day on which the applicant was told.
    """

    number: str
    named_on: date
    items: tuple[Correction, ...]

    def handed_in_again(self, *, material_code: str | None = None, field: str | None = None) -> "CorrectionNotice":
        """Return the notice with that place done; raises `NotAmongCorrections` when it does not name the place."""
        if not any(one.material_code == material_code and one.field == field for one in self.items):
            raise NotAmongCorrections("补正期间只能修改补正通知列明的内容；如需重新申请，可先撤回。")
        items = tuple(
            replace(one, done=True) if one.material_code == material_code and one.field == field else one
            for one in self.items
        )
        return replace(self, items=items)

    def require_done(self) -> None:
        """Do nothing when every place was handed in again; raises `FieldErrors` with one pointer per place left."""
        left = [
            FieldError(one.pointer, "not-corrected", f"尚未补正：{one.reason}") for one in self.items if not one.done
        ]
        if left:
            raise FieldErrors(left, f"还有 {len(left)} 处没有补正。")


def name_all(
    earlier: CorrectionNotice | None,
    items: tuple[Correction, ...],
    guide: Guide,
    answers: Mapping[str, str],
    *,
    number: str,
    named_on: date,
) -> CorrectionNotice:
    """Return the notice that names everything to be corrected, at once and for all.

    Args:
        earlier: the notice the case already had, if any: then there is no second one.
        items: all places; each must be an asked material or a field of the guide's form, and stand there once.
        guide: the pinned guide.
        answers: decide which materials are asked.
        number: of the notice, in the agency's own series.
        named_on: legal day.

    Raises:
        CorrectionsAlreadyNamed: when there was a notice before (行政许可法 32(4)).
        FieldErrors: when a place does not exist or is named twice (pointers `/items/<n>`).
    """
    if earlier is not None:
        raise CorrectionsAlreadyNamed(
            f"本件已于 {earlier.named_on.isoformat()} 以 {earlier.number} 一次性告知全部补正内容，不得再次要求补正。"
        )
    wrong = list(_wrong_places(items, guide, answers))
    if wrong:
        raise FieldErrors(wrong)
    return CorrectionNotice(number, named_on, items)


def _wrong_places(items: tuple[Correction, ...], guide: Guide, answers: Mapping[str, str]) -> Iterable[FieldError]:
    asked = {ask.code for ask in guide.asked(answers)}
    fields: Mapping[str, Any] = guide.form.get("properties", {})
    seen: set[str] = set()
    for place, one in enumerate(items):
        here = f"/items/{place}"
        if (one.material_code is None) == (one.field is None):
            yield FieldError(here, "one-of", "请指明一份材料或一个表单字段")
        elif one.material_code is not None and one.material_code not in asked:
            yield FieldError(f"{here}/material_code", "not-in-list", "办事指南没有要求这份材料")
        elif one.field is not None and one.field not in fields:
            yield FieldError(f"{here}/field", "not-in-list", "申请表没有这个字段")
        elif one.pointer in seen:
            yield FieldError(here, "named-twice", "同一处只列一次，请合并说明")
        seen.add(one.pointer)
