"""A proceeding begins, is read, and ends when its case is withdrawn."""

from uuid import UUID

from onestop_messages.workflow import ProceedingStarted
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Reader, Transaction
from svc_workflow.domain import engine
from svc_workflow.domain.definition import Definition
from svc_workflow.domain.engine import Step
from svc_workflow.domain.limit import PROMISED, STATUTORY, Limits
from svc_workflow.domain.proceeding import HistoryLine, Matter, Proceeding, ProceedingNotFound
from svc_workflow.domain.task import Task, task_at
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import copies, definitions, proceedings, tasks
from svc_workflow.service import announce


async def start(tx: Transaction, matter: Matter, limits: Limits, procedure: str) -> Proceeding:
    """Begin to work on an accepted case, by the newest definition of its procedure.

    Raises:
        DefinitionNotFound: when there is no such procedure.
        AlreadyStarted: when the case has a proceeding (a constraint of the database).
    """
    definition_id, number, definition = await definitions.latest(tx.connection, procedure)
    calendar, stamp = await copies.stamped_calendar(tx.connection)
    values = dict(matter.public_fields)
    step = engine.begin(definition, values)
    proceeding = Proceeding(uuid7(), matter, definition_id, limits, tx.now, values=values)
    proceeding.take(step)
    proceeding.version = 1
    statutory = announce.running_deadline(limits, STATUTORY, calendar)
    promised = announce.running_deadline(limits, PROMISED, calendar)
    await proceedings.add(tx.connection, proceeding, provisional=limits.provisional(calendar), calendar_stamp=stamp)
    await open_tasks(tx, proceeding, definition, step)
    await proceedings.set_timers(tx.connection, proceeding.id, limits.warnings(calendar))
    await note(tx, proceeding, "proceeding.started", {"definition": procedure, "number": number})
    tx.emit(
        ProceedingStarted(
            proceeding_id=proceeding.id,
            case_id=matter.case_id,
            case_number=matter.case_number,
            agency=announce.agency_of(matter),
            definition=procedure,
            definition_version=number,
            started_at=tx.now,
            statutory=statutory,
            promised=promised,
        ),
        key=proceeding.id,
        version=proceeding.version,
    )
    return proceeding


async def withdraw(tx: Transaction, case_id: UUID) -> None:
    """End the proceeding of a case that its applicant withdrew; a case without one is left alone."""
    found = await proceedings.id_of_case(tx.connection, case_id)
    proceeding = await proceedings.lock(tx.connection, found) if found else None
    if proceeding is None or proceeding.ended_at:
        return
    proceeding.withdraw(tx.now)
    for task in await tasks.of_proceeding(tx.connection, proceeding.id):
        task.drop()
        await tasks.change(tx.connection, task)
    await proceedings.change(tx.connection, proceeding)
    await proceedings.stop_timers(tx.connection, proceeding.id)
    await note(tx, proceeding, "proceeding.withdrawn", {})


async def read(reader: Reader, proceeding_id: UUID) -> Proceeding:
    """Return a proceeding; raises `ProceedingNotFound` when there is none that the caller may see."""
    proceeding = await proceedings.get(reader.connection, proceeding_id)
    if proceeding is None or not PERMISSIONS.permits(reader.caller, "proceeding.read", proceeding.matter):
        raise ProceedingNotFound
    return proceeding


async def of_case(reader: Reader, case_id: UUID) -> Proceeding:
    """Return the proceeding of a case; raises `ProceedingNotFound`."""
    found = await proceedings.id_of_case(reader.connection, case_id)
    if found is None:
        raise ProceedingNotFound
    return await read(reader, found)


async def locked(tx: Transaction, proceeding_id: UUID | None) -> Proceeding:
    """Return a proceeding locked for change; raises `ProceedingNotFound` when the caller may not see it."""
    proceeding = await proceedings.lock(tx.connection, proceeding_id) if proceeding_id else None
    if proceeding is None or not PERMISSIONS.permits(tx.caller, "proceeding.read", proceeding.matter):
        raise ProceedingNotFound
    return proceeding


async def open_tasks(tx: Transaction, proceeding: Proceeding, definition: Definition, step: Step) -> list[Task]:
    """Open a task for every token of `step` that waits for somebody's work."""
    waiting = {node.id for node in step.tasks}
    opened = []
    for token in step.created:
        if token.node in waiting:
            node = definition.nodes[token.node]
            task = task_at(node, token, uuid7(), proceeding.id, proceeding.matter.agency_code, tx.now)
            await tasks.add(tx.connection, task)
            opened.append(task)
    return opened


async def note(tx: Transaction, proceeding: Proceeding, verb: str, detail: dict[str, object]) -> None:
    """Write what happened into the proceeding's history and into the audit trail."""
    await proceedings.note(tx.connection, proceeding.id, HistoryLine(verb, tx.now, tx.caller.sub, detail))
    tx.audit(verb, key=proceeding.id)
