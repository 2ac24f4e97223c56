"""Reads and writes erasures, and destroys what is personal.

`DESTROYED` and `KEPT` name, between them, every table that knows a person; a test holds them to the tables.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from gateway.clients.tables import consent
from gateway.codes.tables import one_time_code
from gateway.credentials.tables import authenticator, passkey, pending_sign_in, recovery_code
from gateway.devices.tables import device_request
from gateway.erasures.domain import Erasure, Ground, State
from gateway.erasures.tables import erasure
from gateway.federation.tables import (
    federated_arrival,
    federated_identity,
    federated_request,
    federated_session,
)
from gateway.oidc.tables import access_grant
from gateway.people.tables import person
from gateway.phones.tables import phone_change
from gateway.recovery.tables import recovery
from gateway.scans.tables import scan
from gateway.signin.tables import known_device, session
from gateway.staff.tables import staff_member
from onestop_runtime.fields import FieldCipher
from onestop_runtime.sql import Connection, Record, compiled

KEPT: Final = {
    "erasure": "shows that and why somebody was erased",
    "late_request": "encrypted with the destroyed key, gone after 90 days; the chain of a terminal goes on",
    "legal_person": "nobody who represents a company is erased",
    "mandate": "shows in whose name was acted, by opaque ids (民法典 161 及以下); others' copies are withdrawn",
    "person": "the opaque id, for what the law keeps",
    "staff_member": "shows who was in office when, by opaque id (电子文件归档：国务院令第716号 12)",
}
"""What stays of a person, and why."""

_ME: Final[sa.BindParameter[UUID]] = sa.bindparam("person_id")
_SESSIONS = sa.select(session.c.id).where(session.c.person_id == _ME)
_IDENTITIES = sa.select(federated_identity.c.id).where(federated_identity.c.person_id == _ME)
DESTROYED: Final = (
    (authenticator, authenticator.c.person_id == _ME),
    (recovery_code, recovery_code.c.person_id == _ME),
    (passkey, passkey.c.person_id == _ME),
    (pending_sign_in, pending_sign_in.c.person_id == _ME),
    (one_time_code, one_time_code.c.person_id == _ME),
    (phone_change, phone_change.c.person_id == _ME),
    (recovery, recovery.c.person_id == _ME),
    (known_device, known_device.c.person_id == _ME),
    (consent, consent.c.person_id == _ME),
    (federated_request, federated_request.c.linking == _ME),
    (federated_arrival, sa.or_(federated_arrival.c.person_id == _ME, federated_arrival.c.identity_id.in_(_IDENTITIES))),
    (federated_session, federated_session.c.identity_id.in_(_IDENTITIES)),
    (federated_identity, federated_identity.c.person_id == _ME),
    (scan, sa.or_(scan.c.person_id == _ME, scan.c.session_id.in_(_SESSIONS))),
    (device_request, sa.or_(device_request.c.person_id == _ME, device_request.c.session_id.in_(_SESSIONS))),
    (access_grant, sa.or_(access_grant.c.person_id == _ME, access_grant.c.session_id.in_(_SESSIONS))),
    (session, session.c.person_id == _ME),
)
"""What goes, in an order in which nothing points at what is gone; what hangs on a session or a grant goes with it."""
_DESTROY: Final = tuple(compiled(sa.delete(table).where(condition)) for table, condition in DESTROYED)

_LOCK = compiled(sa.select(person.c.version).where(person.c.id == _ME, person.c.erased_at.is_(None)).with_for_update())
_EMPTY = compiled(
    sa.update(person)
    .where(person.c.id == _ME)
    .values(
        username=sa.bindparam("nobody", type_=sa.Text),
        password_hash=None,
        name=b"",
        masked_name="已注销",
        identity_number=None,
        identity_number_index=None,
        phone=None,
        phone_index=None,
        assurance=0,
        erased_at=sa.bindparam("now"),
        version=person.c.version + 1,
    )
    .returning(person.c.version)
)
_APPOINTMENTS = compiled(sa.select(staff_member.c.id, staff_member.c.version).where(staff_member.c.person_id == _ME))
_ADD = compiled(sa.insert(erasure))
_BY_ID = sa.select(erasure).where(erasure.c.id == sa.bindparam("erasure_id"))
_READ = compiled(_BY_ID)
_READ_LOCKED = compiled(_BY_ID.with_for_update())
_CLOSE = compiled(
    sa.update(erasure)
    .where(erasure.c.person_id == _ME, erasure.c.state == State.PROPOSED.value)
    .values(
        state=State.REFUSED.value,
        decided_by=_ME,
        decided_at=sa.bindparam("now"),
        refusal="本人已自行注销",
        version=erasure.c.version + 1,
    )
)
_WAITING = compiled(
    sa.select(erasure)
    .where(erasure.c.state == State.PROPOSED.value, erasure.c.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(erasure.c.id)
    .limit(sa.bindparam("page_limit", type_=sa.Integer))
)
_SAVE = compiled(
    sa.update(erasure)
    .where(erasure.c.id == sa.bindparam("erasure_id"))
    .values(
        state=sa.bindparam("new_state"),
        decided_by=sa.bindparam("by"),
        decided_at=sa.bindparam("at"),
        refusal=sa.bindparam("why"),
        version=sa.bindparam("new_version"),
    )
)


async def lock_person(connection: Connection, person_id: UUID) -> bool:
    """Lock a person until the transaction ends; False when there is none, or none any more."""
    return await _LOCK.fetchval(connection, person_id=person_id) is not None


async def destroy(connection: Connection, cipher: FieldCipher, person_id: UUID, now: datetime) -> int:
    """Destroy a person's data and the key it was encrypted with; return the new version of the person."""
    for statement in _DESTROY:
        await statement.execute(connection, person_id=person_id)
    version: int = await _EMPTY.fetchval(connection, person_id=person_id, nobody=f"erased-{person_id}", now=now)
    await cipher.destroy(connection, person_id)
    return version


