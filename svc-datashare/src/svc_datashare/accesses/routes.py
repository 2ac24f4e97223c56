"""Routes of the ledger."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, Limit, Read, query_router
from svc_datashare.accesses import service
from svc_datashare.accesses.domain import AccessRecordNotFound, Outcome
from svc_datashare.accesses.schemas import AccessView

queries = query_router("/api/datashare/v1/access-records", ["访问记录"])


@queries.get("")
async def list_access_records(
    tx: Read,
    *,
    resource_code: Annotated[str | None, Query(max_length=40)] = None,
    case_id: UUID | None = None,
    outcome: Outcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AccessView]:
    """谁看过我的数据：企业（由代理人登录）或个人查询自己的数据被访问的记录，新的在前."""
    after = decode_cursor(cursor, UUID)
    rows = await service.page(
        tx, resource_code=resource_code, case_id=case_id, outcome=outcome, after=after and after[0], limit=limit + 1
    )
    page, more = page_of(rows, limit)
    return Page(items=[AccessView.of(row) for row in page], next=encode_cursor(page[-1].id) if more else None)


@queries.get("/{record_id}", responses=errors(AccessRecordNotFound))
async def read_access_record(record_id: UUID, tx: Read) -> AccessView:
    """读取一条访问记录."""
    return AccessView.of(await service.read(tx, record_id))
