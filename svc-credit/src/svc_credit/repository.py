"""Reads and writes records, subjects, rules and the copy of the calendar."""

import functools
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_legal.working_days import Calendar, CalendarYear, Deadline
from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Statement, compiled
from svc_credit import tables
from svc_credit.domain import Decision, DisclosureRule, Licence, Record, RecordKind, RecordState, Subject
from svc_credit.permissions import PERMISSIONS

_r = tables.record

_RULES = compiled(sa.select(tables.disclosure_rule))
_ADD_RULE = compiled(
    insert(tables.disclosure_rule)
    .values({column: sa.bindparam(column.name) for column in tables.disclosure_rule.c})
    .on_conflict_do_nothing()
)
_YEARS = compiled(sa.select(tables.calendar_year))
_year = insert(tables.calendar_year).values({c: sa.bindparam(c.name) for c in tables.calendar_year.c})
_KEEP_YEAR = compiled(
    _year.on_conflict_do_update(
        index_elements=["year"],
        set_={name: _year.excluded[name] for name in ("published", "holidays", "workdays")},
    )
)
_agency = insert(tables.agency).values(code=sa.bindparam("code"), name=sa.bindparam("name"))
_KEEP_AGENCY = compiled(_agency.on_conflict_do_update(index_elements=["code"], set_={"name": _agency.excluded.name}))
_subject = insert(tables.subject).values({c: sa.bindparam(c.name) for c in tables.subject.c})
_KEEP_SUBJECT = compiled(
    _subject.on_conflict_do_update(index_elements=["party_id"], set_={"name": _subject.excluded.name})
)
_SUBJECT = compiled(sa.select(tables.subject).where(tables.subject.c.credit_code == sa.bindparam("credit_code")))
_COUNTS = compiled(
    sa.select(_r.c.kind, sa.func.count().label("count"))
    .where(_r.c.state == "disclosed", _r.c.credit_code == sa.bindparam("credit_code"))
    .group_by(_r.c.kind)
)
_ADD = compiled(sa.insert(_r).values({column: sa.bindparam(column.name) for column in _r.c}))
_CHANGE = compiled(
    sa.update(_r)
    .where(_r.c.id == sa.bindparam("record_id"))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("state", "due_on", "due_provisional", "disclosed_at", "withdrawn_at", "withdrawal_reason",
                         "version")
        }
    )
)  # fmt: skip
_HISTORY = compiled(sa.insert(tables.record_history).values({c: sa.bindparam(c.name) for c in tables.record_history.c}))
_GET = compiled(sa.select(_r).where(_r.c.id == sa.bindparam("record_id")))
_LOCK = compiled(sa.select(_r).where(_r.c.id == sa.bindparam("record_id")).with_for_update())
_DUE = compiled(
    sa.select(_r).where(_r.c.state == "pending").order_by(_r.c.due_on).limit(100).with_for_update(skip_locked=True)
)
_PROVISIONAL = compiled(
    sa.select(_r).where(_r.c.state != "withdrawn", _r.c.due_provisional).order_by(_r.c.id).with_for_update()
)
_OVERDUE = compiled(
    sa.select(sa.func.count()).select_from(_r).where(_r.c.state == "pending", _r.c.due_on < sa.bindparam("today"))
)


async def rules(connection: Connection) -> list[DisclosureRule]:
    """Return every disclosure rule, past and future ones included."""
    return [
        DisclosureRule(
            RecordKind(row["kind"]),
            frozenset(row["item_types"]),
            row["working_days"],
            row["source"],
            row["valid_from"],
            row["valid_to"],
        )
        for row in await _RULES.fetch(connection)
    ]


async def add_rule(connection: Connection, rule: DisclosureRule) -> None:
    """Add a rule; one that is there already stays."""
    await _ADD_RULE.execute(
        connection,
        kind=rule.kind.value,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        item_types=sorted(rule.item_types),
        working_days=rule.working_days,
        source=rule.source,
    )


async def calendar(connection: Connection) -> Calendar:
    """Return the copy of the working-day calendar."""
    return Calendar.of(
        CalendarYear(
            row["year"],
            published=row["published"],
            holidays=frozenset(row["holidays"]),
            workdays=frozenset(row["workdays"]),
        )
        for row in await _YEARS.fetch(connection)
    )


async def keep_year(connection: Connection, year: CalendarYear) -> None:
    """Keep a year of the calendar in place of the one known before."""
    await _KEEP_YEAR.execute(
        connection,
        year=year.year,
        published=year.published,
        holidays=sorted(year.holidays),
        workdays=sorted(year.workdays),
    )


async def keep_agency(connection: Connection, code: str, name: str) -> None:
    """Keep an agency's present name."""
    await _KEEP_AGENCY.execute(connection, code=code, name=name)


async def subject_of(connection: Connection, credit_code: str) -> tuple[Subject, dict[str, int]] | None:
    """Return a legal person and how many public records of each kind there are, or None."""
    row = await _SUBJECT.fetchrow(connection, credit_code=credit_code)
    if row is None:
        return None
    counts = {row["kind"]: row["count"] for row in await _COUNTS.fetch(connection, credit_code=credit_code)}
    return Subject(row["party_id"], row["kind"], row["credit_code"], row["name"]), counts


async def add(connection: Connection, record: Record, at: Any) -> None:
    """Store a new record, its subject and the first line of its history."""
    subject = record.decision.subject
    await _KEEP_SUBJECT.execute(
        connection,
        party_id=subject.party_id,
        kind=subject.kind,
        credit_code=subject.credit_code,
        name=subject.name,
        first_recorded_at=at,
    )
    await _ADD.execute(connection, **_columns(record))
    await _add_history(connection, record, at)


