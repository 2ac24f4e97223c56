"""What the API takes and says about erasures."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.erasures.domain import Erasure, Ground, State

_ID: Final = "0190a5f0-0000-7000-8000-000000000041"
_EXAMPLE: Final[dict[str, Any]] = {
    "id": _ID,
    "person_id": "0190a5f0-0000-7000-8000-000000000001",
    "ground": "purpose-over",
    "reason": "重复登记的账号，从未办理事项",
    "state": "proposed",
    "proposed_by": "0190a5f0-0000-7000-8000-000000000002",
    "proposed_at": "2026-03-02T01:30:00Z",
    "decided_by": None,
    "decided_at": None,
    "refusal": None,
    "version": 1,
}
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Proposal(BaseModel):
    """提出删除: on which ground."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"ground": "purpose-over", "reason": "重复登记的账号，从未办理事项"}]},
    )

    ground: Ground = Field(description="依据：个人信息保护法第四十七条各项")
    reason: Words = Field(description="情况说明，不写个人信息")


class Refusal(BaseModel):
    """不予删除: why."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"reason": "该账号仍有正在办理的事项"}]}
    )

    reason: Words


class ErasureView(BaseModel):
    """An erasure 个人信息删除."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    person_id: UUID
    ground: Ground
    reason: str
    state: State
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    refusal: str | None
    version: int

    @classmethod
    def of(cls, it: Erasure) -> "ErasureView":
        """Return what is shown of an erasure."""
        return cls(**{name: getattr(it, name) for name in cls.model_fields})
