"""What is shown of a credit file."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from svc_credit.records.domain.rules import RecordKind
from svc_credit.records.schemas import EXAMPLE, RecordView
from svc_credit.subjects.service import CreditFile


class CreditFileView(BaseModel):
    """信用档案 of a company."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "credit_code": "91130371MA7001010P",
                    "name": "秦皇岛开发区山海食品有限公司",
                    "records": {"licence": 1},
                    "kinds": {"licence": "行政许可"},
                    "latest": [EXAMPLE],
                }
            ]
        }
    )

    credit_code: str
    name: str
    records: dict[RecordKind, int] = Field(description="各类已公示记录的数量；没有的种类不列")
    kinds: dict[RecordKind, str] = Field(description="种类名称")
    latest: list[RecordView] = Field(description="最近的记录；全部记录请用信用记录查询")

    @classmethod
    def of(cls, file: CreditFile, now: datetime) -> "CreditFileView":
        """Return the view of a file."""
        counts = {kind: count for kind, count in file.counts.items() if count}
        return cls(
            credit_code=file.subject.credit_code or "",
            name=file.subject.name,
            records=counts,
            kinds={kind: kind.label for kind in counts},
            latest=[RecordView.of(record, now) for record in file.latest],
        )
