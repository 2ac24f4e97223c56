"""The five outcomes of an application (行政许可法 32), and the two that say no.

32(1) no licence is needed: told at once, 不受理. 32(2) not this organ's business: refused at once, the right organ is
named. 32(3) what can be corrected on the spot is corrected on the spot. 32(4) incomplete: all corrections are named
once (`correction`). 32(5) complete, or corrected as asked: accepted (`case`).
"""

from dataclasses import dataclass
from datetime import date

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors
from svc_intake.domain.party import AgencyFacts


class Outcome(CodeList):
    """The five outcomes of an application, by the paragraph that stands for each."""

    NOT_NEEDED = "32-1", "不受理"
    NOT_THIS_ORGAN = "32-2", "不予受理"
    CORRECTED_ON_THE_SPOT = "32-3", "当场更正"
    CORRECTIONS_NAMED = "32-4", "一次性告知补正"
    ACCEPTED = "32-5", "受理"


class RefusalKind(CodeList):
    """Why an application is not accepted."""

    NOT_NEEDED = "no-licence-needed", "依法不需要取得行政许可"
    NOT_THIS_ORGAN = "not-this-organ", "依法不属于本机关职权范围"
    NOT_CORRECTED = "not-corrected", "补正后仍不齐全或不符合法定形式"
    FALSE_MATERIALS = "false-materials", "隐瞒有关情况或者提供虚假材料"

    @property
    def document_name(self) -> str:
        """What the document is called: no licence needed is 不受理, everything else 不予受理."""
        return "不受理告知书" if self is RefusalKind.NOT_NEEDED else "不予受理决定书"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal 不予受理, with its reasons and the full remedies (行政许可法 38).

    Attributes:
        right_organ: the organ to turn to, when it is not this one's business.
        remedies: where to turn against the refusal, in full.
    """

    kind: RefusalKind
    reason: str
    right_organ: str | None
    advice: str | None
    remedies: str
    document_number: str
    refused_on: date


def remedies_of(agency: AgencyFacts) -> str:
    """Return the remedies told with a refusal: 复议 in 60 days (行政复议法 20), 诉讼 in 6 months (行政诉讼法 46)."""
    return (
        f"如不服本决定，可以自收到之日起六十日内向{agency.review_authority}申请行政复议，"
        f"也可以自收到之日起六个月内依法向{agency.court}提起行政诉讼。"
    )


def refuse(
    kind: RefusalKind,
    reason: str,
    agency: AgencyFacts,
    *,
    right_organ: str | None = None,
    advice: str | None = None,
    corrections_named: bool,
    document_number: str,
    refused_on: date,
) -> Refusal:
    """Return the refusal.

    Args:
        kind: why.
        reason: the facts and the law in this case, for the applicant.
        agency: whose refusal it is; gives the remedies.
        right_organ: required when the application is another organ's business.
        advice: what else helps the applicant.
        corrections_named: whether the applicant was told what to correct before.
        document_number: in the agency's own series.
        refused_on: legal day.

    Raises:
        FieldErrors: when the right organ is not named (`/right_organ`), or an application is to be refused as not
            corrected although nobody told what to correct (`/kind`).
    """
    if kind is RefusalKind.NOT_THIS_ORGAN and not right_organ:
        raise FieldErrors(
            [FieldError("/right_organ", "required", "请写明应当向哪个行政机关申请（行政许可法第三十二条第二项）")]
        )
    if kind is RefusalKind.NOT_CORRECTED and not corrections_named:
        raise FieldErrors([FieldError("/kind", "not-in-list", "尚未一次性告知补正内容，不能以未补正为由不予受理")])
    return Refusal(kind, reason, right_organ, advice, remedies_of(agency), document_number, refused_on)
