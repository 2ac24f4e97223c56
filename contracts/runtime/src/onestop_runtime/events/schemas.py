"""What operators send and see of events."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from onestop_runtime.events.broker import Lag
from onestop_runtime.events.masking import masked
from onestop_runtime.events.repository import HeldUp
from onestop_runtime.examples import example
from onestop_runtime.sql import Record

Side = Literal["in", "out"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]

_TOPIC = "onestop.test.note"
_KEY = "018f3b1c-7e4a-7c21-9a55-000000000021"
_HELD: dict[str, Any] = {
    "side": "in",
    "topic": _TOPIC,
    "key": _KEY,
    "state": "dead",
    "sequence": 4,
    "type": "cn.onestop.test.note.written.v1",
    "error": "ValidationError: /written_at datetime_from_date_parsing",
    "place": "svc_test.consumers:33",
    "attempts": 3,
    "since": "2026-03-02T01:30:00Z",
    "waiting": 2,
}
_DISCARDED: dict[str, Any] = {
    "id": 7,
    "side": "in",
    "topic": _TOPIC,
    "key": _KEY,
    "sequence": 4,
    "type": "cn.onestop.test.note.written.v1",
    "error": "ValueError",
    "attempts": 6,
    "reason": "发送方已另行更正，见工单 2026-0302",
    "actor": "018f3b1c-7e4a-7c21-9a55-000000000016",
    "at": "2026-03-02T02:10:00Z",
    "data": {"note_id": _KEY, "text": "甲***"},
}


class HeldUpView(BaseModel):
    """An aggregate whose events wait 搁置的事件: behind one that failed, or one that did not arrive."""

    model_config = example(**_HELD)

    side: Side = Field(description="`out`：本服务发不出去的；`in`：收到后处理不了的")
    topic: str
    key: UUID = Field(description="对象编号；同一对象的事件按序处理，其他对象不受影响")
    state: Literal["dead", "replaying", "gap"] = Field(
        description="`dead`：失败后隔离；`replaying`：已要求重放；`gap`：缺少前面的事件"
    )
    sequence: int = Field(description="失败的或缺少的是该对象在此主题的第几个事件")
    type: str | None = Field(description="事件类型；缺少的事件没有")
    error: str | None = Field(description="错误的种类，不含任何内容")
    place: str | None = Field(description="出错的代码位置")
    attempts: int = Field(description="一共试了几次")
    since: datetime
    waiting: int = Field(description="等待的事件数，含失败的一个")

    @classmethod
    def of(cls, held: HeldUp) -> "HeldUpView":
        """Return what is shown of an aggregate that is held up."""
        return cls(**_fields_of(held))


class HeldUpDetail(HeldUpView):
    """The same with the event that failed; what could tell of whom it speaks is masked."""

    model_config = example(
        **_HELD,
        event_id="018f3b1c-7e4a-7c21-9a55-0000000000e4",
        occurred_at="2026-03-02T01:29:59Z",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data={"note_id": _KEY, "text": "甲***", "written_at": "2026-03-02"},
    )

    event_id: str | None = Field(description="CloudEvents 的 id")
    occurred_at: datetime | None = Field(description="事件发生的时间")
    traceparent: str | None = Field(description="产生它的请求的追踪编号")
    data: Any = Field(description="事件内容，脱敏")

    @classmethod
    def detailed(cls, held: HeldUp, headers: dict[str, Any], data: Any) -> "HeldUpDetail":
        """Return what is shown of the event that failed."""
        return cls(
            **_fields_of(held),
            event_id=headers.get("ce_id"),
            occurred_at=headers.get("ce_time"),
            traceparent=headers.get("traceparent"),
            data=masked(data),
        )


def _fields_of(held: HeldUp) -> dict[str, Any]:
    return {name: getattr(held, name) for name in HeldUp.__slots__}


class ReplayForm(BaseModel):
    """What is to be tried again; nothing named: everything that failed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"side": "in", "topic": _TOPIC}, {"key": _KEY}, {}]}
    )

    side: Side | None = None
    topic: str | None = None
    key: UUID | None = Field(default=None, description="只重放这一对象的（可能在几个主题）")


