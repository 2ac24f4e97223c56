"""Use cases of svc-credit: load, decide, save."""

from datetime import date
from uuid import UUID

from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import CalendarYear, legal_day
from onestop_messages.base import AgencyRef
from onestop_messages.credit import RecordDisclosed, RecordWithdrawn
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_credit import repository
from svc_credit.domain import (
    Decision,
    Record,
    RecordNotFound,
    RecordState,
    Subject,
    SubjectNotFound,
    record_of,
    rule_for,
)
from svc_credit.permissions import PERMISSIONS
from svc_credit.visible import visible


async def record_decision(tx: Transaction, decision: Decision) -> Record | None:
    """Record what a decision owes and disclose it at once; None when it owes no disclosure.

    The limit is 7 working days; waiting for it would serve nobody. Should the disclosure be put off (a rule that
    says so, a stop by an operator), the record stays pending and `disclose_pending` makes up for it.
    """
    rules = await repository.rules(tx.connection)
    if rule_for(decision, rules) is None:
        return None
    record = record_of(uuid7(), decision, rules, await repository.calendar(tx.connection))
    record.disclose(tx.now)
    await repository.add(tx.connection, record, tx.now)
    _announce(tx, record)
    return record


async def disclose_pending(tx: Transaction) -> int:
    """Disclose what waits, the most urgent first; return how many records were."""
    records = await repository.due(tx.connection)
    for record in records:
        record.disclose(tx.now)
        record.version += 1
        await repository.change(tx.connection, record, tx.now)
        _announce(tx, record)
    return len(records)


async def withdraw(tx: Transaction, record_id: UUID, reason: str, version: int) -> Record:
    """Take a record out of public view, because its decision was revoked or it is wrong.

    Raises:
        RecordNotFound: when there is none that the caller may see.
        NotPermitted: when the caller is not the head of the agency that decided.
        StaleVersion: when it was changed meanwhile.
        RecordAlreadyWithdrawn: when it is not public any more.
    """
    record = await repository.lock(tx.connection, record_id)
    if record is None or not PERMISSIONS.permits(tx.caller, "record.read", visible(record)):
        raise RecordNotFound
    PERMISSIONS.require(tx.caller, "record.withdraw", visible(record))
    if record.version != version:
        raise StaleVersion
    record.withdraw(tx.now, reason)
    await repository.change(tx.connection, record, tx.now)
    tx.emit(
        RecordWithdrawn(record_id=record.id, reason=reason, withdrawn_at=tx.now), key=record.id, version=record.version
    )
    tx.audit("record.withdrawn", key=record.id)
    return record


async def read(reader: Reader, record_id: UUID) -> Record:
    """Return a record; raises `RecordNotFound` when there is none that the caller may see."""
    record = await repository.get(reader.connection, record_id)
    if record is None or not PERMISSIONS.permits(reader.caller, "record.read", visible(record)):
        raise RecordNotFound
    return record


async def search(reader: Reader, filters: dict[str, str], after: tuple[date, UUID] | None, limit: int) -> list[Record]:
    """Return up to `limit` records the caller may see, newest decision first, right after the position `after`.

    Args:
        reader: who asks.
        filters: equalities by column: `credit_code`, `kind`, `agency_code`.
        after: day of the decision and id of the last record seen.
        limit: how many.

    Raises:
        FieldErrors: when `credit_code` is none.
    """
    if "credit_code" in filters:
        filters["credit_code"] = _credit_code(filters["credit_code"])
    conditions = PERMISSIONS.conditions(reader.caller, "record.read")
    parameters = PERMISSIONS.parameters(conditions, reader.caller)
    return await repository.page(reader.connection, conditions, parameters, filters, after, limit)


async def file_of(reader: Reader, credit_code: str) -> tuple[Subject, dict[str, int]]:
    """Return a legal person and how many public records of each kind there are.

    Raises:
        FieldErrors: when the text is no credit code.
        SubjectNotFound: when nothing is recorded.
    """
    found = await repository.subject_of(reader.connection, _credit_code(credit_code, place="{credit_code}"))
    if found is None:
        raise SubjectNotFound
    return found


async def keep_year(tx: Transaction, year: CalendarYear) -> None:
    """Keep a year of the calendar and compute the last days anew that rested on an assumption."""
    await repository.keep_year(tx.connection, year)
    rules = await repository.rules(tx.connection)
    calendar = await repository.calendar(tx.connection)
    for record in await repository.provisional(tx.connection):
        rule = rule_for(record.decision, rules)
        due = calendar.deadline(record.decision.decided_on, rule.working_days) if rule else record.due
        if due != record.due:
            record.due = due
            record.version += 1
            await repository.change(tx.connection, record, tx.now)
            tx.audit("record.due-recomputed", key=record.id)


def _credit_code(text: str, place: str = "?credit_code") -> str:
    try:
        return CreditCode.parse(text)
    except NamedError as error:
        raise FieldErrors([FieldError(place, error.slug, error.detail)]) from error


def _announce(tx: Transaction, record: Record) -> None:
    decision = record.decision
    if record.state is not RecordState.DISCLOSED or record.disclosed_at is None:
        return
    tx.emit(
        RecordDisclosed(
            record_id=record.id,
            kind=record.kind.value,
            decision_id=decision.id,
            case_id=decision.case_id,
            credit_code=decision.subject.credit_code,
            document_number=decision.document_number,
            agency=AgencyRef(code=decision.agency_code, name=decision.agency_name),
            decided_on=decision.decided_on,
            due_on=record.due.day,
            disclosed_at=record.disclosed_at,
        ),
        key=record.id,
        version=record.version,
    )
    late = legal_day(tx.now) > record.due.day
    tx.audit("record.disclosed", key=record.id, detail={"late": late})
