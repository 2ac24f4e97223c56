"""Use cases of records."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from onestop_legal.working_days import CalendarYear, legal_day
from onestop_messages.base import AgencyRef
from onestop_messages.credit import RecordDisclosed, RecordWithdrawn
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_credit import metrics
from svc_credit.copies import repository as copies
from svc_credit.permissions import PERMISSIONS
from svc_credit.records import repository
from svc_credit.records.domain.decision import Decision
from svc_credit.records.domain.record import Audience, IncompleteRecord, Record, RecordNotFound, RecordState
from svc_credit.subjects import repository as subjects

log = logger(__name__)


async def receive(tx: Transaction, decision: Decision) -> UUID | None:
    """Make the record that a decision owes; return its id, None when it owes none or has one.

    A decision that names the obligation without a rule for its type owes nothing that could be disclosed; it is
    noted, since somebody meant it to be.
    """
    rules, calendar = await repository.rules(tx.connection), await copies.calendar(tx.connection)
    made = Record.of(uuid7(), decision, rules, calendar)
    if made is None:
        if decision.owes_disclosure:
            log.warning("no rule discloses this type of decision", decision=str(decision.id), type=decision.item_type)
            await repository.note_undisclosed(tx.connection, decision, tx.now)
            tx.audit("record.not-owed", key=decision.id, detail={"item_type": decision.item_type})
        return None
    if await repository.of_decision(tx.connection, decision.id):
        return None
    about = made.subject
    subject_id = await subjects.keep(
        tx.connection,
        kind=about.kind,
        party=about.party,
        credit_code=None if "credit_code" in made.missing else about.credit_code,
        name=about.shown_name,
        at=tx.now,
    )
    await repository.add(tx.connection, made, subject_id)
    tx.audit("record.made", key=made.id, detail={"decision": str(decision.id)})
    return made.id


async def receive_and_disclose(tx: Transaction, decision: Decision) -> None:
    """Make the record and disclose it at once; one that is incomplete stays pending until somebody completes it."""
    record_id = await receive(tx, decision)
    made = await repository.by_id(tx.connection, record_id, lock=True) if record_id else None
    if made:
        with suppress(IncompleteRecord):
            await _disclose(tx, made)


async def disclose_pending(tx: Transaction, record_id: UUID) -> bool:
    """Disclose a pending record if nothing is missing any more and nobody else is at it; tell whether it was."""
    found = await repository.free_by_id(tx.connection, record_id)
    if found is None or found.state is not RecordState.PENDING or found.missing:
        return False
    await _disclose(tx, found)
    return True


async def complete(tx: Transaction, record_id: UUID, version: int, given: Mapping[str, str]) -> Record:
    """Add what a pending record lacks; it is disclosed as soon as nothing is missing.

    Raises:
        RecordNotFound, NotPermitted, StaleVersion, WrongRecordState, FieldErrors.
    """
    found = await _locked(tx, record_id, version, "record.complete")
    found.complete(given)
    about = found.subject
    await subjects.keep(
        tx.connection,
        kind=about.kind,
        party=about.party,
        credit_code=about.credit_code if "credit_code" in given else None,
        name=about.shown_name,
        at=tx.now,
    )
    tx.audit("record.completed", key=found.id, detail={"fields": sorted(given)})
    if found.missing:
        await repository.save(tx.connection, found)
    else:
        await _disclose(tx, found)
    return found


async def withdraw(tx: Transaction, record_id: UUID, version: int, reason: str, revoked_on: date) -> Record:
    """Take a record down because its decision was revoked on the legal day `revoked_on`.

    Raises:
        RecordNotFound, NotPermitted, StaleVersion, WrongRecordState, FieldErrors.
    """
    found = await _locked(tx, record_id, version, "record.withdraw")
    was_disclosed = found.withdraw(reason, revoked_on, await copies.calendar(tx.connection), tx.now)
    await repository.save(tx.connection, found)
    tx.audit("record.withdrawn", key=found.id)
    if was_disclosed:
        subject_id = await repository.subject_of(tx.connection, found.id)
        await subjects.count(tx.connection, subject_id, found.kind, more=False)
        event = RecordWithdrawn(record_id=found.id, reason=reason, withdrawn_at=tx.now)
        tx.emit(event, key=found.id, version=found.version)
    return found


async def keep_year(tx: Transaction, year: CalendarYear) -> None:
    """Keep a year of the calendar and reckon the provisional deadlines anew."""
    await copies.keep_year(tx.connection, year)
    calendar = await copies.calendar(tx.connection)
    for found in await repository.provisional(tx.connection):
        if found.reckon(calendar):
            await repository.save(tx.connection, found)


async def read(tx: Reader, record_id: UUID) -> Record:
    """Return a record; raises `RecordNotFound` when the caller may not see it."""
    found = await repository.by_id(tx.connection, record_id)
    if found is None or not PERMISSIONS.permits(tx.caller, "record.read", permission_row(found)):
        raise RecordNotFound
    return found


async def remedies(tx: Reader, found: Record) -> copies.AgencyNow | None:
    """Return the deciding agency as it is now, with where one may turn against its decisions."""
    return await copies.agency_by_code(tx.connection, found.agency.code)


async def page(tx: Reader, **wanted: Any) -> list[Record]:
    """Return the records the caller may see."""
    return await repository.page(tx.connection, tx.caller, **wanted)


def permission_row(found: Record) -> dict[str, str | UUID]:
    """Return what the permission table looks at."""
    return {
        "state": found.state.value,
        "audience": found.audience.value,
        "subject_party": found.subject.party,
        "agency": found.agency.code,
    }


async def _locked(tx: Transaction, record_id: UUID, version: int, action: str) -> Record:
    found = await repository.by_id(tx.connection, record_id, lock=True)
    if found is None or not PERMISSIONS.permits(tx.caller, "record.read", permission_row(found)):
        raise RecordNotFound
    PERMISSIONS.require(tx.caller, action, permission_row(found))
    if found.version != version:
        raise StaleVersion
    return found


async def _disclose(tx: Transaction, found: Record) -> None:
    """Disclose and tell; raises `IncompleteRecord`, `WrongRecordState`."""
    found.disclose(tx.now)
    await repository.save(tx.connection, found)
    await subjects.count(tx.connection, await repository.subject_of(tx.connection, found.id), found.kind, more=True)
    late = found.is_late(legal_day(tx.now))
    metrics.DISCLOSED.labels(found.kind.value, "late" if late else "in time").inc()
    tx.audit("record.disclosed", key=found.id, detail={"late": late})
    event = RecordDisclosed(
        record_id=found.id,
        kind=found.kind.value,
        decision_id=found.decision_id,
        case_id=found.case_id,
        credit_code=found.subject.credit_code if found.audience is Audience.PUBLIC else None,
        document_number=found.licensed.document_number,
        agency=AgencyRef(code=found.agency.code, name=found.agency.name),
        decided_on=found.decided_on,
        due_on=found.due.day,
        disclosed_at=tx.now,
    )
    tx.emit(event, key=found.id, version=found.version)
