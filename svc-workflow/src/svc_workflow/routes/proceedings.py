"""Proceedings with their limits, and licences."""

from uuid import UUID

from onestop_legal.working_days import legal_day
from onestop_runtime.problems import errors
from onestop_runtime.routing import IfMatch, Read, Write, command_router, query_router
from onestop_runtime.transaction import Reader
from svc_workflow.domain.limit import (
    AlreadyExtended,
    CauseStopsNothing,
    ClockAlreadyStopped,
    ClockNotStopped,
    ExtensionNotProvided,
    LimitAlreadyOver,
)
from svc_workflow.domain.proceeding import Proceeding, ProceedingEnded, ProceedingNotFound
from svc_workflow.repository.decisions import LicenceNotFound
from svc_workflow.routes import PREFIX
from svc_workflow.schemas.licences import LicenceView
from svc_workflow.schemas.proceedings import ExtensionForm, ProceedingView, StopForm
from svc_workflow.schemas.tasks import StaffView
from svc_workflow.service import limits, proceedings, reading

queries = query_router(PREFIX, ["办理"])
commands = command_router(PREFIX, ["办理"])


async def _view(tx: Reader, proceeding: Proceeding) -> ProceedingView:
    parts = await reading.parts_of(tx, proceeding)
    return ProceedingView.of(proceeding, parts.calendar, legal_day(tx.now), parts.tasks, parts.decision, parts.history)


@queries.get("/proceedings/{proceeding_id}", summary="查看办理过程", responses=errors(ProceedingNotFound))
async def get_proceeding(proceeding_id: UUID, tx: Read) -> ProceedingView:
    """Show a proceeding of the caller's agency: limits, tasks, decision, history."""
    return await _view(tx, await proceedings.read(tx, proceeding_id))


@queries.get("/proceedings", summary="按办件查看办理过程", responses=errors(ProceedingNotFound))
async def get_proceeding_of_case(case_id: UUID, tx: Read) -> ProceedingView:
    """Show the proceeding of a case."""
    return await _view(tx, await proceedings.of_case(tx, case_id))


@commands.post(
    "/proceedings/{proceeding_id}/clock-stops",
    summary="停止计时（特别程序）",
    status_code=201,
    responses=errors(ProceedingNotFound, ProceedingEnded, CauseStopsNothing, ClockAlreadyStopped),
)
async def stop_clock(proceeding_id: UUID, form: StopForm, tx: Write, if_match: IfMatch) -> ProceedingView:
    """Stop both clocks for a cause the law names, with a notice to the applicant (行政许可法 45)."""
    return await _view(tx, await limits.stop(tx, proceeding_id, form.cause, form.expected_days, if_match))


@commands.post(
    "/clock-stops/{stop_id}/end",
    summary="恢复计时",
    responses=errors(ProceedingNotFound, ProceedingEnded, ClockNotStopped),
)
async def resume_clock(stop_id: UUID, tx: Write, if_match: IfMatch) -> ProceedingView:
    """Let both clocks run on."""
    return await _view(tx, await limits.resume(tx, stop_id, if_match))


@commands.post(
    "/proceedings/{proceeding_id}/extension",
    summary="批准延长期限",
    responses=errors(
        ProceedingNotFound,
        ProceedingEnded,
        ExtensionNotProvided,
        AlreadyExtended,
        ClockAlreadyStopped,
        LimitAlreadyOver,
    ),
)
async def extend_limit(proceeding_id: UUID, form: ExtensionForm, tx: Write, if_match: IfMatch) -> ProceedingView:
    """Extend the limits once, approved by the head of the organ, with the reason (行政许可法 42)."""
    return await _view(tx, await limits.extend(tx, proceeding_id, form.reason, if_match))


@queries.get("/licences/{licence_id}", summary="查看证照", responses=errors(LicenceNotFound))
async def get_licence(licence_id: UUID, tx: Read) -> LicenceView:
    """Show a licence to its holder and to the agency that issued it."""
    return LicenceView.of(await reading.licence(tx, licence_id))


@queries.get("/staff", summary="本机关的工作人员")
async def list_staff(role: str, tx: Read) -> list[StaffView]:
    """List who serves the caller's agency in a role today; for naming officers of an on-site check."""
    return [StaffView(person_id=person, name=name) for person, name in await reading.staff(tx, role)]
