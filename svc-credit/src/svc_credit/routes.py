"""HTTP interface of svc-credit."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_legal.errors import FieldErrors
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import InvalidCursor, errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router
from svc_credit import service
from svc_credit.domain import RecordAlreadyWithdrawn, RecordKind, RecordNotFound, SubjectNotFound
from svc_credit.schemas import CreditFileView, RecordView, WithdrawalForm

PREFIX = "/api/credit/v1"
queries = query_router(PREFIX, ["信用公示"])
commands = command_router(PREFIX, ["信用公示"])


@queries.get("/records", summary="查询公示的信用记录", responses=errors(InvalidCursor, FieldErrors))
async def list_records(
    tx: Read,
    credit_code: Annotated[str | None, Query(description="统一社会信用代码", examples=["91130371MA7001010P"])] = None,
    kind: Annotated[RecordKind | None, Query(description="信用信息种类")] = None,
    agency_code: Annotated[str | None, Query(description="作出决定的机关")] = None,
    cursor: Annotated[str | None, Query(description="上一页给出的翻页标记")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[RecordView]:
    """List the records the caller may see, newest decision first; without sign-in the public ones."""
    given = {"credit_code": credit_code, "kind": kind and kind.value, "agency_code": agency_code}
    filters = {name: value for name, value in given.items() if value is not None}
    records = await service.search(tx, filters, decode_cursor(cursor, date, UUID), limit + 1)
    shown, more = page_of(records, limit)
    following = encode_cursor(shown[-1].decision.decided_on, shown[-1].id) if more else None
    return Page(items=[RecordView.of(record) for record in shown], next=following)


@queries.get("/records/{record_id}", summary="查看一条信用记录", responses=errors(RecordNotFound))
async def get_record(record_id: UUID, tx: Read) -> RecordView:
    """Show a record that is public, or that is about the caller."""
    return RecordView.of(await service.read(tx, record_id))


@queries.get("/subjects/{credit_code}", summary="查看企业信用档案", responses=errors(SubjectNotFound, FieldErrors))
async def get_credit_file(credit_code: str, tx: Read) -> CreditFileView:
    """Show a legal person's file by 统一社会信用代码."""
    return CreditFileView.of(*await service.file_of(tx, credit_code))


@commands.post(
    "/records/{record_id}/withdrawal",
    summary="撤下一条信用记录",
    responses=errors(RecordNotFound, RecordAlreadyWithdrawn),
)
async def withdraw_record(record_id: UUID, form: WithdrawalForm, tx: Write, if_match: IfMatch) -> RecordView:
    """Take a record out of public view, within 3 working days of the decision's revocation."""
    return RecordView.of(await service.withdraw(tx, record_id, form.reason, if_match))
