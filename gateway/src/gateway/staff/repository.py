"""Reads and writes appointments."""

import functools
from uuid import UUID

import sqlalchemy as sa

from gateway.people.tables import person
from gateway.permissions import PERMISSIONS
from gateway.staff.domain import Post, StaffMember
from gateway.staff.tables import staff_member
from onestop_runtime.caller import Caller
from onestop_runtime.permissions import Condition
from onestop_runtime.sql import Connection, Record, Statement, compiled

_SELECT = sa.select(staff_member, person.c.masked_name).join(person, person.c.id == staff_member.c.person_id)
_BY_ID = compiled(_SELECT.where(staff_member.c.id == sa.bindparam("staff_id")))
_LOCK = compiled(_SELECT.where(staff_member.c.id == sa.bindparam("staff_id")).with_for_update(of=staff_member))
_OF_PERSON = compiled(
    _SELECT.where(
        staff_member.c.person_id == sa.bindparam("person_id"), staff_member.c.dismissed_at.is_(None)
    ).order_by(staff_member.c.id)
)
_ADD = compiled(sa.insert(staff_member))
_SAVE = compiled(
    sa.update(staff_member)
    .where(staff_member.c.id == sa.bindparam("staff_id"))
    .values(
        region=sa.bindparam("new_region"),
        hall=sa.bindparam("new_hall"),
        roles=sa.bindparam("new_roles"),
        valid_from=sa.bindparam("first"),
        valid_to=sa.bindparam("last"),
        dismissed_at=sa.bindparam("ended"),
        version=sa.bindparam("new_version"),
    )
)


async def appointments_of(connection: Connection, person_id: UUID) -> tuple[StaffMember, ...]:
    """Return the appointments from which a person was not dismissed."""
    return tuple(map(_staff_member, await _OF_PERSON.fetch(connection, person_id=person_id)))


async def by_id(connection: Connection, staff_id: UUID, *, lock: bool = False) -> StaffMember | None:
    """Return an appointment; locked until the transaction ends where it is to be changed."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, staff_id=staff_id)
    return _staff_member(row) if row else None


async def staff_after(
    connection: Connection, caller: Caller, after: UUID | None, limit: int, *, agency: str | None
) -> list[StaffMember]:
    """Return the appointments that the caller may see, the oldest first, past ones too."""
    conditions = PERMISSIONS.conditions(caller, "staff.read")
    statement = _after(conditions, after=after is not None, of_agency=agency is not None)
    values = {"after": after, "wanted": agency, "page_limit": limit} | PERMISSIONS.parameters(conditions, caller)
    return [_staff_member(row) for row in await statement.fetch(connection, **values)]


@functools.cache
def _after(conditions: tuple[Condition, ...], *, after: bool, of_agency: bool) -> Statement:
    statement = _SELECT.where(PERMISSIONS.clause(conditions, staff_member))
    if after:
        statement = statement.where(staff_member.c.id > sa.bindparam("after", type_=sa.Uuid))
    if of_agency:
        statement = statement.where(staff_member.c.agency == sa.bindparam("wanted"))
    return compiled(statement.order_by(staff_member.c.id).limit(sa.bindparam("page_limit", type_=sa.Integer)))


async def add(connection: Connection, new: StaffMember) -> None:
    """Keep a new appointment."""
    await _ADD.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        agency=new.agency,
        agency_name=new.agency_name,
        region=new.post.region,
        hall=new.post.hall,
        roles=sorted(new.roles),
        valid_from=new.post.valid_from,
        valid_to=new.post.valid_to,
        dismissed_at=None,
        version=new.version,
    )


async def save(connection: Connection, changed: StaffMember) -> None:
    """Keep what became of an appointment."""
    post = changed.post
    await _SAVE.execute(
        connection,
        staff_id=changed.id,
        new_region=post.region,
        new_hall=post.hall,
        new_roles=sorted(post.roles),
        first=post.valid_from,
        last=post.valid_to,
        ended=changed.dismissed_at,
        new_version=changed.version,
    )


def _staff_member(row: Record) -> StaffMember:
    return StaffMember(
        id=row["id"],
        person_id=row["person_id"],
        name=row["masked_name"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        post=Post(row["region"], row["hall"], frozenset(row["roles"]), row["valid_from"], row["valid_to"]),
        dismissed_at=row["dismissed_at"],
        version=row["version"],
    )
