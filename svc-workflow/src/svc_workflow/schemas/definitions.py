"""Definitions of procedures."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from onestop_runtime.examples import example


class DefinitionView(BaseModel):
    """A definition 流程定义."""

    model_config = example(
        id="018f3b1c-7e4a-7c21-9a55-000000000072",
        key="standard-licence",
        number=1,
        name="一般许可",
        steps=["审查", "决定"],
        imported_at="2026-01-01T00:00:00Z",
    )

    id: UUID
    key: str
    number: int
    name: str
    steps: list[str]
    imported_at: datetime
