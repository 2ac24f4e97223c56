"""The API of staff, for administrators and heads."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.signin.domain import SignInTooOld, require_recent
from gateway.staff import service
from gateway.staff.domain import AppointmentEnded, AppointmentExists, OwnAppointment, RoleNotYoursToGive, StaffNotFound
from gateway.staff.schemas import Appoint, PostForm, StaffView
from onestop_legal.working_days import legal_day
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import InvalidCursor, errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router

queries = query_router(PREFIX, ["工作人员"])
commands = command_router(PREFIX, ["工作人员"])

_DECIDING = (OwnAppointment, RoleNotYoursToGive, NotKnownSurelyEnough, SignInTooOld)


@queries.get("/staff", summary="工作人员", responses=errors(InvalidCursor))
async def list_staff(
    tx: Read,
    *,
    agency: Annotated[str | None, Query(max_length=18, description="部门的统一社会信用代码")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[StaffView]:
    """Return appointments, the oldest first, past ones too; heads see those of their agency."""
    after = decode_cursor(cursor, UUID)
    found = await service.page(tx, after[0] if after else None, limit + 1, agency=agency)
    shown, more = page_of(found, limit)
    following = encode_cursor(shown[-1].id) if more else None
    return Page(items=[StaffView.of(it, legal_day(tx.now)) for it in shown], next=following)


@queries.get("/staff/{staff_id}", summary="一项任职", responses=errors(StaffNotFound))
async def read_staff(staff_id: UUID, tx: Read) -> StaffView:
    """Return an appointment."""
    return StaffView.of(await service.read(tx, staff_id), legal_day(tx.now))


@commands.post("/staff", summary="任命工作人员", status_code=201, responses=errors(*_DECIDING, AppointmentExists))
async def appoint(form: Appoint, tx: Write, request: Request) -> StaffView:
    """Let a person serve an agency."""
    require_recent(principal_of(request), tx.now)
    cipher = provider_of(request).cipher
    new = await service.appoint_by_hand(tx, cipher, form.person.named(), form.serving(), form.post())
    return StaffView.of(new, legal_day(tx.now))


@commands.put("/staff/{staff_id}", summary="变更任职", responses=errors(*_DECIDING, StaffNotFound, AppointmentEnded))
async def change(staff_id: UUID, form: PostForm, tx: Write, if_match: IfMatch, request: Request) -> StaffView:
    """Change roles, hall, region and term; tokens that know the old ones are refused within a second."""
    require_recent(principal_of(request), tx.now)
    changed, ended = await service.change(tx, staff_id, form.post(), if_match)
    provider_of(request).revoked.add(ended)
    return StaffView.of(changed, legal_day(tx.now))


@commands.post(
    "/staff/{staff_id}/dismissal",
    summary="免去任职",
    responses=errors(OwnAppointment, RoleNotYoursToGive, NotKnownSurelyEnough, StaffNotFound, AppointmentEnded),
)
async def dismiss(staff_id: UUID, tx: Write, if_match: IfMatch, request: Request) -> StaffView:
    """Let a person serve his agency no more; his tokens for it are refused within a second."""
    dismissed, ended = await service.dismiss(tx, staff_id, if_match)
    provider_of(request).revoked.add(ended)
    return StaffView.of(dismissed, legal_day(tx.now))
