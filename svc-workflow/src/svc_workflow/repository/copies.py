"""Copies made from others' events: agencies, staff, the calendar; and the series of document numbers."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_legal.working_days import Calendar, CalendarYear
from onestop_runtime.sql import Connection, compiled
from svc_workflow import tables
from svc_workflow.domain.decision import Remedies


def _keep(table: sa.Table, *key: str) -> Any:
    statement = insert(table).values({column: sa.bindparam(column.name) for column in table.c})
    others = [column.name for column in table.c if column.name not in key]
    return compiled(
        statement.on_conflict_do_update(index_elements=list(key), set_={n: statement.excluded[n] for n in others})
    )


_KEEP_AGENCY = _keep(tables.agency, "code")
_KEEP_STAFF = _keep(tables.staff, "staff_id")
_y = tables.calendar_year
_year = insert(_y).values({n: sa.bindparam(n) for n in ("year", "published", "holidays", "workdays")})
_KEEP_YEAR = compiled(
    _year.on_conflict_do_update(
        index_elements=["year"],
        set_={n: _year.excluded[n] for n in ("published", "holidays", "workdays")} | {"revision": _y.c.revision + 1},
    )
)
_YEARS = compiled(sa.select(tables.calendar_year))
_AGENCY = compiled(sa.select(tables.agency).where(tables.agency.c.code == sa.bindparam("code")))
_s = tables.staff
_SERVING = (
    sa.select(_s)
    .where(_s.c.agency_code == sa.bindparam("agency_code"))
    .where(_s.c.roles.contains(sa.bindparam("roles", type_=_s.c.roles.type)))
    .where(_s.c.valid_from <= sa.bindparam("day", type_=sa.Date))
    .where(sa.or_(_s.c.valid_to.is_(None), _s.c.valid_to >= sa.bindparam("day", type_=sa.Date)))
    .order_by(_s.c.display_name, _s.c.staff_id)
)
_STAFF = compiled(_SERVING)
_DISMISS = compiled(
    sa.update(_s).where(_s.c.staff_id == sa.bindparam("dismissed")).values(valid_to=sa.bindparam("valid_to"))
)
_DROP_STAFF = compiled(sa.delete(_s).where(_s.c.staff_id == sa.bindparam("dropped")))
_series = insert(tables.document_series).values(
    agency_code=sa.bindparam("agency_code"), kind=sa.bindparam("kind"), year=sa.bindparam("year"), last=1
)
_NEXT = compiled(
    _series.on_conflict_do_update(
        index_elements=["agency_code", "kind", "year"], set_={"last": tables.document_series.c.last + 1}
    ).returning(tables.document_series.c.last)
)


async def keep_agency(connection: Connection, **columns: str) -> None:
    """Keep an agency as it is now."""
    await _KEEP_AGENCY.execute(connection, **columns)


async def agency(connection: Connection, code: str) -> tuple[str, Remedies] | None:
    """Return the short name of an agency for document numbers, and where its decisions are contested."""
    row = await _AGENCY.fetchrow(connection, code=code)
    return (row["short_name"], Remedies(row["review_authority"], row["court"])) if row else None


async def keep_staff(connection: Connection, **columns: Any) -> None:
    """Keep an appointment."""
    await _KEEP_STAFF.execute(connection, **columns)


async def dismiss_staff(connection: Connection, staff_id: UUID, valid_to: date) -> None:
    """Keep the end of an appointment."""
    await _DISMISS.execute(connection, dismissed=staff_id, valid_to=valid_to)


async def drop_staff(connection: Connection, staff_id: UUID) -> None:
    """Keep an appointment no more."""
    await _DROP_STAFF.execute(connection, dropped=staff_id)


async def staff_with(connection: Connection, agency_code: str, role: str, day: date) -> list[tuple[UUID, str]]:
    """Return who serves an agency in `role` on `day`: person and masked name."""
    rows = await _STAFF.fetch(connection, agency_code=agency_code, roles=[role], day=day)
    return [(row["person_id"], row["display_name"]) for row in rows]


async def keep_year(connection: Connection, year: CalendarYear) -> None:
    """Keep a year of the calendar."""
    await _KEEP_YEAR.execute(
        connection,
        year=year.year,
        published=year.published,
        holidays=sorted(year.holidays),
        workdays=sorted(year.workdays),
    )


async def calendar(connection: Connection) -> Calendar:
    """Return the copy of the working-day calendar."""
    return (await stamped_calendar(connection))[0]


async def stamped_calendar(connection: Connection) -> tuple[Calendar, int]:
    """Return the copy of the working-day calendar, and a number that grows whenever it changes."""
    rows = await _YEARS.fetch(connection)
    return Calendar.of_rows(rows), sum(row["revision"] for row in rows)


async def next_number(connection: Connection, agency_code: str, kind: str, year: int) -> int:
    """Return the next number of a series, gapless: the row is locked until the transaction ends."""
    number: int = await _NEXT.fetchval(connection, agency_code=agency_code, kind=kind, year=year)
    return number