class ReplayView(BaseModel):
    """How much is tried again."""

    model_config = example(replayed=12)

    replayed: int = Field(description="要求重放的对象数；成功的随即从列表消失，再次失败的回到隔离并累计次数")


class DiscardForm(BaseModel):
    """What is to be passed over, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"sequence": 4, "reason": "发送方已另行更正，见工单 2026-0302"}]},
    )

    sequence: int = Field(ge=1, description="所见的 sequence；其间有变化则不予放弃")
    reason: Reason = Field(description="放弃的理由，记入审计")


class DiscardView(BaseModel):
    """What was passed over; what waited behind it goes on."""

    model_config = example(first=4, last=4)

    first: int
    last: int


class DiscardedView(BaseModel):
    """An event that was passed over 放弃的事件."""

    model_config = example(**_DISCARDED)

    id: int
    side: Side
    topic: str
    key: UUID
    sequence: int
    type: str | None = Field(description="没有则从未到达")
    error: str | None
    attempts: int
    reason: str
    actor: UUID | None
    at: datetime
    data: Any = Field(description="事件内容，脱敏")

    @classmethod
    def of(cls, row: Record, data: Any) -> "DiscardedView":
        """Return what is shown of what was discarded."""
        return cls(data=masked(data), **{name: row[name] for name in cls.model_fields if name != "data"})


class DepthView(BaseModel):
    """What of a topic is committed and not yet published."""

    topic: str
    depth: int
    oldest_seconds: float


class RelayView(BaseModel):
    """A relay worker 发送进程."""

    id: UUID
    buckets: int = Field(description="它负责的 64 个分组中的几个")
    seen_seconds: float = Field(description="多久前还活着")


class LagView(BaseModel):
    """How far the group is behind in a topic."""

    topic: str
    messages: int | None = Field(description="未处理的事件数；消息系统不答复时没有")
    partitions: int = Field(description="有未处理事件的分区数")


class HeldUpCounts(BaseModel):
    """How many aggregates are held up."""

    out: int = Field(description="发不出去的")
    dead: int = Field(description="处理失败而隔离的")
    gap: int = Field(description="缺少前面的事件的")


class FlowView(BaseModel):
    """The events of a service 事件流转: what waits to be published, how far its group is behind, what is held up."""

    model_config = example(
        service="test",
        group="svc-test",
        outbox=[{"topic": _TOPIC, "depth": 3, "oldest_seconds": 0.4}],
        relays=[{"id": "018f3b1c-7e4a-7c21-9a55-0000000000f1", "buckets": 64, "seen_seconds": 0.3}],
        lag=[{"topic": _TOPIC, "messages": 0, "partitions": 0}],
        held_up={"out": 0, "dead": 1, "gap": 0},
    )

    service: str
    group: str = Field(description="消费组")
    outbox: list[DepthView] = Field(description="待发送，按主题；空为全部发出")
    relays: list[RelayView]
    lag: list[LagView]
    held_up: HeldUpCounts

    @classmethod
    def of(
        cls, service: str, group: str, depths: Iterable[Record], relays: Iterable[Record], counts: Record,
        lags: Iterable[Lag],
    ) -> "FlowView":  # fmt: skip
        """Return the view of a service's events."""
        return cls(
            service=service,
            group=group,
            outbox=[DepthView(topic=r["topic"], depth=r["depth"], oldest_seconds=r["age"]) for r in depths],
            relays=[RelayView(id=r["owner"], buckets=r["buckets"], seen_seconds=r["seen"]) for r in relays],
            lag=[LagView(topic=lag.topic, messages=lag.messages, partitions=lag.partitions) for lag in lags],
            held_up=HeldUpCounts(out=counts["leaving"], dead=counts["dead"], gap=counts["gaps"]),
        )
