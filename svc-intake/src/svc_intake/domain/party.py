"""Who applies, who decides, and who may act for whom."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from onestop_legal.errors import NamedError

_MASK = "*"


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency 部门 by its credit code."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class AgencyFacts:
    """What documents of an agency need to know about it.

    Attributes:
        short_name: stands in document numbers (`秦开审批`).
        review_authority: the people's government to turn to for 行政复议.
        court: where to sue.
    """

    code: str
    name: str
    short_name: str
    review_authority: str
    court: str


@dataclass(frozen=True, slots=True)
class Applicant:
    """For whom a case runs 申请人.

    Attributes:
        id: opaque id of the natural or legal person.
        kind: `natural` or `legal`.
        name: the company's name, or the masked name of a natural person.
        credit_code: only of legal persons.
    """

    id: UUID
    kind: str
    name: str
    credit_code: str | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """Who fills in an application for another one 代办人, as the applicant sees him.

    Attributes:
        name: masked.
        agency: credit code of the agency that sends him (代办员); None of a relative or a company's own agent.
    """

    name: str
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Opener:
    """Who filled in an application, under which mandate, through which channel.

    Attributes:
        person: opaque id of the natural person.
        mandate_id: of the mandate 授权 under which he acts for another one.
        channel: `web`, `mobile`, `hall`, `terminal` …
        agent: how he is shown; None when he applies for himself.
    """

    person: UUID
    mandate_id: UUID | None
    channel: str
    agent: Agent | None = None


class AgencyUnknown(NamedError):
    """The agency's facts have not arrived yet; its documents cannot be numbered."""

    slug = "agency-unknown"
    title = "尚未取得该部门的基本信息，请稍后再试"
    status = 503


class MandateDoesNotCover(NamedError):
    """The agent's mandate does not cover the item, is not in force or was withdrawn."""

    slug = "mandate-does-not-cover"
    title = "授权不包括此事项或已失效"
    status = 403


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate 授权 for the one who acts for a legal person (经办人) or for a natural one, as copied from events.

    Attributes:
        items: implementation codes covered; None for all.
    """

    items: frozenset[str] | None
    valid_from: date
    valid_to: date | None
    withdrawn: bool

    def require_cover(self, item_code: str, today: date) -> None:
        """Do nothing when the mandate covers the item today; raises `MandateDoesNotCover`."""
        if self.withdrawn:
            raise MandateDoesNotCover("授权已被撤回。")
        if today < self.valid_from or (self.valid_to is not None and today > self.valid_to):
            raise MandateDoesNotCover("授权不在有效期内。")
        if self.items is not None and item_code not in self.items:
            raise MandateDoesNotCover("授权范围不包括此事项。")


class NotServed(NamedError):
    """The item is for others: for persons only, or for organisations only (服务对象)."""

    slug = "not-served"
    title = "此事项不面向您的身份办理"
    status = 422
    pointer = "/guide_code"


_NATURAL, _OTHER = "1", "6"


def require_served(applicant: Applicant, served: tuple[str, ...]) -> None:
    """Do nothing when the item serves such an applicant; raises `NotServed`.

    Args:
        applicant: who applies.
        served: 服务对象 of GB/T 39046: 1 自然人, 2–5 organisations, 6 其他.
    """
    if _OTHER in served:
        return
    if applicant.kind == "natural" and _NATURAL not in served:
        raise NotServed("此事项面向企业和其他组织，请以经办人身份代表单位办理。")
    if applicant.kind == "legal" and not set(served) - {_NATURAL}:
        raise NotServed("此事项只面向个人，请以本人身份办理。")


def shown_name(name: str, kind: str) -> str:
    """Return the name that may travel: a company's as it is, a person's with all but the family name hidden."""
    if kind == "legal" or _MASK in name:
        return name
    return name[:1] + _MASK * max(len(name) - 1, 1)
