"""What everybody reads: items, guides in force, regions, agencies, halls, the calendar."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from onestop_legal.working_days import legal_day
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.positions import HEADER
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, Limit, Read, context_of, query_router, stream_router
from svc_catalog.domain.guide_version import ItemSuspended, UnknownItem
from svc_catalog.repository import places
from svc_catalog.routes import PREFIX
from svc_catalog.schemas.guides import ItemView, PublishedGuideView, PublishedVersionView
from svc_catalog.schemas.places import AgencyView, CalendarYearView, HallView, RegionView
from svc_catalog.service import guides

queries = query_router(PREFIX, ["事项目录"])
hot = stream_router(PREFIX, ["事项目录"])


@queries.get("/items", summary="查找事项")
async def search_items(
    tx: Read,
    q: Annotated[str, Query(description="名称、口语说法或部门；两个字即可", max_length=100, examples=["食品"])] = "",
    agency: Annotated[str | None, Query(description="部门的统一社会信用代码")] = None,
    item_type: Annotated[str | None, Query(description="事项类型（GB/T 39046）", examples=["01"])] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ItemView]:
    """Find published items; every part of the query must occur, shorter names come first."""
    given = {"agency_code": agency, "item_type": item_type}
    filters = {name: value for name, value in given.items() if value is not None}
    after = decode_cursor(cursor, int, str)
    rows = await guides.search(tx, q, filters, (after[0], after[1]) if after else None, limit + 1)
    shown, more = page_of(rows, limit)
    following = encode_cursor(shown[-1]["name_length"], shown[-1]["code"]) if more else None
    return Page(items=[ItemView.of(row) for row in shown], next=following)


@hot.get(
    "/guides/{code}",
    summary="查看办事指南",
    responses={200: {"model": PublishedGuideView}, **errors(UnknownItem, ItemSuspended)},
    response_class=Response,
)
async def get_guide(code: str, request: Request) -> Response:
    """Show the guide in force; the ETag is its content hash."""
    context = context_of(request)
    after_own_write = HEADER in request.headers
    guide = await context.state.get(context.pool, code, legal_day(context.clock()), look=after_own_write)
    headers = {"etag": guide.etag, "cache-control": "public, max-age=1", "vary": HEADER}
    if guide.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(guide.body, headers=headers, media_type="application/json")


@queries.get("/guides/{code}/versions", summary="办事指南的历史版本", responses=errors(UnknownItem))
async def list_versions(code: str, tx: Read) -> list[PublishedVersionView]:
    """List the published versions of an item, newest first."""
    return _views(PublishedVersionView, await guides.published_versions(tx, code))


@queries.get("/regions", summary="行政区划")
async def list_regions(tx: Read) -> list[RegionView]:
    """List the regions of the zone."""
    return _views(RegionView, await places.regions(tx.connection))


@queries.get("/agencies", summary="部门")
async def list_agencies(tx: Read) -> list[AgencyView]:
    """List the agencies of the zone, with where their decisions are contested."""
    return _views(AgencyView, await places.agencies(tx.connection))


@queries.get("/halls", summary="政务大厅")
async def list_halls(tx: Read) -> list[HallView]:
    """List the halls with their windows."""
    return _views(HallView, await places.halls(tx.connection))


@queries.get("/calendar", summary="工作日历")
async def list_years(
    tx: Read, year: Annotated[int | None, Query(ge=1949, le=2100, examples=[2026])] = None
) -> list[CalendarYearView]:
    """List the years of the working-day calendar, or one; years not published are provisional."""
    return _views(CalendarYearView, await places.years(tx.connection, year))


def _views(model: Any, rows: list[Any]) -> list[Any]:
    return [model(**{name: row[name] for name in model.model_fields}) for row in rows]
