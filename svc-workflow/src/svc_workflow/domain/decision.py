"""决定: what is decided, the licence that comes with it, and the remedies that are told.

行政许可法 38 (reasons and remedies of a refusal), 39 (the licence), 44 (delivery). 行政复议法 20: 60 days;
行政诉讼法 46: six months.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from onestop_legal import food_licence_number
from onestop_legal.licence_identifier import LicenceIdentifier
from svc_workflow.domain.proceeding import Matter

GRANTED, DENIED = "granted", "denied"
_FOOD_CATEGORIES = {"sales": "1", "catering": "2", "canteen": "3"}


@dataclass(frozen=True, slots=True)
class Remedies:
    """Where somebody may turn against the agency's decisions."""

    review_authority: str
    court: str

    @property
    def text(self) -> str:
        """What the refusal tells the applicant."""
        return (
            f"如不服本决定，可以自收到本决定书之日起六十日内向{self.review_authority}申请行政复议，"
            f"或者自收到本决定书之日起六个月内向{self.court}提起行政诉讼。"
        )


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence 证照 as issued.

    Attributes:
        identifier: electronic licence identifier with its check character.
        valid_to: last day, None for no end.
    """

    id: UUID
    identifier: str
    number: str
    name: str
    licence_type: str
    valid_from: date
    valid_to: date | None
    content: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision 决定.

    Attributes:
        obligations: what it owes; a refusal owes notice only.
        remedies: told with a refusal.
    """

    id: UUID
    proceeding_id: UUID
    outcome: str
    document_name: str
    document_number: str
    decided_on: date
    decided_at: datetime
    decided_by: UUID
    reasons: str | None
    remedies: str | None
    obligations: tuple[str, ...]
    licence: Licence | None


def document_number(short_name: str, word: str, year: int, number: int) -> str:
    """Return a document's number in the agency's own series: `秦开审批准字〔2026〕第000001号`."""
    return f"{short_name}{word}字〔{year}〕第{number:06d}号"


def licence_series(matter: Matter) -> str:
    """Return the series from which a licence's number is taken."""
    return f"licence:{matter.result.get('number_prefix') or matter.item_code}"


def needs_licence(matter: Matter) -> bool:
    """Tell whether a positive decision comes with a licence."""
    return matter.result.get("kind") == "licence" and bool(matter.result.get("licence_type"))


def licence_of(matter: Matter, licence_id: UUID, serial: int, decided_on: date) -> Licence:
    """Return the licence a positive decision gives: number by the item's scheme, identifier with check character."""
    result = matter.result
    if result.get("number_prefix") == "JY":
        category = _FOOD_CATEGORIES.get(str(matter.public_fields.get("business_type")), "1")
        number = food_licence_number.make(category, matter.region[:6], serial)
    else:
        number = f"{result.get('number_prefix') or ''}{matter.region[:6]}{decided_on.year}{serial:06d}"
    identifier = LicenceIdentifier.make(str(result["licence_type"]), matter.agency_code, number)
    years = result.get("valid_years")
    return Licence(
        id=licence_id,
        identifier=str(identifier),
        number=number,
        name=str(result["name"]),
        licence_type=str(result["licence_type"]),
        valid_from=decided_on,
        valid_to=_years_later(decided_on, years) - timedelta(1) if years else None,
        content=_content_of(matter),
    )


def obligations_of(matter: Matter, outcome: str) -> tuple[str, ...]:
    """Return what a decision owes: as the item says when granted, the notice when denied."""
    return matter.obligations if outcome == GRANTED else ("notice",)


def document_name_of(item_type: str, outcome: str) -> str:
    """Return the name of the decision's document."""
    permit = "行政许可" if item_type == "01" else ""
    return f"{'准予' if outcome == GRANTED else '不予'}{permit or '办理'}决定书"


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


def _content_of(matter: Matter) -> str:
    """Return what is permitted in the words of the application; a code or a bare number tells a reader nothing."""
    words = [value for value in matter.public_fields.values() if isinstance(value, str) and not value.isascii()]
    return f"{matter.item_name}：{'；'.join(words)}" if words else matter.item_name
