"""The routes by which operators rebuild the projections of a service; the same for every service."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.rebuilds import service
from onestop_runtime.rebuilds.errors import (
    ProjectionNotFound,
    RebuildDoesNotFit,
    RebuildEnded,
    RebuildHeldUp,
    RebuildNotFound,
    RebuildNotReady,
    RebuildUnderWay,
)
from onestop_runtime.rebuilds.schemas import RebuildDetail, RebuildForm, RebuildView
from onestop_runtime.routing import Cursor, Limit, Read, Write, command_router, context_of, query_router

TAG = "投影重建"


def _known(request: Request) -> service.Known:
    return {one.name: one for one in context_of(request).service.projections}


async def start_rebuild(wanted: RebuildForm, tx: Write, request: Request, response: Response) -> RebuildView:
    """在现用的旁边重建一个投影：从头，或从某一时间起重新处理其主题的事件."""
    rebuild = await service.start(tx, _known(request), wanted.projection, wanted.since)
    response.headers["Location"] = f"{request.url.path}/{rebuild.id}"
    response.headers["Retry-After"] = "2"
    return RebuildView.of(rebuild)


async def list_rebuilds(tx: Read, cursor: Cursor = None, limit: Limit = 20) -> Page[RebuildView]:
    """历次重建，最近的在前."""
    before = decode_cursor(cursor, UUID)
    page, more = page_of(await service.page(tx, before[0] if before else None, limit + 1), limit)
    following = encode_cursor(page[-1].id) if more else None
    return Page(items=[RebuildView.of(one) for one in page], next=following)


async def read_rebuild(rebuild_id: UUID, tx: Read, request: Request) -> RebuildDetail:
    """查看一次重建：进度、处理不了的对象、追上后与现用内容的差别."""
    return RebuildDetail.detailed(*await service.read(tx, _known(request), rebuild_id))


async def swap_rebuild(rebuild_id: UUID, tx: Write, request: Request) -> RebuildView:
    """换上重建的内容：一次完成，引用不断；不合适则原样不动."""
    return RebuildView.of(await service.swap(tx, _known(request), rebuild_id))


async def abandon_rebuild(rebuild_id: UUID, tx: Write) -> RebuildView:
    """放弃重建，现用的不变."""
    return RebuildView.of(await service.abandon(tx, rebuild_id))


def rebuild_routers(name: str) -> tuple[APIRouter, ...]:
    """Return the routes of the service `name`."""
    prefix = f"/api/{name}/v1/events/rebuilds"
    queries, commands = query_router(prefix, [TAG]), command_router(prefix, [TAG])
    one = "/{rebuild_id}"
    starting = errors(ProjectionNotFound, RebuildUnderWay)
    commands.post("", status_code=202, summary="开始重建投影", responses=starting)(start_rebuild)
    queries.get("", summary="投影的重建")(list_rebuilds)
    queries.get(one, summary="查看一次重建", responses=errors(RebuildNotFound))(read_rebuild)
    gone = (RebuildNotFound, RebuildEnded)
    swapping = errors(*gone, RebuildNotReady, RebuildHeldUp, RebuildDoesNotFit)
    commands.post(f"{one}/swap", summary="切换到重建的投影", responses=swapping)(swap_rebuild)
    commands.post(f"{one}/abandonment", summary="放弃重建", responses=errors(*gone))(abandon_rebuild)
    return queries, commands
