"""Reads and writes records and the rules of disclosure."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_legal.working_days import Deadline
from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection, compiled
from onestop_runtime.sql import Record as Row
from svc_credit.listing import Listing
from svc_credit.records.domain.decision import Agency, Decision, Subject
from svc_credit.records.domain.record import Audience, Licensed, Record, RecordState
from svc_credit.records.domain.rules import DisclosureRule, RecordKind
from svc_credit.tables import disclosure_rule, record, undisclosed_decision

_BY_ID = compiled(sa.select(record).where(record.c.id == sa.bindparam("record_id")))
_LOCK = compiled(sa.select(record).where(record.c.id == sa.bindparam("record_id")).with_for_update())
_LOCK_FREE = compiled(
    sa.select(record).where(record.c.id == sa.bindparam("record_id")).with_for_update(skip_locked=True)
)
_LIST = Listing(
    "record.read",
    record,
    (record.c.decided_on, record.c.id),
    {
        "credit_code": record.c.subject_credit_code == sa.bindparam("credit_code"),
        "kind": record.c.kind == sa.bindparam("kind"),
        "state": record.c.state == sa.bindparam("state"),
        "agency_code": record.c.agency == sa.bindparam("agency_code"),
        "decided_from": record.c.decided_on >= sa.bindparam("decided_from"),
        "decided_to": record.c.decided_on <= sa.bindparam("decided_to"),
    },
)
_OF_DECISION = compiled(sa.select(record.c.id).where(record.c.decision_id == sa.bindparam("decision")))
_ADD = compiled(sa.insert(record))
_FIXED = ("id", "kind", "subject_id", "decision_id")
_SAVE = compiled(
    sa.update(record)
    .where(record.c.id == sa.bindparam("record_id"))
    .values({column.name: sa.bindparam(column.name) for column in record.c if column.name not in _FIXED})
)
_SUBJECT = compiled(sa.select(record.c.subject_id).where(record.c.id == sa.bindparam("record_id")))
_PENDING = compiled(
    sa.select(record.c.id)
    .where(record.c.state == sa.literal_column("'pending'"))
    .order_by(record.c.due_on, record.c.id)
    .limit(sa.bindparam("page_limit", type_=sa.Integer))
)
_WAITING = compiled(
    sa.select(
        sa.func.count().label("pending"),
        sa.func.count().filter(record.c.due_on < sa.bindparam("today", type_=sa.Date)).label("overdue"),
        sa.func.min(record.c.due_on).label("next_due_on"),
    ).where(record.c.state == sa.literal_column("'pending'"))
)
_PROVISIONAL = compiled(sa.select(record).where(record.c.due_provisional).order_by(record.c.id).with_for_update())
_NOTE_UNDISCLOSED = compiled(insert(undisclosed_decision).on_conflict_do_nothing())
_RULES = compiled(sa.select(disclosure_rule).order_by(disclosure_rule.c.item_type, disclosure_rule.c.valid_from))


class Waiting(NamedTuple):
    """What waits for its disclosure."""

    pending: int
    overdue: int
    next_due_on: date | None


async def by_id(connection: Connection, record_id: UUID, *, lock: bool = False) -> Record | None:
    """Return a record; with `lock` nobody else changes it until the transaction ends."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, record_id=record_id)
    return entity(row) if row else None


async def free_by_id(connection: Connection, record_id: UUID) -> Record | None:
    """Return a record locked, None when somebody else holds it at this moment."""
    row = await _LOCK_FREE.fetchrow(connection, record_id=record_id)
    return entity(row) if row else None


async def page(connection: Connection, caller: Caller, **wanted: Any) -> list[Record]:
    """Return the records `caller` may see, the latest decision first; see `Listing.fetch`."""
    return [entity(row) for row in await _LIST.fetch(connection, caller, **wanted)]


async def of_decision(connection: Connection, decision_id: UUID) -> UUID | None:
    """Return the id of the record a decision has."""
    found: UUID | None = await _OF_DECISION.fetchval(connection, decision=decision_id)
    return found


