"""The API of records."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from gateway.identity.domain import PersonNotFound
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.records import service
from gateway.records.domain import REFERENCE, InspectionPurpose, Record
from gateway.records.schemas import RecordView
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import InvalidCursor, NotSignedIn, errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["记录"])
inspections = command_router(PREFIX, ["记录"], idempotency=False)

Limit = Annotated[int, Query(ge=1, le=100)]


@queries.get("/records", summary="我的记录", responses=errors(InvalidCursor))
async def my_records(tx: Read, cursor: str | None = None, limit: Limit = 20) -> Page[RecordView]:
    """Return what the audit trail says about the caller: what he did and what was done to him, the newest first."""
    found = await service.own(tx, _before(cursor), limit + 1)
    if tx.caller.sub is None:
        raise NotSignedIn
    return _page(found, limit, tx.caller.sub)


@inspections.get(
    "/people/{person_id}/records",
    summary="查阅他人的记录",
    responses=errors(InvalidCursor, PersonNotFound, NotKnownSurelyEnough),
)
async def inspect_records(
    tx: Write,
    person_id: UUID,
    *,
    purpose: Annotated[InspectionPurpose, Query(description=InspectionPurpose.told())],
    reference: Annotated[str | None, Query(pattern=REFERENCE, description="依据文书的文号")] = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> Page[RecordView]:
    """Return what the audit trail says about somebody, for a purpose; the look is recorded and shown to him."""
    found = await service.inspect(tx, person_id, purpose, reference, _before(cursor), limit + 1)
    return _page(found, limit, person_id)


def _before(cursor: str | None) -> int:
    position = decode_cursor(cursor, int)
    return position[0] if position else service.NEWEST


def _page(found: list[Record], limit: int, person_id: UUID) -> Page[RecordView]:
    shown, more = page_of(found, limit)
    following = encode_cursor(shown[-1].id) if more else None
    return Page(items=[RecordView.of(it, person_id) for it in shown], next=following)
