"""Reads and writes the copies."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_legal.working_days import Calendar, CalendarYear
from onestop_runtime.sql import Connection, compiled
from svc_datashare.resources.domain.resource import Agency
from svc_datashare.tables import agency, calendar_year, data_authority

_ADD_AGENCY = pg.insert(agency)
_KEEP_AGENCY = compiled(
    _ADD_AGENCY.on_conflict_do_update(
        index_elements=[agency.c.code],
        set_={name: _ADD_AGENCY.excluded[name] for name in ("name", "region", "parent_code", "valid_from", "valid_to")},
    )
)
_ADD_UNKNOWN_AGENCY = compiled(_ADD_AGENCY.on_conflict_do_nothing())
_AGENCY = compiled(
    sa.select(agency.c.code, agency.c.name, agency.c.region).where(agency.c.code == sa.bindparam("code"))
)
_AUTHORITY = compiled(
    sa.select(data_authority.c.agency).where(
        data_authority.c.region == sa.func.left(sa.bindparam("region", type_=sa.Text), 6)
    )
)
_SET_AUTHORITY = compiled(pg.insert(data_authority).on_conflict_do_nothing())
_ADD_YEAR = pg.insert(calendar_year)
_KEEP_YEAR = compiled(
    _ADD_YEAR.on_conflict_do_update(
        index_elements=[calendar_year.c.year],
        set_={name: _ADD_YEAR.excluded[name] for name in ("published", "holidays", "workdays")},
    )
)
_YEARS = compiled(sa.select(calendar_year).order_by(calendar_year.c.year))


async def keep_agency(
    connection: Connection,
    found: Agency,
    *,
    region: str,
    parent_code: str | None,
    valid_from: date,
    valid_to: date | None,
    replace: bool = True,
) -> None:
    """Keep an agency as the catalogue tells it; with `replace=False` only if nothing is known of it yet."""
    statement = _KEEP_AGENCY if replace else _ADD_UNKNOWN_AGENCY
    await statement.execute(
        connection,
        code=found.code,
        name=found.name,
        region=region,
        parent_code=parent_code,
        valid_from=valid_from,
        valid_to=valid_to,
    )


async def agency_by_code(connection: Connection, code: str) -> tuple[Agency, str] | None:
    """Return an agency and its region."""
    row = await _AGENCY.fetchrow(connection, code=code)
    return (Agency(row["code"], row["name"]), row["region"]) if row else None


async def authority_of(connection: Connection, region: str) -> str | None:
    """Return the credit code of the data authority of a region or of the district its township lies in."""
    found: str | None = await _AUTHORITY.fetchval(connection, region=region)
    return found


async def set_authority(connection: Connection, region: str, code: str) -> None:
    """Name the data authority of a region that has none."""
    await _SET_AUTHORITY.execute(connection, region=region, agency=code)


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
    """Return the calendar of all known years."""
    return Calendar.of_rows(await _YEARS.fetch(connection))
