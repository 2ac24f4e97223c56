"""Tasks: the inbox, and what is done with one."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from onestop_legal.errors import FieldErrors
from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_workflow.domain.proceeding import ProceedingEnded
from svc_workflow.domain.task import (
    ReviewerMayNotDecide,
    TaskDone,
    TaskNotClaimed,
    TaskNotFound,
    TaskState,
    TaskTaken,
    TooFewOfficers,
)
from svc_workflow.routes import PREFIX
from svc_workflow.schemas.tasks import CompletionForm, TaskView
from svc_workflow.service import tasks

queries = query_router(PREFIX, ["任务"])
commands = command_router(PREFIX, ["任务"])


@queries.get("/tasks", summary="我的待办")
async def list_tasks(
    tx: Read,
    state: Annotated[TaskState, Query(description="任务状态")] = TaskState.OPEN,
    mine: Annotated[bool, Query(description="只看我领取的")] = False,  # noqa: FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[TaskView]:
    """List the tasks of the caller's agency and roles, oldest first."""
    position = decode_cursor(cursor, UUID)
    found = await tasks.inbox(tx, state, position[0] if position else None, limit + 1, mine=mine)
    shown, more = page_of(found, limit)
    following = encode_cursor(shown[-1][0].id) if more else None
    return Page(items=[TaskView.of(task, matter) for task, matter in shown], next=following)


@queries.get("/tasks/{task_id}", summary="查看任务", responses=errors(TaskNotFound))
async def get_task(task_id: UUID, tx: Read) -> TaskView:
    """Show a task of the caller's agency."""
    task, proceeding = await tasks.read(tx, task_id)
    return TaskView.of(task, proceeding.matter)


@commands.post("/tasks/{task_id}/claim", summary="领取任务", responses=errors(TaskNotFound, TaskTaken, TaskDone))
async def claim_task(task_id: UUID, tx: Write) -> TaskView:
    """Take a task; taking one's own again changes nothing."""
    return TaskView.of(await tasks.claim(tx, task_id, None))


@commands.post(
    "/tasks/{task_id}/release",
    summary="退回任务",
    responses=errors(TaskNotFound, TaskTaken, TaskDone, TaskNotClaimed),
)
async def release_task(task_id: UUID, tx: Write, if_match: IfMatch) -> TaskView:
    """Give a task back to the inbox."""
    return TaskView.of(await tasks.release(tx, task_id, if_match))


@commands.post(
    "/tasks/{task_id}/completion",
    summary="完成任务",
    responses=errors(
        TaskNotFound, TaskTaken, TaskDone, TaskNotClaimed, TooFewOfficers, ReviewerMayNotDecide, ProceedingEnded,
        FieldErrors,
    ),
)  # fmt: skip
async def complete_task(task_id: UUID, form: CompletionForm, tx: Write, if_match: IfMatch) -> TaskView:
    """Finish a task; a deciding one ends the proceeding with its decision and licence."""
    return TaskView.of(await tasks.complete(tx, task_id, form.completion(), if_match))
