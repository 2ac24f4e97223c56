"""Regions, agencies, halls, and the calendar."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from onestop_legal.working_days import Calendar
from onestop_runtime.sql import Connection, Record, compiled
from svc_catalog import tables

_ADD_REGION = compiled(
    insert(tables.region).values({c: sa.bindparam(c.name) for c in tables.region.c}).on_conflict_do_nothing()
)
_ADD_HALL = compiled(
    insert(tables.hall).values({c: sa.bindparam(c.name) for c in tables.hall.c}).on_conflict_do_nothing()
)
_ADD_AGENCY = compiled(
    insert(tables.agency)
    .values({c: sa.bindparam(c.name) for c in tables.agency.c})
    .on_conflict_do_nothing()
    .returning(tables.agency.c.id)
)
_year = insert(tables.calendar_year).values({c: sa.bindparam(c.name) for c in tables.calendar_year.c})
_KEEP_YEAR = compiled(
    _year.on_conflict_do_update(
        index_elements=["year"],
        set_={name: _year.excluded[name] for name in ("published", "source", "holidays", "workdays")}
        | {"version": tables.calendar_year.c.version + 1},
        where=sa.or_(
            tables.calendar_year.c.published != _year.excluded.published,
            tables.calendar_year.c.holidays != _year.excluded.holidays,
            tables.calendar_year.c.workdays != _year.excluded.workdays,
        ),
    ).returning(tables.calendar_year.c.id, tables.calendar_year.c.version)
)
_REGIONS = compiled(sa.select(tables.region).order_by(tables.region.c.code))
_AGENCIES = compiled(sa.select(tables.agency).order_by(tables.agency.c.code))
_HALLS = compiled(sa.select(tables.hall).order_by(tables.hall.c.code))
_YEAR = compiled(sa.select(tables.calendar_year).where(tables.calendar_year.c.year == sa.bindparam("year")))
_AGENCY = compiled(sa.select(tables.agency.c.name).where(tables.agency.c.code == sa.bindparam("code")))
_YEARS = compiled(sa.select(tables.calendar_year).order_by(tables.calendar_year.c.year))


async def add_region(connection: Connection, **columns: Any) -> None:
    """Add a region; one that is there stays."""
    await _ADD_REGION.execute(connection, **columns)


async def add_hall(connection: Connection, **columns: Any) -> None:
    """Add a hall; one that is there stays."""
    await _ADD_HALL.execute(connection, **columns)


async def add_agency(connection: Connection, **columns: Any) -> bool:
    """Add an agency; return False when it is there already."""
    return await _ADD_AGENCY.fetchval(connection, **columns) is not None


async def keep_year(connection: Connection, **columns: Any) -> tuple[UUID, int] | None:
    """Keep a year; return its id and version, or None when nothing changed."""
    row = await _KEEP_YEAR.fetchrow(connection, **columns)
    return (row["id"], row["version"]) if row else None


async def regions(connection: Connection) -> list[Record]:
    """Return all regions by code."""
    return await _REGIONS.fetch(connection)


async def agencies(connection: Connection) -> list[Record]:
    """Return all agencies by code."""
    return await _AGENCIES.fetch(connection)


async def halls(connection: Connection) -> list[Record]:
    """Return all halls by code."""
    return await _HALLS.fetch(connection)


async def agency_name(connection: Connection, code: str) -> str | None:
    """Return the name of an agency, or None for an unknown code."""
    name: str | None = await _AGENCY.fetchval(connection, code=code)
    return name


async def years(connection: Connection, year: int | None = None) -> list[Record]:
    """Return the calendar, year by year, or one year of it."""
    if year is None:
        return await _YEARS.fetch(connection)
    return await _YEAR.fetch(connection, year=year)


async def calendar(connection: Connection) -> Calendar:
    """Return the calendar to count working days with."""
    return Calendar.of_rows(await years(connection))