async def appointments(connection: Connection, person_id: UUID) -> list[tuple[UUID, int]]:
    """Return the appointments that a person ever had, and their versions."""
    return [(row["id"], row["version"]) for row in await _APPOINTMENTS.fetch(connection, person_id=person_id)]


async def add(connection: Connection, new: Erasure) -> None:
    """Keep an erasure."""
    await _ADD.execute(
        connection,
        id=new.id,
        person_id=new.person_id,
        ground=new.ground,
        reason=new.reason,
        state=new.state,
        proposed_by=new.proposed_by,
        proposed_at=new.proposed_at,
        decided_by=new.decided_by,
        decided_at=new.decided_at,
        refusal=new.refusal,
        version=new.version,
    )


async def close_proposals(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Close what others have proposed of a person who goes by himself."""
    await _CLOSE.execute(connection, person_id=person_id, now=now)


async def by_id(connection: Connection, erasure_id: UUID, *, lock: bool = False) -> Erasure | None:
    """Return an erasure; locked until the transaction ends where it is to be decided."""
    row = await (_READ_LOCKED if lock else _READ).fetchrow(connection, erasure_id=erasure_id)
    return _erasure(row) if row else None


async def waiting(connection: Connection, after: UUID | None, limit: int) -> list[Erasure]:
    """Return the erasures that wait for a decision, the oldest first."""
    rows = await _WAITING.fetch(connection, after=after or UUID(int=0), page_limit=limit)
    return [_erasure(row) for row in rows]


async def save(connection: Connection, changed: Erasure) -> None:
    """Keep what was decided."""
    await _SAVE.execute(
        connection,
        erasure_id=changed.id,
        new_state=changed.state,
        by=changed.decided_by,
        at=changed.decided_at,
        why=changed.refusal,
        new_version=changed.version,
    )


def _erasure(row: Record) -> Erasure:
    values = dict(row) | {"ground": Ground(row["ground"]), "state": State(row["state"])}
    return Erasure(**values)
