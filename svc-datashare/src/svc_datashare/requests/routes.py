"""Routes of requests."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_datashare.requests import service
from svc_datashare.requests.domain.limits import NoLimitRule
from svc_datashare.requests.domain.request import (
    RequestNotFound,
    RequestState,
    ResourceNotPublished,
    ResourceNotShared,
    WrongRequestState,
)
from svc_datashare.requests.schemas import NewRequest, RequestView
from svc_datashare.resources.domain.resource import ResourceNotFound, ReviewedBySubmitter
from svc_datashare.schemas import Reason, Review

commands = command_router("/api/datashare/v1/resource-requests", ["共享申请"])
queries = query_router("/api/datashare/v1/resource-requests", ["共享申请"])

_CHANGED = errors(RequestNotFound, WrongRequestState)


@queries.get("")
async def list_requests(
    tx: Read,
    *,
    state: RequestState | None = None,
    resource_code: Annotated[str | None, Query(max_length=40)] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[RequestView]:
    """查询与本部门有关的共享申请，新的在前."""
    after = decode_cursor(cursor, UUID)
    rows = await service.page(tx, state=state, resource_code=resource_code, after=after and after[0], limit=limit + 1)
    page, more = page_of(rows, limit)
    items = [RequestView.of(row, tx.now) for row in page]
    return Page(items=items, next=encode_cursor(items[-1].id) if more else None)


@queries.get("/{request_id}", responses=errors(RequestNotFound))
async def read_request(request_id: UUID, tx: Read) -> RequestView:
    """读取一项共享申请及其办理时限."""
    return RequestView.of(await service.read(tx, request_id), tx.now)


@commands.post(
    "", status_code=201, responses=errors(ResourceNotFound, ResourceNotPublished, ResourceNotShared, NoLimitRule)
)
async def request_resource(form: NewRequest, tx: Write) -> RequestView:
    """为本部门申请一项数据资源."""
    consumer = await service.consumer_of(tx)
    received = await service.receive(tx, form.resource_code, form.terms(consumer), form.basis)
    return RequestView.of(received, tx.now)


@commands.post("/{request_id}/review", responses=errors(RequestNotFound, WrongRequestState, ReviewedBySubmitter))
async def review_request(request_id: UUID, form: Review, tx: Write, if_match: IfMatch) -> RequestView:
    """审核：先由数据主管部门，再（有条件共享）由提供部门；不同意应说明理由."""
    return RequestView.of(await service.review(tx, request_id, if_match, form.refusal()), tx.now)


@commands.post("/{request_id}/supply", responses=_CHANGED)
async def supply_resource(request_id: UUID, tx: Write, if_match: IfMatch) -> RequestView:
    """登记库表或文件已经推送（提供部门）."""
    return RequestView.of(await service.supply(tx, request_id, if_match), tx.now)


@commands.post("/{request_id}/withdrawal", responses=_CHANGED)
async def give_up_request(request_id: UUID, form: Reason, tx: Write, if_match: IfMatch) -> RequestView:
    """撤回尚未办结的申请（申请部门）."""
    return RequestView.of(await service.give_up(tx, request_id, if_match, form.reason), tx.now)
