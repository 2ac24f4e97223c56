"""Acceptance authority 受理授权: which hall may accept for which agency, by that agency's numbered document.

行政许可法 32: acceptance and refusal need a dated document with the administrative organ's own seal. The window of a
hall receives (收件); it accepts (受理) only where the organ has authorised it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors, NamedError


class NoAcceptanceAuthority(NamedError):
    """The agency has not authorised this hall to accept this item today."""

    slug = "no-acceptance-authority"
    title = "该大厅未获得主管部门的受理授权"
    status = 403


class AcceptanceAuthorityNotFound(NamedError):
    """There is no such acceptance authority."""

    slug = "acceptance-authority-not-found"
    title = "没有这项受理授权"
    status = 404
    pointer = "{authority_id}"


class AuthorityAlreadyEnded(NamedError):
    """The authority has ended before."""

    slug = "acceptance-authority-ended"
    title = "这项受理授权已经终止"
    status = 409


class AuthorityNumberTaken(NamedError):
    """A document's number stands for one authority only."""

    slug = "authority-number-taken"
    title = "该文号的受理授权已登记"
    status = 409


@dataclass(slots=True)
class AcceptanceAuthority:
    """An agency lets a hall accept in its name.

    Attributes:
        items: implementation codes; None for all of the agency.
        document_number: the agency's own document (`秦开审批授〔2026〕1号`).
        seal: the seal 专用印章 the hall keeps for the agency.
        valid_to: last day, None for an open end.
    """

    id: UUID
    agency_code: str
    agency_name: str
    hall: str
    items: tuple[str, ...] | None
    document_number: str
    seal: str
    valid_from: date
    valid_to: date | None
    version: int = 1

    def require_sensible(self) -> None:
        """Do nothing when the dates are in order and the items are the agency's; raises `FieldErrors`."""
        wrong = []
        if self.valid_to is not None and self.valid_to < self.valid_from:
            wrong.append(FieldError("/valid_to", "too-small", "终止日期不能早于起始日期"))
        if self.items is not None and not self.items:
            wrong.append(FieldError("/items", "too-few", "请至少列明一个事项；不填则为全部事项"))
        if wrong:
            raise FieldErrors(wrong)

    def covers(self, agency_code: str, hall: str, item_code: str, day: date) -> bool:
        """Tell whether the hall may accept the item for the agency on that legal day."""
        return (
            self.agency_code == agency_code
            and self.hall == hall
            and (self.items is None or item_code in self.items)
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )

    def end(self, last_day: date, today: date) -> None:
        """Let the authority end with `last_day`.

        Raises:
            AuthorityAlreadyEnded: when it ended before today.
            FieldErrors: when the last day lies in the past (`/valid_to`): what was accepted stays accepted.
        """
        if self.valid_to is not None and self.valid_to < today:
            raise AuthorityAlreadyEnded(f"这项授权已于 {self.valid_to.isoformat()} 终止。")
        if last_day < max(today, self.valid_from):
            raise FieldErrors([FieldError("/valid_to", "too-small", "终止日期不能早于今天和起始日期")])
        self.valid_to = last_day
        self.version += 1


def authority_for(
    authorities: Iterable[AcceptanceAuthority], agency_code: str, hall: str | None, item_code: str, day: date
) -> AcceptanceAuthority:
    """Return the authority under which `hall` may accept the item on that day; raises `NoAcceptanceAuthority`."""
    for authority in authorities:
        if hall is not None and authority.covers(agency_code, hall, item_code, day):
            return authority
    raise NoAcceptanceAuthority("主管部门没有授权本大厅受理此事项，或授权不在有效期内；请转交主管部门受理。")
