"""Acceptance authorities."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.sql import Connection, Record, compiled
from svc_intake.domain.authority import AcceptanceAuthority
from svc_intake.tables import acceptance_authority

_VALUES: dict[str, sa.BindParameter[object]] = {
    column.name: sa.bindparam(column.name) for column in acceptance_authority.columns
}
_ADD = compiled(sa.insert(acceptance_authority).values(_VALUES))
_ADD_ONCE = compiled(pg.insert(acceptance_authority).values(_VALUES).on_conflict_do_nothing())
_OF_AGENCY = compiled(
    sa.select(acceptance_authority)
    .where(
        acceptance_authority.c.agency_code == sa.bindparam("agency_code", type_=sa.Text),
        acceptance_authority.c.hall == sa.bindparam("hall", type_=sa.Text),
    )
    .order_by(acceptance_authority.c.valid_from.desc(), acceptance_authority.c.id)
)
_LOCK = compiled(
    sa.select(acceptance_authority)
    .where(acceptance_authority.c.id == sa.bindparam("authority_id", type_=sa.Uuid))
    .with_for_update()
)
_END = compiled(
    sa.update(acceptance_authority)
    .where(acceptance_authority.c.id == sa.bindparam("authority_id", type_=sa.Uuid))
    .values(valid_to=sa.bindparam("last_day", type_=sa.Date), version=sa.bindparam("new_version", type_=sa.BigInteger))
)
_PAGE = compiled(
    sa.select(acceptance_authority)
    .where(
        sa.or_(
            sa.bindparam("agency_code", type_=sa.Text).is_(None),
            acceptance_authority.c.agency_code == sa.bindparam("agency_code", type_=sa.Text),
        ),
        sa.or_(
            sa.bindparam("hall", type_=sa.Text).is_(None),
            acceptance_authority.c.hall == sa.bindparam("hall", type_=sa.Text),
        ),
        sa.or_(
            sa.bindparam("after", type_=sa.Uuid).is_(None),
            acceptance_authority.c.id > sa.bindparam("after", type_=sa.Uuid),
        ),
    )
    .order_by(acceptance_authority.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


def _of(row: Record) -> AcceptanceAuthority:
    return AcceptanceAuthority(
        id=row["id"],
        agency_code=row["agency_code"],
        agency_name=row["agency_name"],
        hall=row["hall"],
        items=None if row["items"] is None else tuple(row["items"]),
        document_number=row["document_number"],
        seal=row["seal"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        version=row["version"],
    )


def _values(authority: AcceptanceAuthority) -> dict[str, object]:
    items = None if authority.items is None else list(authority.items)
    return {name: getattr(authority, name) for name in _VALUES} | {"items": items}


async def add(connection: Connection, authority: AcceptanceAuthority) -> None:
    """Keep a new authority; a number that is taken violates `acceptance_authority_number_once`."""
    await _ADD.execute(connection, **_values(authority))


async def add_once(connection: Connection, authority: AcceptanceAuthority) -> bool:
    """Keep an authority unless its document is known; return whether it is new."""
    return await _ADD_ONCE.execute(connection, **_values(authority)) == 1


async def of_agency(connection: Connection, agency_code: str, hall: str) -> list[AcceptanceAuthority]:
    """Return what an agency let a hall do, newest first."""
    rows = await _OF_AGENCY.fetch(connection, agency_code=agency_code, hall=hall)
    return [_of(row) for row in rows]


async def lock(connection: Connection, authority_id: UUID) -> AcceptanceAuthority | None:
    """Return an authority, locked; or None."""
    row = await _LOCK.fetchrow(connection, authority_id=authority_id)
    return _of(row) if row else None


async def end(connection: Connection, authority: AcceptanceAuthority) -> None:
    """Keep the new last day."""
    await _END.execute(
        connection, authority_id=authority.id, last_day=authority.valid_to, new_version=authority.version
    )


async def page(
    connection: Connection, *, agency_code: str | None, hall: str | None, after: UUID | None, limit: int
) -> list[AcceptanceAuthority]:
    """Return authorities in the order they were kept."""
    rows = await _PAGE.fetch(connection, agency_code=agency_code, hall=hall, after=after, limit=limit)
    return [_of(row) for row in rows]
