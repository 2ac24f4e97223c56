"""Cases: loaded under a lock with what a decision needs beside them, saved with their history in one statement."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_intake.domain.case import Case
from svc_intake.domain.party import Mandate
from svc_intake.domain.state import State
from svc_intake.domain.timeline import Happening
from svc_intake.repository.rows import birth_values, case_of, changing_values
from svc_intake.tables import calendar_year, case_file, guide_version, item, mandate, receipt_register, timeline_entry


@dataclass(slots=True)
class Loaded:
    """A case with what stands beside it.

    Attributes:
        row: as the permission table reads it.
        form: encrypted, or None when nothing was saved.
        item_state: `open`, `suspended` or `withdrawn`.
        calendar_stamp: changes whenever the copied calendar does.
        mandate: the caller's, when it is known here.
    """

    case: Case
    row: Record
    form: bytes | None
    item_state: str
    item_reason: str | None
    calendar_stamp: int
    mandate: Mandate | None


_STAMP = sa.select(sa.func.coalesce(sa.func.sum(calendar_year.c.revision), 0)).scalar_subquery()
_WANTED = (
    sa.func.unnest(
        sa.bindparam("case_ids", type_=pg.ARRAY(sa.Uuid)),
        sa.bindparam("mandate_ids", type_=pg.ARRAY(sa.Uuid)),
    )
    .table_valued(sa.column("case_id", sa.Uuid), sa.column("mandate_id", sa.Uuid), name="wanted")
    .render_derived()
)
_BESIDE = (
    sa.select(
        case_file,
        item.c.state.label("item_state"),
        item.c.reason.label("item_reason"),
        sa.cast(_STAMP, sa.BigInteger).label("calendar_stamp"),
        mandate.c.id.label("mandate_known"),
        mandate.c["items"].label("mandate_items"),
        mandate.c.valid_from.label("mandate_from"),
        mandate.c.valid_to.label("mandate_to"),
        mandate.c.withdrawn_at.label("mandate_withdrawn_at"),
    )
    .select_from(
        _WANTED.join(case_file, case_file.c.id == _WANTED.c.case_id)
        .join(guide_version, guide_version.c.id == case_file.c.guide_version_id)
        .join(item, item.c.id == guide_version.c.item_id)
        .outerjoin(mandate, mandate.c.id == _WANTED.c.mandate_id)
    )
    .order_by(case_file.c.id)
)
_READ = compiled(_BESIDE)
_LOCK = compiled(_BESIDE.with_for_update(of=case_file))
_LOCK_ALONE = compiled(
    sa.select(case_file).where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid)).with_for_update()
)
_LOCK_BY_LICENCE = compiled(
    sa.select(case_file).where(case_file.c.licence_id == sa.bindparam("licence_id", type_=sa.Uuid)).with_for_update()
)


def _rows(name: str, columns: dict[str, Any]) -> Any:
    """Return a table of parameters: one array for each column, named as the column is."""
    arrays = [sa.bindparam(column, type_=pg.ARRAY(kind)) for column, kind in columns.items()]
    shown = [sa.column(column.partition("_")[2], kind) for column, kind in columns.items()]
    return sa.func.unnest(*arrays).table_valued(*shown, name=name, with_ordinality="place").render_derived()


_CHANGING = (
    "version", "state", "answers", "form_complete", "public_fields", "handed_in", "case_number", "receiving_hall",
    "receiving_agency", "proceeding_agency", "submitted_version", "submitted_at", "counted_from", "answer_due_on",
    "answer_due_provisional", "silence_accepts", "receipt", "notice", "acceptance", "accepted_on", "refusal",
    "progress", "result", "decided_on", "licence_id", "licence", "delivery", "form",
)  # fmt: skip
_SAVED = ("id", *_CHANGING)
_ENTRY = ("case_id", "at", "happening", "title", "text", "detail", "actor")
_BORN = tuple(column.name for column in case_file.columns if column.name not in _CHANGING)
_NEW = _rows("new", {f"v_{name}": case_file.c[name].type for name in _SAVED})
_ENTRIES = _rows("entry", {f"e_{name}": timeline_entry.c[name].type for name in _ENTRY})


_REGISTERED = (
    sa.insert(receipt_register)
    .from_select(
        ["received_on", "case_id"],
        sa.select(
            sa.cast(sa.func.timezone(sa.literal_column("'Asia/Shanghai'"), _ENTRIES.c.at), sa.Date), _ENTRIES.c.case_id
        ).where(_ENTRIES.c.happening == sa.literal_column(f"'{Happening.SUBMITTED.value}'")),
    )
    .cte("registered")
)
"""A receipt among the lines of history is entered into the register of receipts by the same statement."""


def _with_history(writing: Any) -> Statement:
    """Return `writing` (a CTE that returns ids of cases) together with their new lines of history."""
    lines = sa.select(*(_ENTRIES.c[name] for name in _ENTRY)).order_by(_ENTRIES.c.place)
    return compiled(sa.insert(timeline_entry).from_select(list(_ENTRY), lines).add_cte(writing, _REGISTERED))


_INSERT = _with_history(
    sa.insert(case_file)
    .values(**{name: sa.bindparam(f"v_{name}", type_=case_file.c[name].type) for name in (*_BORN, *_CHANGING)})
    .cte("written")
)
_UPDATE = _with_history(
    sa.update(case_file)
    .where(case_file.c.id == _NEW.c.id, case_file.c.id == sa.func.any(sa.bindparam("v_id", type_=pg.ARRAY(sa.Uuid))))
    .values(**{name: _NEW.c[name] for name in _CHANGING} | {"form": sa.func.coalesce(_NEW.c.form, case_file.c.form)})
    .cte("written")
)
_APPLICANT = case_file.c.applicant_id == sa.bindparam("applicant_id", type_=sa.Uuid)
_DELETE_DRAFTS = compiled(
    sa.delete(case_file).where(_APPLICANT, case_file.c.state == State.DRAFT.value).returning(case_file.c.id)
)
_HAS_CASES = compiled(sa.select(sa.exists().where(_APPLICANT)))
_DELETE = compiled(sa.delete(case_file).where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid)))


async def read(connection: Connection, case_id: UUID) -> Loaded | None:
    """Return the case as it stands, or None."""
    rows = await _READ.fetch(connection, case_ids=[case_id], mandate_ids=[None])
    return _loaded(rows[0]) if rows else None


async def lock_all(connection: Connection, wanted: list[tuple[UUID, UUID | None]]) -> list[Loaded | None]:
    """Return the cases, locked until the transaction ends; None for those that do not exist.

    Args:
        connection: in a transaction.
        wanted: id of each case and of the caller's mandate; no case twice.
    """
    case_ids, mandate_ids = zip(*wanted, strict=True)
    rows = await _LOCK.fetch(connection, case_ids=case_ids, mandate_ids=mandate_ids)
    found = {row["id"]: _loaded(row) for row in rows}
    return [found.get(case_id) for case_id in case_ids]


async def lock(connection: Connection, case_id: UUID, mandate_id: UUID | None = None) -> Loaded | None:
    """Return the case, locked until the transaction ends, with the caller's mandate; or None."""
    (loaded,) = await lock_all(connection, [(case_id, mandate_id)])
    return loaded


