"""Regions, agencies, halls and the calendar are added, kept and told."""

from datetime import date
from typing import Any

from onestop_messages.catalog import AgencyChanged, CalendarChanged, Remedies
from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Transaction
from svc_catalog.repository import places


async def add_agency(tx: Transaction, **facts: Any) -> None:
    """Add an agency and tell of it; one that is there stays."""
    agency_id = uuid7()
    if not await places.add_agency(tx.connection, id=agency_id, version=1, **facts):
        return
    tx.emit(
        AgencyChanged(
            agency_id=agency_id,
            code=facts["code"],
            name=facts["name"],
            short_name=facts["short_name"],
            region=facts["region"],
            parent_code=facts["parent_code"],
            remedies=Remedies(review_authority=facts["review_authority"], court=facts["court"]),
            valid_from=facts["valid_from"],
            valid_to=facts["valid_to"],
        ),
        key=agency_id,
        version=1,
    )
    tx.audit("agency.added", key=agency_id)


async def keep_year(
    tx: Transaction, year: int, *, published: bool, source: str, holidays: list[date], workdays: list[date]
) -> None:
    """Keep a year of the calendar and tell of it when it changed."""
    kept = await places.keep_year(
        tx.connection,
        id=uuid7(),
        year=year,
        published=published,
        source=source,
        holidays=holidays,
        workdays=workdays,
        version=1,
    )
    if kept is None:
        return
    tx.emit(
        CalendarChanged(
            year=year,
            published=published,
            source=source,
            holidays=tuple(holidays),
            workdays=tuple(workdays),
        ),
        key=kept[0],
        version=kept[1],
    )
    tx.audit("calendar.changed", key=kept[0], detail={"year": year, "published": published})
