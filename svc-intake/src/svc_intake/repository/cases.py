"""Cases: loaded under a lock with what a decision needs beside them, saved with their history in one statement."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, Record, Statement, compiled
from svc_intake.domain.case import Case
from svc_intake.domain.party import Mandate
from svc_intake.repository.rows import birth_values, case_of, changing_values
from svc_intake.tables import calendar_year, case_file, guide_version, item, mandate, timeline_entry


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
        case_file.join(guide_version, guide_version.c.id == case_file.c.guide_version_id)
        .join(item, item.c.id == guide_version.c.item_id)
        .outerjoin(mandate, mandate.c.id == sa.bindparam("mandate_id", type_=sa.Uuid))
    )
    .where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid))
)
_READ = compiled(_BESIDE)
_LOCK = compiled(_BESIDE.with_for_update(of=case_file))
_LOCK_ALONE = compiled(
    sa.select(case_file).where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid)).with_for_update()
)
_LOCK_BY_LICENCE = compiled(
    sa.select(case_file).where(case_file.c.licence_id == sa.bindparam("licence_id", type_=sa.Uuid)).with_for_update()
)

_ENTRIES = (
    sa.func.unnest(
        sa.bindparam("ats", type_=pg.ARRAY(sa.DateTime(timezone=True))),
        sa.bindparam("happenings", type_=pg.ARRAY(sa.Text)),
        sa.bindparam("titles", type_=pg.ARRAY(sa.Text)),
        sa.bindparam("texts", type_=pg.ARRAY(sa.Text)),
        sa.bindparam("details", type_=pg.ARRAY(pg.JSONB)),
    )
    .table_valued("at", "happening", "title", "text", "detail", name="entry")
    .render_derived()
)


def _with_history(writing: Any) -> Statement:
    """Return `writing` (a CTE that returns the case's id) together with its new lines of history."""
    return compiled(
        sa.insert(timeline_entry).from_select(
            ["case_id", "at", "happening", "title", "text", "detail", "actor"],
            sa.select(
                writing.c.id,
                _ENTRIES.c.at,
                _ENTRIES.c.happening,
                _ENTRIES.c.title,
                _ENTRIES.c.text,
                _ENTRIES.c.detail,
                sa.bindparam("actor", type_=sa.Uuid),
            ).select_from(writing.join(_ENTRIES, sa.true())),
        )
    )


def _bound(*names: str) -> dict[str, Any]:
    return {name: sa.bindparam(f"v_{name}", type_=case_file.c[name].type) for name in names}


_CHANGING = (
    "version", "state", "answers", "form_complete", "public_fields", "handed_in", "case_number", "receiving_hall",
    "receiving_agency", "proceeding_agency", "submitted_version", "submitted_at", "counted_from", "answer_due_on",
    "answer_due_provisional", "silence_accepts", "receipt", "notice", "acceptance", "refusal", "progress", "result",
    "licence_id", "licence", "delivery",
)  # fmt: skip
_BORN = tuple(column.name for column in case_file.columns if column.name not in (*_CHANGING, "form"))

_INSERT = _with_history(
    sa.insert(case_file).values(**_bound(*_BORN, *_CHANGING)).returning(case_file.c.id).cte("written")
)
_UPDATE = _with_history(
    sa.update(case_file)
    .where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid))
    .values(**_bound(*_CHANGING))
    .returning(case_file.c.id)
    .cte("written")
)
_UPDATE_WITH_FORM = _with_history(
    sa.update(case_file)
    .where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid))
    .values(**_bound(*_CHANGING, "form"))
    .returning(case_file.c.id)
    .cte("written")
)
_DELETE = compiled(sa.delete(case_file).where(case_file.c.id == sa.bindparam("case_id", type_=sa.Uuid)))


async def read(connection: Connection, case_id: UUID) -> Loaded | None:
    """Return the case as it stands, or None."""
    row = await _READ.fetchrow(connection, case_id=case_id, mandate_id=None)
    return _loaded(row) if row else None


async def lock(connection: Connection, case_id: UUID, mandate_id: UUID | None = None) -> Loaded | None:
    """Return the case, locked until the transaction ends, with the caller's mandate; or None."""
    row = await _LOCK.fetchrow(connection, case_id=case_id, mandate_id=mandate_id)
    return _loaded(row) if row else None


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


async def insert(connection: Connection, case: Case, actor: UUID | None) -> None:
    """Write a new case and its history."""
    values = {f"v_{name}": value for name, value in {**birth_values(case), **changing_values(case)}.items()}
    await _INSERT.execute(connection, v_id=case.id, actor=actor, **values, **_history(case))


async def save(connection: Connection, case: Case, actor: UUID | None, *, form: bytes | None = None) -> None:
    """Write what has changed, its history included; `form` (encrypted) only when it is a new one."""
    values = {f"v_{name}": value for name, value in changing_values(case).items()}
    common = {"case_id": case.id, "actor": actor, **values, **_history(case)}
    if form is None:
        await _UPDATE.execute(connection, **common)
    else:
        await _UPDATE_WITH_FORM.execute(connection, v_form=form, **common)


async def delete(connection: Connection, case_id: UUID) -> None:
    """Remove a draft; the sweeper removes its files."""
    await _DELETE.execute(connection, case_id=case_id)


def _history(case: Case) -> dict[str, Any]:
    happened, case.happened = case.happened, []
    return {
        "ats": [one.at for one in happened],
        "happenings": [one.happening.value for one in happened],
        "titles": [one.title for one in happened],
        "texts": [one.text for one in happened],
        "details": [one.detail for one in happened],
    }
