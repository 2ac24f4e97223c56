"""Routes of obstacles; everybody reads, who may write stands in the permission table."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_legal.errors import FieldErrors
from onestop_legal.working_days import legal_day
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from onestop_runtime.transaction import Reader
from svc_catalog.obstacles import service
from svc_catalog.obstacles.domain import (
    Field,
    Obstacle,
    ObstacleNotFound,
    ObstacleState,
    SomebodyElseVerifies,
    WrongObstacleState,
)
from svc_catalog.obstacles.schemas import (
    AssignmentForm,
    ObstacleDetail,
    ObstacleForm,
    ObstacleTotals,
    ObstacleView,
    ReturnForm,
    SolutionForm,
    StepView,
    VerificationForm,
)
from svc_catalog.routes import PREFIX

commands = command_router(PREFIX, ["堵点台账"])
queries = query_router(PREFIX, ["堵点台账"])
_CHANGED = errors(ObstacleNotFound, WrongObstacleState, FieldErrors)
_JUDGED = errors(ObstacleNotFound, WrongObstacleState, SomebodyElseVerifies, FieldErrors)


async def _view(reader: Reader, one: Obstacle) -> ObstacleView:
    return ObstacleView.of(one, await service.calendar(reader), legal_day(reader.now))


@commands.post("/obstacles", status_code=201, summary="登记堵点", responses=errors(FieldErrors))
async def record_obstacle(form: ObstacleForm, tx: Write) -> ObstacleView:
    """Enter an obstacle in the ledger, which everybody reads."""
    return await _view(tx, await service.record(tx, **form.model_dump()))


@commands.post("/obstacles/{obstacle_id}/assignment", summary="交办堵点", responses=_CHANGED)
async def assign_obstacle(obstacle_id: UUID, form: AssignmentForm, tx: Write, if_match: IfMatch) -> ObstacleView:
    """Give it to an agency until a day, also to another one."""
    return await _view(tx, await service.assign(tx, obstacle_id, if_match, **form.model_dump()))


@commands.post("/obstacles/{obstacle_id}/solution", summary="上报解决情况", responses=_CHANGED)
async def solve_obstacle(obstacle_id: UUID, form: SolutionForm, tx: Write, if_match: IfMatch) -> ObstacleView:
    """Report by what it is gone; the head of the agency does."""
    return await _view(tx, await service.solve(tx, obstacle_id, if_match, form.measure, form.shown()))


@commands.post("/obstacles/{obstacle_id}/verification", summary="核验销号", responses=_JUDGED)
async def verify_obstacle(obstacle_id: UUID, form: VerificationForm, tx: Write, if_match: IfMatch) -> ObstacleView:
    """Confirm that it is gone; who reported the solution cannot."""
    return await _view(tx, await service.verify(tx, obstacle_id, if_match, form.note))


@commands.post("/obstacles/{obstacle_id}/return", summary="退回继续解决", responses=_JUDGED)
async def return_obstacle(obstacle_id: UUID, form: ReturnForm, tx: Write, if_match: IfMatch) -> ObstacleView:
    """Have its agency go on: it is still there."""
    return await _view(tx, await service.send_back(tx, obstacle_id, if_match, form.note, form.due))


@queries.get("/obstacles", summary="堵点清单")
async def list_obstacles(
    tx: Read,
    *,
    field: Field | None = None,
    state: ObstacleState | None = None,
    agency: Annotated[str | None, Query(description="责任部门的统一社会信用代码")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ObstacleView]:
    """List obstacles, the latest found first."""
    given = {"field": field, "state": state, "agency_code": agency}
    filters = {name: str(value) for name, value in given.items() if value is not None}
    after = decode_cursor(cursor, UUID)
    page, more = page_of(await service.page(tx, filters, after[0] if after else None, limit + 1), limit)
    calendar, today = await service.calendar(tx), legal_day(tx.now)
    following = encode_cursor(page[-1].id) if more else None
    return Page(items=[ObstacleView.of(one, calendar, today) for one in page], next=following)


@queries.get("/obstacle-totals", summary="堵点统计")
async def count_obstacles(tx: Read) -> list[ObstacleTotals]:
    """Count obstacles by field and state; a field without any is shown too."""
    counted = await service.totals(tx)
    return [ObstacleTotals(**(dict(counted[field]) if field in counted else {"field": field})) for field in Field]


@queries.get("/obstacles/{obstacle_id}", summary="堵点详情", responses=errors(ObstacleNotFound))
async def get_obstacle(obstacle_id: UUID, tx: Read) -> ObstacleDetail:
    """Show an obstacle with everything that was done to it."""
    found, steps = await service.read(tx, obstacle_id)
    view = await _view(tx, found)
    return ObstacleDetail(**view.model_dump(), steps=[StepView(**step) for step in steps])
