"""Natural persons, and the capacity in which somebody acts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from gateway.legal_persons.domain import LegalPerson
from gateway.mandates.domain import TOWNSHIP_AGENT, Basis, Mandate, Principal
from gateway.staff.domain import StaffMember
from onestop_legal.errors import NamedError

SELF: Final = "self"
"""The choice to act for nobody but oneself."""
GUARDIAN: Final = "guardian"
"""The role of who acts by law for a person in his care."""


class CapacityNotHeld(NamedError):
    """The person has no valid mandate of that legal or natural person and serves no such agency."""

    slug = "capacity-not-held"
    title = "您没有对方的有效授权"
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
class Capacity:
    """As what a person acts: for himself, for a legal person or another natural one, or for an agency.

    Attributes:
        choice: the stable name of the choice: `self`, the credit code of a legal person or agency, or the opaque id of
            another natural person.
        principal: for whom he acts; None for himself or an agency.
        mandate: under which; None for the legal representative, who needs none.
        staff: the appointment in which he serves; with a principal, the one by which a township sends him.
    """

    choice: str = SELF
    principal: Principal | None = None
    mandate: Mandate | None = None
    staff: StaffMember | None = None

    @property
    def kind(self) -> str:
        """Kind of caller: `staff` for an agency, else `natural`."""
        return "staff" if self.staff else "natural"

    @property
    def sort(self) -> str:
        """What sort of acting it is: `staff`, `representative`, `agent`, `proxy` or `natural`."""
        if self.principal is None:
            return "staff" if self.staff else "natural"
        if self.principal.kind == "natural":
            return "proxy"
        return "agent" if self.mandate else "representative"

    @property
    def shown_name(self) -> str | None:
        """Name of the agency or of whom he acts for; None for himself."""
        if self.principal:
            return self.principal.name
        return self.staff.agency_name if self.staff else None

    @property
    def serves(self) -> bool:
        """Whether he acts for the agency itself."""
        return self.staff is not None and self.principal is None

    @property
    def roles(self) -> frozenset[str]:
        """What he may be let in as by services, beside what kind and principal imply.

        Of the roles of an appointment none but the one of an agent goes along to the person he is sent to.
        """
        if self.staff is None:
            return frozenset({GUARDIAN} if self.mandate and self.mandate.terms.basis is Basis.WARD else ())
        return self.staff.roles if self.principal is None else frozenset({TOWNSHIP_AGENT})


@dataclass(frozen=True, slots=True)
class Person:
    """A natural person with everything he may act as.

    Attributes:
        masked_name: what colleagues and screens see: `李*`.
        assurance: how surely known: 0 self-declared, 1 phone, 2 real name, 3 in person.
        mandates: those he holds that were given and not withdrawn.
        represents: legal persons whose legal representative he is.
    """

    id: UUID
    username: str
    masked_name: str
    assurance: int
    mandates: tuple[Mandate, ...] = ()
    appointments: tuple[StaffMember, ...] = ()
    represents: tuple[LegalPerson, ...] = ()

    def off_duty(self) -> "Person":
        """Return the person as he acts for himself and others, but for no agency."""
        return replace(self, appointments=())

    def serves(self, day: date) -> bool:
        """Tell whether the person serves an agency on `day`."""
        return any(it.holds_on(day) for it in self.appointments)

    def capacities(self, day: date) -> tuple[Capacity, ...]:
        """Return everything the person may act as on `day`: agencies, legal persons, other persons, himself."""
        serving = [Capacity(it.agency, staff=it) for it in self.appointments if it.holds_on(day)]
        representing = [
            Capacity(it.credit_code, Principal(it.id, "legal", it.name, it.credit_code, self.id))
            for it in self.represents
        ]
        acting = [capacity for it in self.mandates if it.holds_on(day) and (capacity := self._under(it, day))]
        legal = [it for it in acting if it.principal and it.principal.kind == "legal"]
        natural = [it for it in acting if it.principal and it.principal.kind == "natural"]
        represented = {it.choice for it in representing}
        return (*serving, *representing, *(it for it in legal if it.choice not in represented), *natural, Capacity())

    def capacity(self, choice: str | None, day: date) -> Capacity:
        """Return the capacity that `choice` names, or the usual one.

        Usually somebody who serves exactly one agency acts for it; else somebody who acts for exactly one legal person
        acts for that; else everybody acts for himself. Nobody acts for another natural person without saying so.

        Raises:
            CapacityNotHeld: when the person may not act as that.
        """
        if choice is None:
            held = self.capacities(day)
            return _only(filter(_serves, held)) or _only(filter(_for_legal_person, held)) or held[-1]
        found = self.held_as(choice, day)
        if found is None:
            raise CapacityNotHeld
        return found

    def held_as(self, choice: str | None, day: date) -> Capacity | None:
        """Return the capacity that `choice` names, if it is held."""
        return next((it for it in self.capacities(day) if it.choice == choice), None)

    def usual(self, chosen: str | None, day: date) -> Capacity:
        """Return the capacity that was chosen before, as long as it is held; else the usual one."""
        return self.held_as(chosen, day) or self.capacity(None, day)

    def certain(self, day: date) -> bool:
        """Tell whether the usual capacity leaves no doubt, so that the person need not be asked.

        Who serves one agency came for it; who acts for one legal person and nobody else, for that.
        """
        held = self.capacities(day)
        serving = sum(map(_serves, held))
        others = len(held) - serving - 1
        usual = self.capacity(None, day)
        return serving == 1 or (serving == 0 and others == (0 if usual.principal is None else 1))

    def _under(self, mandate: Mandate, day: date) -> Capacity | None:
        """Return the capacity of a mandate; None when its agent serves the township no more that sends him."""
        if mandate.agency is None:
            return Capacity(mandate.choice, mandate.principal, mandate)
        for it in self.appointments:
            if it.agency == mandate.agency.code and TOWNSHIP_AGENT in it.roles and it.holds_on(day):
                return Capacity(mandate.choice, mandate.principal, mandate, it)
        return None


def require_assurance(level: str, needed: int) -> None:
    """Do nothing when somebody is known surely enough.

    Raises:
        NotKnownSurelyEnough: when `level` (`acr`) is below `needed`.
    """
    if int(level) < needed:
        raise NotKnownSurelyEnough(needed)


def _serves(capacity: Capacity) -> bool:
    return capacity.serves


def _for_legal_person(capacity: Capacity) -> bool:
    return capacity.principal is not None and capacity.principal.kind == "legal"


def _only(capacities: Iterable[Capacity]) -> Capacity | None:
    found = tuple(capacities)
    return found[0] if len(found) == 1 else None
