"""Routes of the directory."""

from typing import Annotated

from fastapi import Query

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_datashare.copies.service import NoDataAuthority
from svc_datashare.resources import service
from svc_datashare.resources.domain.metadata import ShareType
from svc_datashare.resources.domain.resource import (
    AuthoritativeSourceTaken,
    ResourceCodeTaken,
    ResourceNotFound,
    ResourceState,
    ReviewedBySubmitter,
    WrongResourceState,
)
from svc_datashare.resources.schemas import Description, NewResource, ResourceView
from svc_datashare.schemas import Reason, Review

commands = command_router("/api/datashare/v1/resources", ["数据资源目录"])
queries = query_router("/api/datashare/v1/resources", ["数据资源目录"])

_CHANGED = errors(ResourceNotFound, WrongResourceState)


@queries.get("")
async def list_resources(
    tx: Read,
    *,
    q: Annotated[str | None, Query(max_length=50, description="名称中的文字", examples=["营业执照"])] = None,
    provider: Annotated[str | None, Query(max_length=18, description="提供部门")] = None,
    share_type: ShareType | None = None,
    state: ResourceState | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ResourceView]:
    """查询目录：公众可见无条件开放的资源，工作人员可见已发布的资源."""
    after = decode_cursor(cursor, str)
    rows = await service.page(
        tx, q=q, provider=provider, share_type=share_type, state=state, after=after and after[0], limit=limit + 1
    )
    page, more = page_of(rows, limit)
    return Page(items=[ResourceView.of(row) for row in page], next=encode_cursor(page[-1].code) if more else None)


@queries.get("/{code}", responses=errors(ResourceNotFound))
async def read_resource(code: str, tx: Read) -> ResourceView:
    """读取一项数据资源的元数据."""
    return ResourceView.of(await service.read(tx, code))


@commands.post("", status_code=201, responses=errors(ResourceCodeTaken, NoDataAuthority))
async def create_resource(form: NewResource, tx: Write) -> ResourceView:
    """登记一项数据资源（提供部门的数据专员）."""
    return ResourceView.of(await service.create(tx, form.code, form.metadata()))


@commands.put("/{code}", responses=_CHANGED)
async def describe_resource(code: str, form: Description, tx: Write, if_match: IfMatch) -> ResourceView:
    """修改尚未发布的元数据."""
    return ResourceView.of(await service.describe(tx, code, if_match, form.metadata()))


@commands.post("/{code}/publication", responses=errors(ResourceNotFound, WrongResourceState, AuthoritativeSourceTaken))
async def submit_resource(code: str, tx: Write, if_match: IfMatch) -> ResourceView:
    """申请发布."""
    return ResourceView.of(await service.submit(tx, code, if_match))


@commands.post(
    "/{code}/publication-review",
    responses=errors(ResourceNotFound, WrongResourceState, ReviewedBySubmitter, AuthoritativeSourceTaken),
)
async def review_publication(code: str, form: Review, tx: Write, if_match: IfMatch) -> ResourceView:
    """审核发布（数据主管部门，不得与申请人为同一人）."""
    return ResourceView.of(await service.review_publication(tx, code, if_match, form.refusal()))


@commands.post("/{code}/withdrawal", responses=_CHANGED)
async def ask_withdrawal(code: str, form: Reason, tx: Write, if_match: IfMatch) -> ResourceView:
    """申请撤销."""
    return ResourceView.of(await service.ask_withdrawal(tx, code, if_match, form.reason))


@commands.post("/{code}/withdrawal-review", responses=errors(ResourceNotFound, WrongResourceState, ReviewedBySubmitter))
async def review_withdrawal(code: str, form: Review, tx: Write, if_match: IfMatch) -> ResourceView:
    """审核撤销（数据主管部门，不得与申请人为同一人）."""
    return ResourceView.of(await service.review_withdrawal(tx, code, if_match, form.refusal()))
