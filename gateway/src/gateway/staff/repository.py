"""Reads and writes appointments."""

from uuid import UUID

import sqlalchemy as sa

from gateway.staff.domain import StaffMember
from gateway.staff.tables import staff_member
from onestop_runtime.sql import Connection, Record, compiled

_OF_PERSON = compiled(
    sa.select(staff_member).where(staff_member.c.person_id == sa.bindparam("person_id")).order_by(staff_member.c.id)
)
_ADD = compiled(sa.insert(staff_member))


async def appointments_of(connection: Connection, person_id: UUID) -> tuple[StaffMember, ...]:
    """Return the appointments of a person."""
    return tuple(map(_staff_member, await _OF_PERSON.fetch(connection, person_id=person_id)))


async def add(connection: Connection, new: StaffMember) -> None:
    """Keep a new appointment."""
    await _ADD.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        agency=new.agency,
        agency_name=new.agency_name,
        region=new.region,
        hall=new.hall,
        roles=sorted(new.roles),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        version=1,
    )


def _staff_member(row: Record) -> StaffMember:
    return StaffMember(
        id=row["id"],
        person_id=row["person_id"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        region=row["region"],
        hall=row["hall"],
        roles=frozenset(row["roles"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
