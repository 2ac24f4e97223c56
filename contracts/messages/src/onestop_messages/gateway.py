"""Events of the gateway: people, mandates, staff, clients."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from onestop_messages.base import AgencyRef, CreditCode, Event, Party, RegionCode


class PersonRegistered(Event):
    """A natural or legal person became known; no personal data travels."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.person.registered.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.person"

    person_id: UUID
    kind: str
    credit_code: CreditCode | None = None
    name: str | None = None
    registered_at: datetime


class PersonVerified(Event):
    """A natural person is known more surely from now on; what was verified does not travel."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.person.verified.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.person"

    person_id: UUID
    assurance: int = Field(ge=0, le=3)
    """How surely: 1 phone, 2 real name, 3 in person."""
    verified_at: datetime


class PersonErased(Event):
    """A natural person's data was destroyed; every service forgets its copy, but for what the law makes it keep."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.person.erased.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.person"

    person_id: UUID
    erased_at: datetime


class MandateGiven(Event):
    """A legal person lets a natural person act for it (经办人), or a natural one a relative or a township's agent.

    It is in force: whoever had to agree has agreed. A natural principal is named by his masked name.
    """

    TYPE: ClassVar[str] = "cn.onestop.gateway.mandate.given.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.mandate"

    mandate_id: UUID
    principal: Party
    agent_id: UUID
    items: tuple[str, ...] | None = None
    """Implementation codes the mandate covers; None for all."""
    valid_from: date
    valid_to: date | None = None


class MandateWithdrawn(Event):
    """The mandate ended before its time."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.mandate.withdrawn.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.mandate"

    mandate_id: UUID
    withdrawn_at: datetime


class StaffAppointed(Event):
    """A person serves an agency with roles, from a day on."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.staff.appointed.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.staff"

    staff_id: UUID
    person_id: UUID
    agency: AgencyRef
    region: RegionCode
    hall: str | None = None
    roles: tuple[str, ...]
    display_name: str
    """Masked, for example `王*`; used on screens of colleagues."""
    valid_from: date
    valid_to: date | None = None


class StaffDismissed(Event):
    """The appointment ended; `StaffDismissedV2` says the same with the whole appointment."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.staff.dismissed.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.staff"

    staff_id: UUID
    valid_to: date


class StaffDismissedV2(Event):
    """The appointment ended, told whole: a reader who knows nothing of it learns all there is from this event alone."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.staff.dismissed.v2"
    TOPIC: ClassVar[str] = "onestop.gateway.staff"

    staff_id: UUID
    person_id: UUID
    agency: AgencyRef
    region: RegionCode
    hall: str | None
    roles: tuple[str, ...]
    display_name: str
    """Masked, for example `王*`."""
    valid_from: date
    valid_to: date
    """Last day served; before `valid_from` when the person never took office."""
    dismissed_at: datetime


class ClientSuspended(Event):
    """A client is let in no more: its tokens are void, and so is what people granted it."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.client.suspended.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.client"

    id: UUID
    client_id: str
    agency: CreditCode | None = None
    """Agency that owns it."""
    suspended_at: datetime
    ended: bool = False
    """Whether it is let in never again."""


class ClientResumed(Event):
    """A suspended client is let in again; what it had before stays void."""

    TYPE: ClassVar[str] = "cn.onestop.gateway.client.resumed.v1"
    TOPIC: ClassVar[str] = "onestop.gateway.client"

    id: UUID
    client_id: str
    agency: CreditCode | None = None
    resumed_at: datetime
