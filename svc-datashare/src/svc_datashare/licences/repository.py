"""Reads and writes the licence register."""

from uuid import UUID

import sqlalchemy as sa

from onestop_legal.licence_identifier import LicenceIdentifier
from onestop_runtime.sql import Connection, Record, compiled
from svc_datashare.licences.domain import Ending, Holder, Licence
from svc_datashare.resources.domain.resource import Agency
from svc_datashare.tables import licence

_BY_IDENTIFIER = compiled(sa.select(licence).where(licence.c.identifier == sa.bindparam("text")))
_LOCK = compiled(sa.select(licence).where(licence.c.id == sa.bindparam("licence_id")).with_for_update())
_ADD = compiled(sa.insert(licence))
_SAVE = compiled(
    sa.update(licence)
    .where(licence.c.id == sa.bindparam("licence_id"))
    .values({name: sa.bindparam(name) for name in ("ending", "ended_on", "ending_basis", "version")})
)


async def by_identifier(connection: Connection, identifier: LicenceIdentifier) -> Licence | None:
    """Return a licence."""
    row = await _BY_IDENTIFIER.fetchrow(connection, text=str(identifier))
    return entity(row) if row else None


async def locked(connection: Connection, licence_id: UUID) -> Licence | None:
    """Return a licence that nobody else changes until the transaction ends."""
    row = await _LOCK.fetchrow(connection, licence_id=licence_id)
    return entity(row) if row else None


async def add(connection: Connection, new: Licence) -> None:
    """Store a licence."""
    await _ADD.execute(
        connection,
        id=new.id,
        identifier=str(new.identifier),
        number=new.number,
        name=new.name,
        holder_id=new.holder.id,
        holder_kind=new.holder.kind,
        holder_credit_code=new.holder.credit_code,
        holder_name=new.holder.name,
        issuer=new.issuer.code,
        issuer_name=new.issuer.name,
        region=new.region,
        item_code=new.item_code,
        decision_id=new.decision_id,
        case_id=new.case_id,
        issued_on=new.issued_on,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        content=new.content,
        registered_at=new.registered_at,
        ending=None,
        ended_on=None,
        ending_basis=None,
        version=new.version,
    )


async def save(connection: Connection, changed: Licence) -> None:
    """Store how a licence ended."""
    await _SAVE.execute(
        connection,
        licence_id=changed.id,
        ending=changed.ending.value if changed.ending else None,
        ended_on=changed.ended_on,
        ending_basis=changed.ending_basis,
        version=changed.version,
    )


def entity(row: Record) -> Licence:
    """Return the licence of a row."""
    return Licence(
        id=row["id"],
        identifier=LicenceIdentifier.parse(row["identifier"]),
        number=row["number"],
        name=row["name"],
        holder=Holder(row["holder_id"], row["holder_kind"], row["holder_credit_code"], row["holder_name"]),
        issuer=Agency(row["issuer"], row["issuer_name"]),
        region=row["region"],
        item_code=row["item_code"],
        decision_id=row["decision_id"],
        case_id=row["case_id"],
        issued_on=row["issued_on"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        content=row["content"],
        registered_at=row["registered_at"],
        ending=Ending(row["ending"]) if row["ending"] else None,
        ended_on=row["ended_on"],
        ending_basis=row["ending_basis"],
        version=row["version"],
    )
