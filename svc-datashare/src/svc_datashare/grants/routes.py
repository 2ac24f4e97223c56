"""Routes of grants."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_datashare.grants import service
from svc_datashare.grants.domain import GrantAlreadyRevoked, GrantNotFound, GrantState
from svc_datashare.grants.schemas import GrantView
from svc_datashare.schemas import Reason

commands = command_router("/api/datashare/v1/grants", ["共享授权"])
queries = query_router("/api/datashare/v1/grants", ["共享授权"])


@queries.get("")
async def list_grants(
    tx: Read,
    *,
    state: GrantState | None = None,
    resource_code: Annotated[str | None, Query(max_length=40)] = None,
    consumer: Annotated[str | None, Query(max_length=18, description="使用部门")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[GrantView]:
    """查询与本部门有关的共享授权，新的在前."""
    after = decode_cursor(cursor, UUID)
    rows = await service.page(
        tx,
        state=state,
        resource_code=resource_code,
        consumer=consumer,
        after=after and after[0],
        limit=limit + 1,
    )
    page, more = page_of(rows, limit)
    items = [GrantView.of(row, tx.now) for row in page]
    return Page(items=items, next=encode_cursor(items[-1].id) if more else None)


@queries.get("/{grant_id}", responses=errors(GrantNotFound))
async def read_grant(grant_id: UUID, tx: Read) -> GrantView:
    """读取一项共享授权."""
    return GrantView.of(await service.read(tx, grant_id), tx.now)


@commands.post("/{grant_id}/revocation", responses=errors(GrantNotFound, GrantAlreadyRevoked))
async def revoke_grant(grant_id: UUID, form: Reason, tx: Write, if_match: IfMatch) -> GrantView:
    """撤销授权（提供部门或数据主管部门），此后的调用一律拒绝."""
    return GrantView.of(await service.revoke(tx, grant_id, if_match, form.reason), tx.now)
