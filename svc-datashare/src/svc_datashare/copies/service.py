"""Keeps the copies, and answers from them."""

from datetime import date

from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.working_days import Calendar, CalendarYear
from onestop_runtime.transaction import Reader, Transaction
from svc_datashare.copies import repository
from svc_datashare.resources.domain.resource import Agency


class NoDataAuthority(NamedError):
    """The region has no data authority 数据主管部门 that could review."""

    slug = "no-data-authority"
    title = "该区划没有登记数据主管部门"
    status = 409


async def keep_agency(
    tx: Transaction, found: Agency, *, region: str, parent_code: str | None, valid_from: date, valid_to: date | None
) -> None:
    """Keep an agency as it is from now on."""
    await repository.keep_agency(
        tx.connection, found, region=region, parent_code=parent_code, valid_from=valid_from, valid_to=valid_to
    )


async def keep_year(tx: Transaction, year: CalendarYear) -> None:
    """Keep a year of the working-day calendar."""
    await repository.keep_year(tx.connection, year)


async def calendar(tx: Reader) -> Calendar:
    """Return the working-day calendar; years nobody told of are provisional."""
    return await repository.calendar(tx.connection)


async def known_agency(tx: Reader, code: str | None, pointer: str) -> tuple[Agency, str]:
    """Return an agency and its region.

    Raises:
        FieldErrors: at `pointer`, when the catalogue has not told of it.
    """
    found = await repository.agency_by_code(tx.connection, code) if code else None
    if found is None:
        raise FieldErrors([FieldError(pointer, "unknown-agency", "没有这个部门")])
    return found


async def name_of_agency(tx: Reader, code: str) -> str:
    """Return the name of an agency, its code when the catalogue has not told of it."""
    found = await repository.agency_by_code(tx.connection, code)
    return found[0].name if found else code


async def authority_of(tx: Reader, region: str) -> str:
    """Return the credit code of the region's data authority; raises `NoDataAuthority`."""
    found = await repository.authority_of(tx.connection, region)
    if found is None:
        raise NoDataAuthority
    return found
