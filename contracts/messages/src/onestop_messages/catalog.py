"""Events of svc-catalog: guides, agencies, calendars."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from onestop_messages.base import (
    AgencyRef,
    CreditCode,
    Event,
    ImplementationCode,
    LicenceCategory,
    RegionCode,
    Value,
)


class Basis(Value):
    """A legal basis 法定依据: law, article and its text."""

    law: str
    article: str
    text: str


class Condition(Value):
    """A condition 申请条件 with the basis it rests on."""

    id: str
    text: str
    basis: str


class Material(Value):
    """A material 申请材料 the guide asks for.

    Attributes:
        need: GB/T 39046: 1 必要, 2 非必要, 3 容缺后补.
        source: 10 申请人自备, 20 政府核发, 99 其他.
        when: question id → answers for which the material is asked; None for always.
        shared_by: code of the shared resource that proves the same; then it need not be handed in.
    """

    code: str
    name: str
    need: Literal["1", "2", "3"]
    source: Literal["10", "20", "99"]
    form: Literal["electronic", "original"]
    media_types: tuple[str, ...]
    max_bytes: int
    basis: str
    when: dict[str, tuple[str, ...]] | None = None
    shared_by: str | None = None
    note: str | None = None


class Option(Value):
    """An answer that can be chosen."""

    value: str
    text: str


class Question(Value):
    """A question 引导问题 whose answer decides which materials are asked."""

    id: str
    text: str
    options: tuple[Option, ...]


class Limits(Value):
    """Time limits of the item, each with its own basis; days in `statutory_unit`.

    Attributes:
        silence: `accepted` when an application not answered within `acceptance_days` counts as accepted
            from the day of receipt (行政许可法 32(4)); `none` where no such rule exists.
    """

    statutory_days: int
    statutory_unit: Literal["working_day", "natural_day"] = "working_day"
    statutory_basis: str
    promised_days: int
    extension_days: int = 0
    extension_basis: str | None = None
    acceptance_days: int = 5
    acceptance_basis: str
    silence: Literal["accepted", "none"]
    delivery_days: int = 10
    delivery_basis: str


class FlowStep(Value):
    """One step of the flow 办理流程 as shown to the applicant."""

    step: str
    role: str
    days: int


class Fee(Value):
    """Whether the item costs something; by default nothing (行政许可法 58)."""

    charged: bool
    basis: str | None = None
    standard: str | None = None


class Place(Value):
    """Where the item is handled."""

    hall: str
    window: str
    address: str
    hours: str


class Result(Value):
    """What the applicant gets.

    Attributes:
        licence_type: 21 characters of the electronic licence's type, None where no licence is issued.
        number_prefix: scheme of the licence number, for example `JY`.
        licence_category: 许可类别 of 双公示; left out of guides that do not say it, whose hashes stay as they were.
    """

    kind: Literal["licence", "record", "document", "none"]
    name: str
    licence_type: str | None = None
    valid_years: int | None = None
    number_prefix: str | None = None
    licence_category: LicenceCategory | None = Field(default=None, exclude_if=lambda category: category is None)


class Themes(Value):
    """Life events of persons and firms under which the item is found."""

    persons: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()


class Guide(Value):
    """A guide 办事指南: everything that is published about an implementation.

    Attributes:
        form: JSON Schema 2020-12 of the application form.
        public_fields: names of non-personal form fields that may travel in events.
        procedure: key of the definition by which svc-workflow runs the proceeding.
        obligations: what a positive decision owes: `certificate`, `disclosure`, `notice`.
    """

    code: ImplementationCode
    name: str
    item_type: str
    base_code: str
    agency: AgencyRef
    region: RegionCode
    level: str
    body: str
    origin: str
    served: tuple[str, ...]
    channels: tuple[str, ...]
    case_kind: str
    basis: tuple[Basis, ...]
    conditions: tuple[Condition, ...]
    materials: tuple[Material, ...]
    questions: tuple[Question, ...] = ()
    limits: Limits
    flow: tuple[FlowStep, ...]
    fee: Fee
    places: tuple[Place, ...]
    contact: str
    supervision: str
    trips: int
    trips_reason: str | None = None
    online_depth: str
    one_window: bool
    hall_presence: bool
    appointment: bool = False
    delivery: bool = False
    terminal: bool = False
    intermediary: str | None = None
    scope: str
    result: Result
    obligations: tuple[Literal["certificate", "disclosure", "notice"], ...]
    form: dict[str, Any]
    public_fields: tuple[str, ...] = ()
    procedure: str
    themes: Themes = Field(default_factory=Themes)
    synonyms: tuple[str, ...] = ()
    valid_from: date
    valid_to: date | None = None


class GuidePublished(Event):
    """A version of a guide is in force from its day on; carries the whole guide. Key: item id."""

    TYPE: ClassVar[str] = "cn.onestop.catalog.guide.published.v1"
    TOPIC: ClassVar[str] = "onestop.catalog.guide"

    item_id: UUID
    guide_version_id: UUID
    version_number: int
    content_hash: str
    """SHA-256 in hex over the canonical JSON (RFC 8785) of the guide."""
    guide: Guide
    published_at: datetime


class GuideSuspended(Event):
    """The item may not be applied for at present (挂起)."""

    TYPE: ClassVar[str] = "cn.onestop.catalog.guide.suspended.v1"
    TOPIC: ClassVar[str] = "onestop.catalog.guide"

    item_id: UUID
    guide_version_id: UUID
    code: ImplementationCode
    reason: str
    suspended_at: datetime


class GuideWithdrawn(Event):
    """The version is no longer in force, and none follows it (取消)."""

    TYPE: ClassVar[str] = "cn.onestop.catalog.guide.withdrawn.v1"
    TOPIC: ClassVar[str] = "onestop.catalog.guide"

    item_id: UUID
    guide_version_id: UUID
    code: ImplementationCode
    reason: str
    withdrawn_at: datetime


class Remedies(Value):
    """Where somebody may turn against a decision of the agency (行政复议法 20, 24; 行政诉讼法 46)."""

    review_authority: str
    court: str


class AgencyChanged(Event):
    """An agency as it is from now on. Key: agency id."""

    TYPE: ClassVar[str] = "cn.onestop.catalog.agency.changed.v1"
    TOPIC: ClassVar[str] = "onestop.catalog.agency"

    agency_id: UUID
    code: CreditCode
    name: str
    short_name: str
    """For document numbers, for example `秦开审批`."""
    region: RegionCode
    parent_code: CreditCode | None = None
    remedies: Remedies
    valid_from: date
    valid_to: date | None = None


class CalendarChanged(Event):
    """A year of the working-day calendar 工作日历, complete. Key: id of the year's row.

    Attributes:
        published: True when the State Council's notice for the year is out; otherwise the year is
            provisional (暂定).
        holidays: weekdays off.
        workdays: days of a weekend worked (调休).
    """

    TYPE: ClassVar[str] = "cn.onestop.catalog.calendar.changed.v1"
    TOPIC: ClassVar[str] = "onestop.catalog.calendar"

    year: int
    published: bool
    source: str
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]