async def lock_alone(connection: Connection, case_id: UUID) -> Case | None:
    """Return the case, locked, without what stands beside it; or None."""
    row = await _LOCK_ALONE.fetchrow(connection, case_id=case_id)
    return case_of(row) if row else None


async def lock_by_licence(connection: Connection, licence_id: UUID) -> Case | None:
    """Return the case that led to the licence, locked; or None."""
    row = await _LOCK_BY_LICENCE.fetchrow(connection, licence_id=licence_id)
    return case_of(row) if row else None


def _loaded(row: Record) -> Loaded:
    known = row["mandate_known"] is not None
    return Loaded(
        case=case_of(row),
        row=row,
        form=row["form"],
        item_state=row["item_state"],
        item_reason=row["item_reason"],
        calendar_stamp=row["calendar_stamp"],
        mandate=Mandate(
            None if row["mandate_items"] is None else frozenset(row["mandate_items"]),
            row["mandate_from"],
            row["mandate_to"],
            withdrawn=row["mandate_withdrawn_at"] is not None,
        )
        if known
        else None,
    )


@dataclass(slots=True)
class Change:
    """What has changed in a case, as columns."""

    values: dict[str, Any]
    entries: list[tuple[Any, ...]]


def change_of(case: Case, actor: UUID | None, *, form: bytes | None = None) -> Change:
    """Return what is to be saved of `case`, its history included; `form` (encrypted) only when it is a new one."""
    return Change({"id": case.id, **changing_values(case), "form": form}, _entries(case, actor))


async def insert(connection: Connection, case: Case, actor: UUID | None) -> None:
    """Write a new case and its history."""
    values = {f"v_{name}": value for name, value in {**birth_values(case), **changing_values(case)}.items()}
    await _INSERT.execute(connection, v_id=case.id, v_form=None, **values, **_history(_entries(case, actor)))


async def save(connection: Connection, case: Case, actor: UUID | None, *, form: bytes | None = None) -> None:
    """Write what has changed, its history included; `form` (encrypted) only when it is a new one."""
    await save_all(connection, [change_of(case, actor, form=form)])


async def save_all(connection: Connection, changes: list[Change]) -> None:
    """Write what has changed in several cases; no case twice."""
    values = {f"v_{name}": [change.values[name] for change in changes] for name in _SAVED}
    entries = [entry for change in changes for entry in change.entries]
    await _UPDATE.execute(connection, **values, **_history(entries))


async def delete_drafts(connection: Connection, applicant_id: UUID) -> list[UUID]:
    """Delete the drafts of an applicant, with all that hangs on them; return which."""
    return [row["id"] for row in await _DELETE_DRAFTS.fetch(connection, applicant_id=applicant_id)]


async def has_cases(connection: Connection, applicant_id: UUID) -> bool:
    """Tell whether anything is kept of an applicant."""
    return bool(await _HAS_CASES.fetchval(connection, applicant_id=applicant_id))


async def delete(connection: Connection, case_id: UUID) -> None:
    """Remove a draft; the sweeper removes its files."""
    await _DELETE.execute(connection, case_id=case_id)


def _entries(case: Case, actor: UUID | None) -> list[tuple[Any, ...]]:
    happened, case.happened = case.happened, []
    return [(case.id, one.at, one.happening.value, one.title, one.text, one.detail, actor) for one in happened]


def _history(entries: list[tuple[Any, ...]]) -> dict[str, Any]:
    columns = zip(*entries, strict=True) if entries else [()] * len(_ENTRY)
    return {f"e_{name}": column for name, column in zip(_ENTRY, columns, strict=True)}
