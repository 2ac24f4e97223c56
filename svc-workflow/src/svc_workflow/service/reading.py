"""What is read together for a page about a proceeding."""

from dataclasses import dataclass
from uuid import UUID

from onestop_legal.working_days import Calendar, legal_day
from onestop_runtime.transaction import Reader
from svc_workflow.domain.decision import Decision
from svc_workflow.domain.proceeding import HistoryLine, Proceeding
from svc_workflow.domain.task import Task
from svc_workflow.permissions import PERMISSIONS
from svc_workflow.repository import copies, decisions, proceedings, tasks
from svc_workflow.repository.decisions import IssuedLicence, LicenceNotFound


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything beside the proceeding itself."""

    calendar: Calendar
    tasks: list[Task]
    decision: Decision | None
    history: list[HistoryLine]


async def parts_of(reader: Reader, proceeding: Proceeding) -> Parts:
    """Return what a page about `proceeding` shows; the caller was let in before."""
    connection = reader.connection
    return Parts(
        await copies.calendar(connection),
        await tasks.of_proceeding(connection, proceeding.id),
        await decisions.of_proceeding(connection, proceeding.id),
        await proceedings.history(connection, proceeding.id),
    )


async def licence(reader: Reader, licence_id: UUID) -> IssuedLicence:
    """Return a licence; raises `LicenceNotFound` when there is none that the caller may see."""
    issued = await decisions.licence(reader.connection, licence_id)
    if issued is None or not PERMISSIONS.permits(reader.caller, "licence.read", issued):
        raise LicenceNotFound
    return issued


async def staff(reader: Reader, role: str) -> list[tuple[UUID, str]]:
    """Return the caller's colleagues in a role; raises `NotPermitted` for who serves no agency."""
    PERMISSIONS.require(reader.caller, "staff.read", {"agency_code": reader.caller.agency})
    return await copies.staff_with(reader.connection, reader.caller.agency or "", role, legal_day(reader.now))
