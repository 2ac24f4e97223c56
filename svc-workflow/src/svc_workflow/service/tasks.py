"""Tasks are claimed, released and completed; the last one decides."""

from uuid import UUID

from onestop_legal.working_days import legal_day
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_workflow.domain import decision as rules
from svc_workflow.domain import engine
from svc_workflow.domain.decision import Decision
from svc_workflow.domain.definition import TaskKind
from svc_workflow.domain.proceeding import Proceeding
from svc_workflow.domain.task import Completion, Task, TaskNotFound, TaskState
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import copies, decisions, definitions, proceedings, tasks
from svc_workflow.service import announce
from svc_workflow.service.proceedings import locked, note, open_tasks

AgencyMissing = LookupError


async def claim(tx: Transaction, task_id: UUID, version: int | None) -> Task:
    """Take a task; raises `TaskNotFound`, `NotPermitted`, `StaleVersion`, `TaskTaken`, `TaskDone`."""
    task, proceeding = await _workable(tx, task_id, version)
    task.claim(_person(tx))
    await tasks.change(tx.connection, task)
    await note(tx, proceeding, "task.claimed", {"task": task.node})
    return task


async def release(tx: Transaction, task_id: UUID, version: int | None) -> Task:
    """Give a task back; raises as `claim` does, and `TaskNotClaimed`."""
    task, proceeding = await _workable(tx, task_id, version)
    task.release(_person(tx))
    await tasks.change(tx.connection, task)
    await note(tx, proceeding, "task.released", {"task": task.node})
    return task


async def complete(tx: Transaction, task_id: UUID, completion: Completion, version: int | None) -> Task:
    """Finish a task and move its proceeding on; a decision ends it, with its licence, in the same transaction.

    Raises:
        TaskNotFound, NotPermitted, StaleVersion: see `claim`.
        ProceedingEnded: when it was decided or withdrawn meanwhile.
        FieldErrors, TooFewOfficers, ReviewerMayNotDecide, TaskNotClaimed, TaskTaken, TaskDone: see `Task.complete`.
    """
    task, proceeding = await _workable(tx, task_id, version)
    proceeding.must_run()
    earlier = await tasks.of_proceeding(tx.connection, proceeding.id)
    inspectors = await copies.staff_with(tx.connection, task.agency_code, "inspector", legal_day(tx.now))
    task.complete(
        _person(tx),
        completion,
        reviewers={other.assignee for other in earlier if other.role == "reviewer" and other.assignee},
        inspectors={person for person, _ in inspectors},
        now=tx.now,
    )
    await tasks.change(tx.connection, task)
    definition = await definitions.get(tx.connection, proceeding.definition_id)
    proceeding.note_outcome(task.node, completion.outcome)
    step = engine.advance(definition, proceeding.tokens, task.token, proceeding.values)
    proceeding.take(step)
    decision = await _decide(tx, proceeding, task) if task.kind is TaskKind.DECISION else None
    await proceedings.change(tx.connection, proceeding, step)
    opened = await open_tasks(tx, proceeding, definition, step)
    await note(tx, proceeding, "task.completed", {"task": task.node, "title": task.title, "outcome": task.outcome})
    announce.progressed(tx, proceeding, task, tuple(other.title for other in opened))
    if decision:
        await decisions.add(tx.connection, decision, proceeding.matter)
        await proceedings.stop_timers(tx.connection, proceeding.id)
        await note(tx, proceeding, "decision.made", {"outcome": decision.outcome, "number": decision.document_number})
        announce.decided(tx, proceeding, decision)
    return task


async def read(reader: Reader, task_id: UUID) -> tuple[Task, Proceeding]:
    """Return a task with its proceeding; raises `TaskNotFound` when the caller may not see it."""
    task = await tasks.get(reader.connection, task_id)
    if task is None or not PERMISSIONS.permits(reader.caller, "task.read", task):
        raise TaskNotFound
    proceeding = await proceedings.get(reader.connection, task.proceeding_id)
    if proceeding is None:
        raise TaskNotFound
    return task, proceeding


async def inbox(
    reader: Reader, state: TaskState, after: UUID | None, limit: int, *, mine: bool
) -> list[tuple[Task, dict[str, object]]]:
    """Return the tasks the caller may work on, oldest first, each with its matter."""
    conditions = PERMISSIONS.conditions(reader.caller, "task.work")
    parameters = PERMISSIONS.parameters(conditions, reader.caller)
    me = reader.caller.sub if mine else None
    return await tasks.inbox(reader.connection, conditions, parameters, state.value, me, after, limit)


async def _workable(tx: Transaction, task_id: UUID, version: int | None) -> tuple[Task, Proceeding]:
    """Lock the proceeding, then the task, and see whether the caller may work on it."""
    seen = await tasks.get(tx.connection, task_id)
    if seen is None or not PERMISSIONS.permits(tx.caller, "task.read", seen):
        raise TaskNotFound
    PERMISSIONS.require(tx.caller, "task.work", seen)
    proceeding = await locked(tx, seen.proceeding_id)
    task = await tasks.lock(tx.connection, task_id)
    if task is None:
        raise TaskNotFound
    if version is not None and task.version != version:
        raise StaleVersion
    return task, proceeding


async def _decide(tx: Transaction, proceeding: Proceeding, task: Task) -> Decision:
    matter, today = proceeding.matter, legal_day(tx.now)
    found = await copies.agency(tx.connection, matter.agency_code)
    if found is None:
        raise AgencyMissing(matter.agency_code)
    short_name, remedies = found
    granted = task.outcome == rules.GRANTED
    word = "准" if granted else "不准"
    number = await copies.next_number(tx.connection, matter.agency_code, f"decision:{word}", today.year)
    licence = None
    if granted and rules.needs_licence(matter):
        serial = await copies.next_number(tx.connection, matter.agency_code, rules.licence_series(matter), 0)
        licence = rules.licence_of(matter, uuid7(), serial, today)
    proceeding.decide(tx.now)
    return Decision(
        id=uuid7(),
        proceeding_id=proceeding.id,
        outcome=rules.GRANTED if granted else rules.DENIED,
        document_name=rules.document_name_of(matter.item_type, task.outcome or ""),
        document_number=rules.document_number(short_name, word, today.year, number),
        decided_on=today,
        decided_at=tx.now,
        decided_by=_person(tx),
        reasons=task.opinion,
        remedies=None if granted else remedies.text,
        obligations=rules.obligations_of(matter, task.outcome or ""),
        licence=licence,
    )


def _person(tx: Transaction) -> UUID:
    if tx.caller.sub is None:
        raise TaskNotFound
    return tx.caller.sub
