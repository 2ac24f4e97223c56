"""Imports of item lists."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from onestop_runtime.examples import example


class RowErrorView(BaseModel):
    """What is wrong with a row 行错误."""

    row: int
    column: str
    code: str
    explanation: str


class ImportView(BaseModel):
    """An import with its report 导入结果."""

    model_config = example(
        id="018f3b1c-7e4a-7c21-9a55-000000000033",
        dry_run=True,
        at="2026-03-02T01:30:00Z",
        rows=1135,
        added=1134,
        unchanged=0,
        report=[
            {
                "row": 17,
                "column": "type_code",
                "code": "unknown-type",
                "explanation": "不是 GB/T 39046 的事项类型代码",
            }
        ],
    )

    id: UUID
    dry_run: bool
    at: datetime
    rows: int
    added: int
    unchanged: int
    report: list[RowErrorView]
