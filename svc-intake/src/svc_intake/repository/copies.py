"""Copies of what others own, written by consumers and read by the use cases."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_legal.working_days import Calendar
from onestop_runtime.sql import Connection, compiled
from svc_intake.domain.party import AgencyFacts, Mandate
from svc_intake.tables import agency, calendar_year, guide_version, item, mandate


def _put(table: sa.Table, key: str, *changing: str, **more: Any) -> Any:
    """Return an upsert of a whole row by `key` that changes the named columns."""
    insert = pg.insert(table).values({column.name: sa.bindparam(column.name) for column in table.columns})
    changes = {name: insert.excluded[name] for name in changing} | more
    return insert.on_conflict_do_update(index_elements=[key], set_=changes)


_PUT_ITEM = compiled(_put(item, "id", "code", "state", "reason"))
_ADD_GUIDE = compiled(
    pg.insert(guide_version)
    .values({column.name: sa.bindparam(column.name) for column in guide_version.columns})
    .on_conflict_do_nothing()
)
_GUIDE = compiled(
    sa.select(guide_version.c.guide).where(guide_version.c.id == sa.bindparam("version_id", type_=sa.Uuid))
)
_IN_FORCE = compiled(
    sa.select(
        guide_version.c.id,
        item.c.state,
        item.c.reason,
    )
    .select_from(guide_version.join(item, item.c.id == guide_version.c.item_id))
    .where(
        guide_version.c.code == sa.bindparam("code", type_=sa.Text),
        guide_version.c.valid_from <= sa.bindparam("today", type_=sa.Date),
        sa.or_(
            guide_version.c.valid_to.is_(None),
            guide_version.c.valid_to >= sa.bindparam("today", type_=sa.Date),
        ),
    )
    .order_by(guide_version.c.valid_from.desc(), guide_version.c.number.desc())
    .limit(sa.literal_column("1"))
)
_PUT_AGENCY = compiled(_put(agency, "code", "name", "short_name", "region", "review_authority", "court"))
_AGENCY = compiled(sa.select(agency).where(agency.c.code == sa.bindparam("code", type_=sa.Text)))
_NEXT_REVISION = calendar_year.c.revision + sa.literal_column("1")
_PUT_YEAR = compiled(
    _put(calendar_year, "year", "published", "holidays", "workdays", revision=_NEXT_REVISION),
)
_CALENDAR = compiled(sa.select(calendar_year))
_STAMP = compiled(
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(calendar_year.c.revision), sa.literal_column("0")), sa.BigInteger))
)
_DROP_MANDATE = compiled(sa.delete(mandate).where(mandate.c.id == sa.bindparam("mandate_id", type_=sa.Uuid)))
_PUT_MANDATE = compiled(_put(mandate, "id", "principal_id", "agent_id", "items", "valid_from", "valid_to"))
_MANDATE = compiled(sa.select(mandate).where(mandate.c.id == sa.bindparam("mandate_id", type_=sa.Uuid)))
_WITHDRAW_MANDATE = compiled(
    sa.update(mandate)
    .where(mandate.c.id == sa.bindparam("mandate_id", type_=sa.Uuid))
    .values(withdrawn_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)))
)


async def put_item(connection: Connection, item_id: UUID, code: str, state: str, reason: str | None) -> None:
    """Note whether an item may be applied for."""
    await _PUT_ITEM.execute(connection, id=item_id, code=code, state=state, reason=reason)


async def add_guide(connection: Connection, **row: Any) -> None:
    """Keep a published guide; the same one again changes nothing."""
    await _ADD_GUIDE.execute(connection, **row)


async def guide_document(connection: Connection, version_id: UUID) -> dict[str, Any]:
    """Return a published guide; raises `LookupError` when it never arrived."""
    document: dict[str, Any] | None = await _GUIDE.fetchval(connection, version_id=version_id)
    if document is None:
        raise LookupError(f"guide version {version_id}")
    return document


async def guide_in_force(connection: Connection, code: str, today: date) -> tuple[UUID, str, str | None] | None:
    """Return the version in force on a legal day, with the item's state and its reason; or None."""
    row = await _IN_FORCE.fetchrow(connection, code=code, today=today)
    return (row["id"], row["state"], row["reason"]) if row else None


async def put_agency(connection: Connection, **row: Any) -> None:
    """Keep what documents of an agency need to know."""
    await _PUT_AGENCY.execute(connection, **row)


async def agency_facts(connection: Connection, code: str) -> AgencyFacts | None:
    """Return an agency's facts, or None when they have not arrived."""
    row = await _AGENCY.fetchrow(connection, code=code)
    if row is None:
        return None
    return AgencyFacts(row["code"], row["name"], row["short_name"], row["review_authority"], row["court"])


async def put_year(
    connection: Connection, year: int, *, published: bool, holidays: list[date], workdays: list[date]
) -> None:
    """Keep a year of the calendar; its revision goes up."""
    await _PUT_YEAR.execute(
        connection, year=year, published=published, holidays=holidays, workdays=workdays, revision=1
    )


async def calendar(connection: Connection) -> Calendar:
    """Return the calendar as it stands."""
    return Calendar.of_rows(await _CALENDAR.fetch(connection))


async def calendar_stamp(connection: Connection) -> int:
    """Return a number that changes whenever the calendar does."""
    stamp: int = await _STAMP.fetchval(connection)
    return stamp


async def put_mandate(connection: Connection, **row: Any) -> None:
    """Keep a mandate."""
    await _PUT_MANDATE.execute(connection, withdrawn_at=None, **row)


async def mandate_of(connection: Connection, mandate_id: UUID) -> Mandate | None:
    """Return a mandate, or None when it is not known here."""
    row = await _MANDATE.fetchrow(connection, mandate_id=mandate_id)
    if row is None:
        return None
    items = None if row["items"] is None else frozenset(row["items"])
    return Mandate(items, row["valid_from"], row["valid_to"], withdrawn=row["withdrawn_at"] is not None)


async def drop_mandate(connection: Connection, mandate_id: UUID) -> None:
    """Keep a mandate no more."""
    await _DROP_MANDATE.execute(connection, mandate_id=mandate_id)


async def withdraw_mandate(connection: Connection, mandate_id: UUID, at: datetime) -> None:
    """Note that a mandate ended before its time."""
    await _WITHDRAW_MANDATE.execute(connection, mandate_id=mandate_id, at=at)