async def change(connection: Connection, record: Record, at: Any) -> None:
    """Store what changed of a record, and a line of its history."""
    columns = _columns(record)
    await _CHANGE.execute(
        connection, record_id=record.id, **{name: columns[name] for name in _CHANGE.names if name in columns}
    )
    await _add_history(connection, record, at)


async def get(connection: Connection, record_id: UUID) -> Record | None:
    """Return a record, or None."""
    row = await _GET.fetchrow(connection, record_id=record_id)
    return record_of_row(row) if row else None


async def lock(connection: Connection, record_id: UUID) -> Record | None:
    """Return a record locked for change, or None."""
    row = await _LOCK.fetchrow(connection, record_id=record_id)
    return record_of_row(row) if row else None


async def due(connection: Connection) -> list[Record]:
    """Return up to 100 pending records, the most urgent first, locked; those of another worker are passed over."""
    return [record_of_row(row) for row in await _DUE.fetch(connection)]


async def provisional(connection: Connection) -> list[Record]:
    """Return the records whose last day may still move, locked."""
    return [record_of_row(row) for row in await _PROVISIONAL.fetch(connection)]


async def overdue(connection: Connection, today: date) -> int:
    """Return how many records should be public and are not."""
    count: int = await _OVERDUE.fetchval(connection, today=today)
    return count


@functools.cache
def _list_statement(conditions: tuple[Condition, ...], filters: frozenset[str], *, after: bool) -> Statement:
    statement = sa.select(_r).where(PERMISSIONS.clause(conditions, _r))
    for name in sorted(filters):
        statement = statement.where(_r.c[name] == sa.bindparam(name))
    if after:
        position = sa.tuple_(_r.c.decided_on, _r.c.id)
        statement = statement.where(
            position < sa.tuple_(sa.bindparam("day", type_=sa.Date), sa.bindparam("id", type_=sa.Uuid))
        )
    return compiled(statement.order_by(_r.c.decided_on.desc(), _r.c.id.desc()).limit(sa.bindparam("limit")))


async def page(
    connection: Connection,
    conditions: tuple[Condition, ...],
    parameters: dict[str, Any],
    filters: dict[str, str],
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Record]:
    """Return records, newest decision first, right after the position `after`."""
    statement = _list_statement(conditions, frozenset(filters), after=after is not None)
    position = {"day": after[0], "id": after[1]} if after else {}
    rows = await statement.fetch(connection, **parameters, **filters, **position, limit=limit)
    return [record_of_row(row) for row in rows]


def _columns(record: Record) -> dict[str, Any]:
    decision, licence = record.decision, record.decision.licence
    return {
        "id": record.id,
        "kind": record.kind.value,
        "state": record.state.value,
        "party_id": decision.subject.party_id,
        "subject_kind": decision.subject.kind,
        "credit_code": decision.subject.credit_code,
        "subject_name": decision.subject.name,
        "decision_id": decision.id,
        "case_id": decision.case_id,
        "item_name": decision.item_name,
        "item_type": decision.item_type,
        "agency_code": decision.agency_code,
        "agency_name": decision.agency_name,
        "document_name": decision.document_name,
        "document_number": decision.document_number,
        "decided_on": decision.decided_on,
        "licence": _licence_columns(licence) if licence else None,
        "due_on": record.due.day,
        "due_provisional": record.due.provisional,
        "disclosed_at": record.disclosed_at,
        "withdrawn_at": record.withdrawn_at,
        "withdrawal_reason": record.withdrawal_reason,
        "version": record.version,
    }


def _licence_columns(licence: Licence) -> dict[str, Any]:
    return {
        "name": licence.name,
        "number": licence.number,
        "identifier": licence.identifier,
        "content": licence.content,
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": licence.valid_to.isoformat() if licence.valid_to else None,
    }


def record_of_row(row: Any) -> Record:
    """Return the record that a row stands for."""
    kept = row["licence"]
    licence = kept and Licence(
        kept["name"],
        kept["number"],
        kept["identifier"],
        kept["content"],
        date.fromisoformat(kept["valid_from"]),
        date.fromisoformat(kept["valid_to"]) if kept["valid_to"] else None,
    )
    decision = Decision(
        id=row["decision_id"],
        case_id=row["case_id"],
        item_name=row["item_name"],
        item_type=row["item_type"],
        outcome="granted",
        obligations=frozenset({"disclosure"}),
        agency_code=row["agency_code"],
        agency_name=row["agency_name"],
        document_name=row["document_name"],
        document_number=row["document_number"],
        decided_on=row["decided_on"],
        subject=Subject(row["party_id"], row["subject_kind"], row["credit_code"], row["subject_name"]),
        licence=licence,
    )
    return Record(
        id=row["id"],
        kind=RecordKind(row["kind"]),
        decision=decision,
        due=Deadline(row["due_on"], row["due_provisional"]),
        state=RecordState(row["state"]),
        disclosed_at=row["disclosed_at"],
        withdrawn_at=row["withdrawn_at"],
        withdrawal_reason=row["withdrawal_reason"],
        version=row["version"],
    )


async def _add_history(connection: Connection, record: Record, at: Any) -> None:
    await _HISTORY.execute(
        connection,
        record_id=record.id,
        version=record.version,
        at=at,
        state=record.state.value,
        reason=record.withdrawal_reason,
    )
