"""Events of svc-datashare: resources, grants, the licence register."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from onestop_messages.base import AgencyRef, Event, Party


class ResourcePublished(Event):
    """A resource stands in the directory. Key: resource id."""

    TYPE: ClassVar[str] = "cn.onestop.datashare.resource.published.v1"
    TOPIC: ClassVar[str] = "onestop.datashare.resource"

    resource_id: UUID
    code: str
    name: str
    provider: AgencyRef
    share_type: Literal["1", "2", "3"]
    published_at: datetime


class ResourceWithdrawn(Event):
    """The resource left the directory."""

    TYPE: ClassVar[str] = "cn.onestop.datashare.resource.withdrawn.v1"
    TOPIC: ClassVar[str] = "onestop.datashare.resource"

    resource_id: UUID
    code: str
    withdrawn_at: datetime


class GrantGiven(Event):
    """An agency may use a resource, for a purpose, until a day. Key: grant id."""

    TYPE: ClassVar[str] = "cn.onestop.datashare.grant.given.v1"
    TOPIC: ClassVar[str] = "onestop.datashare.grant"

    grant_id: UUID
    resource_code: str
    consumer: AgencyRef
    purpose: str
    item_codes: tuple[str, ...] | None = None
    fields: tuple[str, ...]
    valid_from: date
    valid_to: date


class GrantRevoked(Event):
    """The grant ended before its time."""

    TYPE: ClassVar[str] = "cn.onestop.datashare.grant.revoked.v1"
    TOPIC: ClassVar[str] = "onestop.datashare.grant"

    grant_id: UUID
    resource_code: str
    reason: str
    revoked_at: datetime


class LicenceRegistered(Event):
    """The licence register 电子证照库 holds the licence; it can be verified and shared. Key: licence id."""

    TYPE: ClassVar[str] = "cn.onestop.datashare.licence.registered.v1"
    TOPIC: ClassVar[str] = "onestop.datashare.licence"

    licence_id: UUID
    identifier: str
    number: str
    name: str
    holder: Party
    issuer: AgencyRef
    valid_from: date
    valid_to: date | None
    registered_at: datetime
