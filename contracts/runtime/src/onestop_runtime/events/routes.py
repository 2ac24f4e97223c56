"""The routes by which operators see and mend the events of a service; the same for every service."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.events import service
from onestop_runtime.events.broker import lags
from onestop_runtime.events.errors import HeldUpChanged, NotHeldUp, NothingToReplay, UnderReplay
from onestop_runtime.events.repository import Place, decoded
from onestop_runtime.events.schemas import (
    DiscardedView,
    DiscardForm,
    DiscardView,
    FlowView,
    HeldUpDetail,
    HeldUpView,
    ReplayForm,
    ReplayView,
    Side,
)
from onestop_runtime.problems import errors
from onestop_runtime.routing import (
    Cursor,
    Limit,
    Read,
    Write,
    command_router,
    context_of,
    query_router,
    request_reader,
    stream_router,
)

TAG = "事件运维"
_Topic = Annotated[str, Path(examples=["onestop.test.note"])]
_OfTopic = Annotated[str | None, Query(description="只看这一主题", examples=["onestop.test.note"])]
_OfKey = Annotated[UUID | None, Query(description="只看这一对象")]


async def read_event_flow(request: Request) -> FlowView:
    """事件流转概况：待发送的数量和最早一条的时间、各主题的积压、搁置的对象数."""
    context = context_of(request)
    async with request_reader(request) as reader:
        depths, relays, counts = await service.flow(reader)
    group = context.service.audience
    behind = await lags(context.settings, group, (one.topic for one in context.service.subscriptions))
    return FlowView.of(context.service.name, group, depths, relays, counts, behind)


async def list_held_up_events(
    tx: Read,
    *,
    side: Side | None = None,
    topic: _OfTopic = None,
    key: _OfKey = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HeldUpView]:
    """搁置的事件：失败后隔离的，和缺少前面事件而等待的."""
    after = decode_cursor(cursor, str, str, UUID)
    rows = await service.page(tx, after, limit + 1, side=side, topic=topic, key=key)
    page, more = page_of(rows, limit)
    following = encode_cursor(page[-1].side, page[-1].topic, page[-1].key) if more else None
    return Page(items=[HeldUpView.of(row) for row in page], next=following)


async def read_held_up_event(side: Side, topic: _Topic, key: UUID, tx: Read) -> HeldUpDetail:
    """查看一个搁置的事件，内容脱敏."""
    return HeldUpDetail.detailed(*await service.read(tx, Place(side, topic, key)))


async def replay_held_up_event(side: Side, topic: _Topic, key: UUID, tx: Write) -> HeldUpView:
    """重放一个对象的事件：先试失败的一个，成功后其余按序跟上；再次失败则回到隔离，次数累计."""
    return HeldUpView.of(await service.replay(tx, Place(side, topic, key)))


async def replay_held_up_events(wanted: ReplayForm, tx: Write) -> ReplayView:
    """重放全部（或某一主题、某一对象的）失败的事件."""
    return ReplayView(replayed=await service.replay_all(tx, side=wanted.side, topic=wanted.topic, key=wanted.key))


async def discard_held_up_event(side: Side, topic: _Topic, key: UUID, wanted: DiscardForm, tx: Write) -> DiscardView:
    """放弃处理不了的（或从未到达的）事件，后面的事件继续；放弃的记录在案."""
    first, last = await service.discard(tx, Place(side, topic, key), wanted.sequence, wanted.reason)
    return DiscardView(first=first, last=last)


async def list_discarded_events(
    tx: Read, *, topic: _OfTopic = None, key: _OfKey = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[DiscardedView]:
    """放弃的事件，最近的在前."""
    before = decode_cursor(cursor, int)
    rows = await service.discarded(tx, before[0] if before else None, limit + 1, topic, key)
    page, more = page_of(rows, limit)
    following = encode_cursor(page[-1]["id"]) if more else None
    items = [DiscardedView.of(row, decoded(row["payload"])) for row in page]
    return Page(items=items, next=following)


def event_routers(name: str) -> tuple[APIRouter, ...]:
    """Return the routes of the service `name`."""
    prefix = f"/api/{name}/v1/events"
    queries, commands, streams = (make(prefix, [TAG]) for make in (query_router, command_router, stream_router))
    one, not_held = "/held-up/{side}/{topic}/{key}", errors(NotHeldUp)
    streams.get("/flow", summary="事件流转概况")(read_event_flow)
    queries.get("/held-up", summary="搁置的事件")(list_held_up_events)
    queries.get(one, summary="查看搁置的事件", responses=not_held)(read_held_up_event)
    replaying = errors(NotHeldUp, NothingToReplay)
    commands.post(f"{one}/replay", status_code=202, summary="重放一个对象的事件", responses=replaying)(
        replay_held_up_event
    )
    commands.post("/replays", status_code=202, summary="重放失败的事件")(replay_held_up_events)
    discarding = errors(NotHeldUp, HeldUpChanged, UnderReplay)
    commands.post(f"{one}/discard", summary="放弃事件", responses=discarding)(discard_held_up_event)
    queries.get("/discarded", summary="已放弃的事件")(list_discarded_events)
    return queries, commands, streams
