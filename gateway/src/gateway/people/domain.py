"""Persons, legal persons, mandates, staff, and the capacity in which somebody acts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

SELF: Final = "self"
"""The choice to act for nobody but oneself."""


class CapacityNotHeld(NamedError):
    """The person has no valid mandate of that legal person and serves no such agency."""

    slug = "capacity-not-held"
    title = "您没有该单位的有效授权"
    status = 403


class NotKnownSurelyEnough(NamedError):
    """What is asked for needs somebody who is known more surely (RFC 9470, 3).

    Attributes:
        needed: the level that would do.
        scheme: how the token was presented: `Bearer` or `DPoP`.
    """

    slug = "insufficient-user-authentication"
    title = "实名级别不足，不能办理此事"
    status = 401

    def __init__(self, needed: int = 0, scheme: str = "Bearer") -> None:
        super().__init__()
        self.needed = needed
        self.scheme = scheme


@dataclass(frozen=True, slots=True)
class LegalPerson:
    """A legal person 法人 or other organisation.

    Attributes:
        credit_code: 统一社会信用代码.
        name: registered name; public.
    """

    id: UUID
    credit_code: str
    name: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a legal person lets a natural person 经办人 do in its name.

    Attributes:
        items: implementation codes it covers; None for all.
        valid_from: first day, in Asia/Shanghai.
        valid_to: last day, or None while it is open-ended.
    """

    id: UUID
    legal_person: LegalPerson
    agent_id: UUID
    items: tuple[str, ...] | None
    valid_from: date
    valid_to: date | None
    withdrawn_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether the agent may act on `day`."""
        return self.withdrawn_at is None and _within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """An appointment 任职: a person serves an agency with roles.

    Attributes:
        agency: credit code of the agency.
        region: division code.
        hall: code of the hall whose window the person works at, if any.
    """

    id: UUID
    person_id: UUID
    agency: str
    agency_name: str
    region: str
    hall: str | None
    roles: frozenset[str]
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Tell whether the person serves the agency on `day`."""
        return _within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Capacity:
    """As what a person acts: for himself, for a legal person, or for an agency.

    Attributes:
        choice: the stable name of the choice: `self`, or the credit code of whom he acts for.
    """

    choice: str = SELF
    mandate: Mandate | None = None
    staff: StaffMember | None = None

    @property
    def kind(self) -> str:
        """Kind of caller: `staff` for an agency, else `natural`."""
        return "staff" if self.staff else "natural"


@dataclass(frozen=True, slots=True)
class Person:
    """A natural person with everything he may act as.

    Attributes:
        masked_name: what colleagues and screens see: `李*`.
        assurance: how surely known: 0 self-declared, 1 phone, 2 real name, 3 in person.
    """

    id: UUID
    username: str
    masked_name: str
    assurance: int
    mandates: tuple[Mandate, ...] = ()
    appointments: tuple[StaffMember, ...] = ()

    def capacities(self, day: date) -> tuple[Capacity, ...]:
        """Return everything the person may act as on `day`; himself comes last."""
        serving = (Capacity(it.agency, staff=it) for it in self.appointments if it.holds_on(day))
        acting = (Capacity(it.legal_person.credit_code, mandate=it) for it in self.mandates if it.holds_on(day))
        return (*serving, *acting, Capacity())

    def capacity(self, choice: str | None, day: date) -> Capacity:
        """Return the capacity that `choice` names.

        Without a choice, somebody who serves exactly one agency acts for it; else somebody with exactly one
        mandate acts for that legal person; else everybody acts for himself.

        Raises:
            CapacityNotHeld: when the person may not act as that.
        """
        held = self.capacities(day)
        if choice is None:
            return _only(it for it in held if it.staff) or _only(it for it in held if it.mandate) or held[-1]
        for capacity in held:
            if capacity.choice == choice:
                return capacity
        raise CapacityNotHeld


def require_assurance(level: str, needed: int) -> None:
    """Do nothing when somebody is known surely enough.

    Raises:
        NotKnownSurelyEnough: when `level` (`acr`) is below `needed`.
    """
    if int(level) < needed:
        raise NotKnownSurelyEnough(needed)


def _only(capacities: Iterable[Capacity]) -> Capacity | None:
    found = tuple(capacities)
    return found[0] if len(found) == 1 else None


def _within(day: date, first: date, last: date | None) -> bool:
    return first <= day and (last is None or day <= last)
