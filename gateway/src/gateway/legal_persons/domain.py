"""Legal persons 法人 and their legal representatives 法定代表人."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Self
from uuid import UUID

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError


class LegalPersonNotFound(NamedError):
    """No legal person is registered here under this credit code."""

    slug = "legal-person-not-found"
    title = "没有登记该统一社会信用代码的单位"
    status = 404
    pointer = "{credit_code}"


class LegalPersonExists(NamedError):
    """The credit code is registered already."""

    slug = "legal-person-exists"
    title = "该统一社会信用代码的单位已登记"
    status = 409
    pointer = "/credit_code"


class RepresentsItself(NamedError):
    """Nobody makes himself the representative of a legal person."""

    slug = "own-representative"
    title = "不能将自己登记为法定代表人"
    status = 403
    pointer = "/representative"


class Source(CodeList):
    """By what a representative is proved."""

    SEED = "seed", "初始登记数据"
    ADMINISTRATOR = "administrator", "管理员依登记档案登记"
    WINDOW = "window", "窗口当面核验"


@dataclass(frozen=True, slots=True)
class Representative:
    """The legal representative 法定代表人: acts for the legal person without a mandate (民法典 61).

    Attributes:
        name: masked.
        since: first day by the registration.
        source: by what this is proved.
    """

    person_id: UUID
    name: str
    since: date
    source: Source


@dataclass(frozen=True, slots=True)
class LegalPerson:
    """A legal person or other organisation.

    Attributes:
        credit_code: 统一社会信用代码.
        name: registered name; public.
        representative: None while nobody has proved to be it; then nobody gives mandates in its name.
    """

    id: UUID
    credit_code: str
    name: str
    representative: Representative | None = None
    version: int = 1

    @property
    def representative_id(self) -> UUID | None:
        """Who represents it."""
        return self.representative.person_id if self.representative else None

    def represented_by(self, new: Representative, registrar: UUID | None, today: date) -> Self:
        """Return the legal person with another representative.

        Args:
            new: the representative.
            registrar: who registers him; None for a seed.
            today: the legal day.

        Raises:
            RepresentsItself: when somebody registers himself.
            FieldErrors: when he is to represent it from a day to come.
        """
        if new.person_id == registrar:
            raise RepresentsItself
        if new.since > today:
            raise FieldErrors([FieldError("/since", "too-large", "任职日期不能晚于今天")])
        return replace(self, representative=new, version=self.version + 1)
