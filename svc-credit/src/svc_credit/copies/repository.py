"""Reads and writes the copies."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_legal.working_days import Calendar, CalendarYear
from onestop_runtime.sql import Connection, compiled
from svc_credit.tables import agency, calendar_year

_ADD_AGENCY = pg.insert(agency)
_KEEP_AGENCY = compiled(
    _ADD_AGENCY.on_conflict_do_update(
        index_elements=[agency.c.code],
        set_={name: _ADD_AGENCY.excluded[name] for name in ("name", "region", "review_authority", "court")},
    )
)
_AGENCY = compiled(sa.select(agency).where(agency.c.code == sa.bindparam("code")))
_ADD_YEAR = pg.insert(calendar_year)
_KEEP_YEAR = compiled(
    _ADD_YEAR.on_conflict_do_update(
        index_elements=[calendar_year.c.year],
        set_={name: _ADD_YEAR.excluded[name] for name in ("published", "holidays", "workdays")},
    )
)
_YEARS = compiled(sa.select(calendar_year).order_by(calendar_year.c.year))


@dataclass(frozen=True, slots=True)
class AgencyNow:
    """An agency as it is now.

    Attributes:
        review_authority: government to which an application for 行政复议 against its decisions goes.
        court: court at which a suit against its decisions is filed.
    """

    code: str
    name: str
    region: str
    review_authority: str
    court: str


async def keep_agency(connection: Connection, kept: AgencyNow) -> None:
    """Keep an agency as the catalogue tells it."""
    await _KEEP_AGENCY.execute(connection, **asdict(kept))


async def agency_by_code(connection: Connection, code: str) -> AgencyNow | None:
    """Return an agency as it is now."""
    row = await _AGENCY.fetchrow(connection, code=code)
    return AgencyNow(**row) if row else None


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
    """Return the calendar of all known years; years nobody told of are provisional."""
    return Calendar.of_rows(await _YEARS.fetch(connection))
