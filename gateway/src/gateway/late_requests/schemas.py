"""What the API takes and says about late requests."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.late_requests.service import Report

_SIGNED: Final = "eyJhbGciOiJFUzI1NiIsInR5cCI6Im9uZXN0b3AtcmVxdWVzdCtqd3MifQ.eyJzZXF1ZW5jZSI6MX0.c2lnbmVk"
_DESCRIPTION: Final = (
    "按序号排列的请求，每个都是产生时由设备密钥签名的紧凑 JWS（typ 为 onestop-request+jws）；"
    "内容有 sequence、previous（前一个 JWS 的 SHA-256，第一个用设备密钥指纹的 SHA-256）、made_at、grant_id、"
    "method、path、idempotency_key、if_match、body（JSON，不能是文件：材料须在有网时提交）"
)


class TerminalBatch(BaseModel):
    """Requests that a terminal kept while its line was lost 离线请求批次."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "requests": [
                        "eyJhbGciOiJFUzI1NiIsInR5cCI6Im9uZXN0b3AtcmVxdWVzdCtqd3MifQ.eyJzZXF1ZW5jZSI6MX0.c2lnbmVk"
                    ]
                }
            ]
        },
    )

    requests: list[Annotated[str, Field(max_length=400_000)]] = Field(
        description=_DESCRIPTION,
        min_length=1,
        max_length=100,
    )


class LateAnswer(BaseModel):
    """What came of one request 离线请求的结果."""

    sequence: int
    state: Literal["answered", "waiting"] = Field(description="waiting：还没有最终结果，请稍后从 next 起再次提交")
    status: int | None = Field(default=None, description="业务系统答复的状态码")
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = Field(default=None, description="业务系统的答复")


class BatchReport(BaseModel):
    """What came of a batch; handed in again, the same answers 批次结果."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "answers": [
                        {
                            "sequence": 1,
                            "state": "answered",
                            "status": 201,
                            "headers": {"content-type": "application/json", "etag": '"1"'},
                            "body": {"id": "0190a5f0-0000-7000-8000-000000000021"},
                        },
                        {"sequence": 3, "state": "waiting", "status": None, "headers": {}, "body": None},
                    ],
                    "next": 2,
                    "missing": 2,
                }
            ]
        }
    )

    answers: list[LateAnswer]
    next: int = Field(description="下一次从这个序号开始提交")
    missing: int | None = Field(description="缺少的第一个序号；其后的请求要等它补上")

    @classmethod
    def of(cls, report: Report) -> "BatchReport":
        """Return what a terminal is told."""
        answers = [
            LateAnswer(sequence=sequence, state="waiting")
            if it is None
            else LateAnswer(sequence=sequence, state="answered", status=it.status, headers=it.headers, body=it.body)
            for sequence, it in report.answers.items()
        ]
        return cls(answers=answers, next=report.next, missing=report.missing)
