"""Routes of records."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_legal.working_days import legal_day
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_credit.codes import credit_code_at
from svc_credit.records import service
from svc_credit.records.domain.record import RecordNotFound, RecordState, WrongRecordState
from svc_credit.records.domain.rules import RecordKind
from svc_credit.records.schemas import Completion, RecordDetail, RecordView, Withdrawal

commands = command_router("/api/credit/v1/records", ["信用记录"])
queries = query_router("/api/credit/v1/records", ["信用记录"])

_CHANGED = errors(RecordNotFound, WrongRecordState)


@queries.get("")
async def list_records(  # noqa: PLR0913 - one argument per filter
    tx: Read,
    *,
    credit_code: Annotated[str | None, Query(description="统一社会信用代码", examples=["91130371MA7001010P"])] = None,
    kind: RecordKind | None = None,
    state: RecordState | None = None,
    agency_code: Annotated[str | None, Query(description="许可机关", examples=["11130371037100371Q"])] = None,
    decided_from: date | None = None,
    decided_to: date | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[RecordView]:
    """查询信用记录（双公示）：任何人可查已公示的，最新的决定在前."""
    rows = await service.page(
        tx,
        credit_code=credit_code and credit_code_at("?credit_code", credit_code),
        kind=kind,
        state=state,
        agency_code=agency_code and credit_code_at("?agency_code", agency_code),
        decided_from=decided_from,
        decided_to=decided_to,
        after=decode_cursor(cursor, date, UUID),
        limit=limit + 1,
    )
    page, more = page_of(rows, limit)
    following = encode_cursor(page[-1].decided_on, page[-1].id) if more else None
    return Page(items=[RecordView.of(row, tx.now) for row in page], next=following)


@queries.get("/{record_id}", responses=errors(RecordNotFound))
async def read_record(record_id: UUID, tx: Read) -> RecordDetail:
    """读取一条信用记录，以及对该决定不服时的救济途径."""
    found = await service.read(tx, record_id)
    return RecordDetail.detailed(found, await service.remedies(tx, found), tx.now)


@commands.put("/{record_id}", responses=_CHANGED)
async def complete_record(record_id: UUID, form: Completion, tx: Write, if_match: IfMatch) -> RecordView:
    """补全待公示的记录（作出决定的部门）；补全后立即公示."""
    given = form.model_dump(exclude_none=True)
    return RecordView.of(await service.complete(tx, record_id, if_match, given), tx.now)


@commands.post("/{record_id}/withdrawal", responses=_CHANGED)
async def withdraw_record(record_id: UUID, form: Withdrawal, tx: Write, if_match: IfMatch) -> RecordView:
    """撤下记录（作出决定的部门负责人）：原决定被撤销后 3 个工作日内."""
    revoked_on = form.revoked_on or legal_day(tx.now)
    return RecordView.of(await service.withdraw(tx, record_id, if_match, form.reason, revoked_on), tx.now)
