"""The addresses under which a service shows its ledger; not for the public door, only for the service that compares."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field

from onestop_runtime import ledger
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.examples import example
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, Read, Router, context_of, query_router
from onestop_runtime.transaction import Reader

PREFIX = "/system/v1/ledger"
_ID = "018f3b1c-7e4a-7c21-9a55-000000000021"
_KEY = "018f3b1c-7e4a-7c21-9a55-000000000023"

Name = Annotated[str, Path(description="账册名称")]
Shard = Annotated[str, Field(pattern="^[0-9a-f]{2}$")]


class DayView(BaseModel):
    """一日的账：各状态的数量和摘要."""

    day: date
    counts: dict[str, int]
    digest: str


class DaysView(BaseModel):
    """若干日的账."""

    model_config = example(
        book="accepted",
        first_day="2026-03-02",
        days=[{"day": "2026-03-09", "counts": {"running": 3, "decided": 1}, "digest": "7f3a09c1d2e4b586"}],
    )

    book: str
    first_day: date | None = Field(description="有记录的第一日")
    days: list[DayView]


class ShardView(BaseModel):
    """一日中编号末字节相同的部分."""

    shard: str
    count: int
    digest: str


class ShardsView(BaseModel):
    """一日的账按编号末字节分成的部分."""

    model_config = example(
        book="accepted", day="2026-03-09", shards=[{"shard": "21", "count": 1, "digest": "0f3a09c1d2e4b586"}]
    )

    book: str
    day: date
    shards: list[ShardView]


class EntryView(BaseModel):
    """账上的一笔."""

    model_config = example(id=_ID, mark="kept", state="running", key=_KEY, belongs_to=None)

    id: UUID
    mark: str = Field(description="双方应当一致的内容")
    state: str
    key: UUID | None = Field(description="说明它的事件属于哪个聚合")
    belongs_to: UUID | None = Field(description="所属办件；为空表示编号本身就是办件")


class WhereaboutsView(BaseModel):
    """一个聚合的事件到了哪里，就本服务所见."""

    model_config = example(
        key=_KEY, emitted=5, pending=0, quarantined=False, applied=0, parked=0, dead=None, discarded=None
    )

    key: UUID
    emitted: int = Field(description="已发生的事件数")
    pending: int = Field(description="尚在发件箱")
    quarantined: bool = Field(description="因一个事件发不出去而隔离")
    applied: int = Field(description="已应用到第几个")
    parked: int = Field(description="已收到而未应用")
    dead: int | None = Field(description="应用失败的那一个")
    discarded: int | None = Field(description="有人放弃的最后一个")


def ledger_router(reader: str, books: Sequence[ledger.Book]) -> Router:
    """Return the routes that show `books` to the service called `reader`, if the permission table lets it."""
    router = query_router(PREFIX, ["对账"])

    def admit(request: Request, tx: Reader) -> None:
        context_of(request).service.permissions.require(tx.caller, "ledger.read", {"reader": reader})

    @router.get("/books/{book}/days", summary="逐日的数量和摘要", responses=errors(ledger.UnknownBook))
    async def list_ledger_days(request: Request, book: Name, since: date, until: date, tx: Read) -> DaysView:
        """某本账逐日的数量和摘要；没有记录的日子不列出."""
        admit(request, tx)
        one = ledger.book(books, book)
        found = await one.days(tx.connection, since, until)
        days = [DayView(day=day, counts=it.counts, digest=f"{it.digest:016x}") for day, it in found.items()]
        return DaysView(book=book, first_day=await one.first_day(tx.connection), days=days)

    @router.get("/books/{book}/shards", summary="一日各部分的摘要", responses=errors(ledger.UnknownBook))
    async def list_ledger_shards(request: Request, book: Name, day: date, tx: Read) -> ShardsView:
        """摘要不一致的一日，按编号末字节细分."""
        admit(request, tx)
        found = await ledger.book(books, book).shards(tx.connection, day)
        shards = [ShardView(shard=shard, count=it.count, digest=f"{it.digest:016x}") for shard, it in found.items()]
        return ShardsView(book=book, day=day, shards=shards)

    @router.get("/books/{book}/entries", summary="一日中若干部分的每一笔", responses=errors(ledger.UnknownBook))
    async def list_ledger_entries(
        request: Request,
        book: Name,
        day: date,
        shard: Annotated[list[Shard], Query(min_length=1, max_length=256)],
        tx: Read,
        cursor: Cursor = None,
    ) -> Page[EntryView]:
        """逐笔列出，供双方比对."""
        admit(request, tx)
        after = decode_cursor(cursor, UUID, str)
        rows = await ledger.book(books, book).entries(
            tx.connection, day, shard, (after[0], after[1]) if after else None, ledger.PAGE + 1
        )
        page, more = page_of(rows, ledger.PAGE)
        following = encode_cursor(page[-1].id, page[-1].mark) if more else None
        return Page(items=[EntryView.model_validate(one, from_attributes=True) for one in page], next=following)

    @router.get("/whereabouts", summary="若干聚合的事件到了哪里")
    async def list_whereabouts(
        request: Request,
        topic: str,
        key: Annotated[list[UUID], Query(min_length=1, max_length=ledger.MOST_KEYS)],
        tx: Read,
    ) -> list[WhereaboutsView]:
        """事件在发件箱、已应用、滞留还是失败，就本服务所见."""
        admit(request, tx)
        found = await ledger.whereabouts(tx.connection, topic, key)
        return [WhereaboutsView.model_validate(one, from_attributes=True) for one in found]

    return router
