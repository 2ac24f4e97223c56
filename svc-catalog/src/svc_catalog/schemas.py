"""What svc-catalog takes and gives."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from onestop_messages.catalog import Guide
from svc_catalog.domain.guide_version import GuideVersion
from svc_catalog.domain.vague import Finding
from svc_catalog.service.shape import shaped


class GuideForm(BaseModel):
    """A guide 办事指南, whole; its shape is the published one."""

    model_config = ConfigDict(extra="forbid")

    guide: dict[str, Any] = Field(description="办事指南全文，结构与发布的指南相同")

    def checked(self) -> dict[str, Any]:
        """Return the guide in the published shape; raises `FieldErrors` naming every wrong field."""
        return shaped(self.guide)


class FindingView(BaseModel):
    """A finding of the quality gate 质量检查发现的问题."""

    pointer: str
    code: str
    severity: str
    explanation: str
    source: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingView":
        """Return the view of a finding."""
        return cls.model_validate(finding, from_attributes=True)


class GuideVersionView(BaseModel):
    """A version of a guide 办事指南版本."""

    id: UUID
    code: str
    state: str
    number: int
    content_hash: str
    guide: dict[str, Any]
    reason: str | None
    version: int

    @classmethod
    def of(cls, version: GuideVersion) -> "GuideVersionView":
        """Return the view of a version."""
        return cls(
            id=version.id,
            code=version.code,
            state=version.state.value,
            number=version.number,
            content_hash=version.content_hash,
            guide=dict(version.guide),
            reason=version.reason,
            version=version.version,
        )


class CheckView(BaseModel):
    """What the quality gate found 质量检查结果."""

    id: UUID
    state: str
    findings: list[FindingView]
    version: int


class ReasonForm(BaseModel):
    """Why 理由."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "依据修订，暂停受理"}]})

    reason: str = Field(min_length=2, max_length=500)


class PublishedVersionView(BaseModel):
    """A published version in an item's history 已发布版本."""

    id: UUID
    number: int
    state: str
    content_hash: str
    published_at: datetime
    ended_at: datetime | None = Field(description="被取代或取消的时间；为空表示现行")


class ItemView(BaseModel):
    """An item as search shows it 事项."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "11130371037100371Q4000131001000",
                    "name": "食品（含保健食品）经营许可核发",
                    "agency_code": "11130371037100371Q",
                    "agency_name": "秦皇岛经济技术开发区行政审批局",
                    "item_type": "01",
                    "promised_days": 6,
                    "trips": 0,
                    "version": 1,
                }
            ]
        }
    )

    code: str
    name: str
    agency_code: str
    agency_name: str
    item_type: str
    promised_days: int
    trips: int
    version: int = Field(description="现行办事指南的版本号")

    @classmethod
    def of(cls, row: Any) -> "ItemView":
        """Return the view of an item's row."""
        names = cls.model_fields.keys() - {"version"}
        return cls(**{name: row[name] for name in names}, version=row["numbers"])


class PublishedGuideView(BaseModel):
    """The guide in force 现行办事指南."""

    guide: Guide
    guide_version_id: UUID
    version_number: int
    content_hash: str
    published_at: datetime


class RegionView(BaseModel):
    """A region 行政区划."""

    code: str
    name: str
    parent_code: str | None
    kind: str


class AgencyView(BaseModel):
    """An agency 部门."""

    code: str
    name: str
    short_name: str
    region: str
    parent_code: str | None
    review_authority: str
    court: str
    valid_from: date
    valid_to: date | None


class WindowView(BaseModel):
    """A window of a hall 窗口."""

    code: str
    name: str
    kind: str


class HallView(BaseModel):
    """A hall 政务大厅."""

    code: str
    name: str
    region: str
    address: str
    hours: str
    windows: list[WindowView]


class CalendarYearView(BaseModel):
    """A year of the working-day calendar 工作日历."""

    year: int
    published: bool
    source: str
    holidays: list[date]
    workdays: list[date]


class RowErrorView(BaseModel):
    """What is wrong with a row 行错误."""

    row: int
    column: str
    code: str
    explanation: str


class ImportView(BaseModel):
    """An import with its report 导入结果."""

    id: UUID
    dry_run: bool
    at: datetime
    rows: int
    added: int
    unchanged: int
    report: list[RowErrorView]
