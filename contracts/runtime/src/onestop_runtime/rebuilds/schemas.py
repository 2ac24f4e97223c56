"""What operators send and see of rebuilds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from onestop_runtime.examples import example
from onestop_runtime.rebuilds.repository import Difference, Rebuild

_REBUILD: dict[str, Any] = {
    "id": "018f3b1c-7e4a-7c21-9a55-0000000000b1",
    "projection": "notes",
    "since": None,
    "state": "ready",
    "read": 1204,
    "error": None,
    "asked_at": "2026-03-02T01:30:00Z",
    "ended_at": None,
}


class RebuildForm(BaseModel):
    """Which projection, and from when on its events are read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"projection": "notes"}, {"projection": "notes", "since": "2026-03-01T00:00:00Z"}]
        },
    )

    projection: str = Field(min_length=1, max_length=60)
    since: AwareDatetime | None = Field(
        default=None, description="从此时起的事件重新处理到现有内容的副本上；为空则从头开始，从空表建起"
    )


class DifferenceView(BaseModel):
    """In how many rows a rebuilt table differs from the one in use."""

    table: str
    missing: int = Field(description="现用的缺少")
    surplus: int = Field(description="现用的多出")
    changed: int = Field(description="内容不同")


class RebuildView(BaseModel):
    """A rebuild 重建."""

    model_config = example(**_REBUILD)

    id: UUID
    projection: str
    since: datetime | None
    state: Literal["reading", "ready", "swapped", "abandoned"] = Field(
        description="`reading`：读取中；`ready`：已追上，可以换上；`swapped`：已换上；`abandoned`：已放弃"
    )
    read: int = Field(description="已读取的事件数")
    error: str | None = Field(description="目前读不下去的原因；会自动再试")
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, rebuild: Rebuild) -> "RebuildView":
        """Return what is shown of a rebuild."""
        return cls(**_fields_of(rebuild))


class RebuildDetail(RebuildView):
    """The same with what it would change."""

    model_config = example(
        **_REBUILD, held_up=0, differences=[{"table": "note", "missing": 1, "surplus": 0, "changed": 2}]
    )

    held_up: int = Field(description="处理不了的对象数；不为 0 则不能换上")
    differences: list[DifferenceView] = Field(description="与现用内容的差别；追上之后才有")

    @classmethod
    def detailed(cls, rebuild: Rebuild, held_up: int, found: Iterable[Difference]) -> "RebuildDetail":
        """Return what is shown of a rebuild and what it would change."""
        shown = [
            DifferenceView(table=one.table, missing=one.missing, surplus=one.surplus, changed=one.changed)
            for one in found
        ]
        return cls(**_fields_of(rebuild), held_up=held_up, differences=shown)


def _fields_of(rebuild: Rebuild) -> dict[str, Any]:
    return {name: getattr(rebuild, name) for name in RebuildView.model_fields}