async def subject_of(connection: Connection, record_id: UUID) -> UUID:
    """Return the id of the subject of a record."""
    found: UUID = await _SUBJECT.fetchval(connection, record_id=record_id)
    return found


async def add(connection: Connection, new: Record, subject_id: UUID) -> None:
    """Store a new record; a database constraint keeps it the only one of its decision."""
    await _ADD.execute(
        connection, id=new.id, kind=new.kind.value, subject_id=subject_id, decision_id=new.decision_id, **_columns(new)
    )


async def save(connection: Connection, changed: Record) -> None:
    """Store a changed record."""
    await _SAVE.execute(connection, record_id=changed.id, **_columns(changed))


async def pending(connection: Connection, limit: int) -> list[UUID]:
    """Return records that wait for their disclosure, the most urgent first."""
    return [row["id"] for row in await _PENDING.fetch(connection, page_limit=limit)]


async def waiting(connection: Connection, today: date) -> Waiting:
    """Return how many records wait, and how many of them too long."""
    row = await _WAITING.fetchrow(connection, today=today)
    return Waiting(*row) if row else Waiting(0, 0, None)


async def provisional(connection: Connection) -> list[Record]:
    """Return the records whose deadline rests on an unpublished calendar, locked."""
    return [entity(row) for row in await _PROVISIONAL.fetch(connection)]


async def note_undisclosed(connection: Connection, decision: Decision, now: datetime) -> None:
    """Keep that a decision names disclosure and that no rule discloses its type."""
    await _NOTE_UNDISCLOSED.execute(
        connection,
        decision_id=decision.id,
        case_id=decision.case_id,
        decided_on=decision.decided_on,
        item_type=decision.item_type,
        noted_at=now,
    )


async def rules(connection: Connection) -> list[DisclosureRule]:
    """Return all rules of disclosure, past and present."""
    return [DisclosureRule(**dict(row) | {"kind": RecordKind(row["kind"])}) for row in await _RULES.fetch(connection)]


def _columns(stored: Record) -> dict[str, Any]:
    about = stored.subject
    return asdict(stored.licensed) | {
        "subject_kind": about.kind,
        "subject_party": about.party,
        "subject_credit_code": about.credit_code,
        "subject_name": about.shown_name,
        "case_id": stored.case_id,
        "case_number": stored.case_number,
        "item_code": stored.item_code,
        "item_name": stored.item_name,
        "item_type": stored.item_type,
        "agency": stored.agency.code,
        "agency_name": stored.agency.name,
        "region": stored.region,
        "decided_on": stored.decided_on,
        "audience": stored.audience.value,
        "due_on": stored.due.day,
        "due_provisional": stored.due.provisional,
        "disclosure_days": stored.disclosure_days,
        "withdrawal_days": stored.withdrawal_days,
        "state": stored.state.value,
        "disclosed_at": stored.disclosed_at,
        "withdrawn_at": stored.withdrawn_at,
        "withdrawal_reason": stored.withdrawal_reason,
        "withdrawal_due_on": stored.withdrawal_due_on,
        "version": stored.version,
    }


_LICENSED = tuple(Licensed.__dataclass_fields__)
_PLAIN = ("id", "decision_id", "case_id", "case_number", "item_code", "item_name", "item_type", "region", "decided_on",
          "disclosure_days", "withdrawal_days", "disclosed_at", "withdrawn_at", "withdrawal_reason",
          "withdrawal_due_on", "version")  # fmt: skip


def entity(row: Row) -> Record:
    """Return the record of a row."""
    return Record(
        kind=RecordKind(row["kind"]),
        subject=Subject(row["subject_party"], row["subject_kind"], row["subject_credit_code"], row["subject_name"]),
        agency=Agency(row["agency"], row["agency_name"]),
        licensed=Licensed(**{name: row[name] for name in _LICENSED}),
        audience=Audience(row["audience"]),
        due=Deadline(row["due_on"], row["due_provisional"]),
        state=RecordState(row["state"]),
        **{name: row[name] for name in _PLAIN},
    )
