"""Decisions and the licences that came with them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from onestop_legal.errors import NamedError
from onestop_runtime.sql import Connection, compiled
from svc_workflow import tables
from svc_workflow.domain.decision import Decision, Licence
from svc_workflow.domain.proceeding import Matter

_d, _l = tables.decision, tables.licence
_ADD = compiled(sa.insert(_d).values({column: sa.bindparam(column.name) for column in _d.c}))
_ADD_LICENCE = compiled(sa.insert(_l).values({column: sa.bindparam(column.name) for column in _l.c}))
_OF = compiled(sa.select(_d).where(_d.c.proceeding_id == sa.bindparam("proceeding_id")))
_LICENCE_OF = compiled(sa.select(_l).where(_l.c.decision_id == sa.bindparam("decision_id")))
_LICENCE = compiled(sa.select(_l).where(_l.c.id == sa.bindparam("licence_id")))


class DecisionExists(NamedError):
    """A proceeding has one decision."""

    slug = "decision-exists"
    title = "该办件已经作出决定"
    status = 409


class LicenceNotFound(NamedError):
    """There is no such licence, or it is not the caller's to see."""

    slug = "licence-not-found"
    title = "没有这份证照"
    status = 404
    pointer = "{licence_id}"


@dataclass(frozen=True, slots=True)
class IssuedLicence:
    """A licence with whom it belongs to."""

    licence: Licence
    agency_code: str
    holder_id: UUID
    holder_name: str
    case_id: UUID


async def add(connection: Connection, decision: Decision, matter: Matter) -> None:
    """Store a decision and its licence."""
    columns = {column.name: getattr(decision, column.name) for column in _d.c}
    await _ADD.execute(connection, **columns | {"obligations": list(decision.obligations)})
    if decision.licence:
        await _ADD_LICENCE.execute(
            connection,
            id=decision.licence.id,
            decision_id=decision.id,
            case_id=matter.case_id,
            agency_code=matter.agency_code,
            holder_id=UUID(matter.party_id),
            holder_name=matter.party_name,
            identifier=decision.licence.identifier,
            number=decision.licence.number,
            name=decision.licence.name,
            licence_type=decision.licence.licence_type,
            valid_from=decision.licence.valid_from,
            valid_to=decision.licence.valid_to,
            content=decision.licence.content,
            version=1,
        )


async def of_proceeding(connection: Connection, proceeding_id: UUID) -> Decision | None:
    """Return the decision on a proceeding with its licence, or None."""
    row = await _OF.fetchrow(connection, proceeding_id=proceeding_id)
    if row is None:
        return None
    licence = await _LICENCE_OF.fetchrow(connection, decision_id=row["id"])
    columns: dict[str, Any] = {column.name: row[column.name] for column in _d.c}
    return Decision(
        **columns | {"obligations": tuple(row["obligations"])}, licence=_licence_of(licence) if licence else None
    )


async def licence(connection: Connection, licence_id: UUID) -> IssuedLicence | None:
    """Return an issued licence, or None."""
    row = await _LICENCE.fetchrow(connection, licence_id=licence_id)
    if row is None:
        return None
    return IssuedLicence(_licence_of(row), row["agency_code"], row["holder_id"], row["holder_name"], row["case_id"])


def _licence_of(row: Any) -> Licence:
    valid_to: date | None = row["valid_to"]
    return Licence(
        row["id"], row["identifier"], row["number"], row["name"], row["licence_type"], row["valid_from"], valid_to,
        row["content"],
    )  # fmt: skip
