"""Reads and writes mandates."""

from uuid import UUID

import sqlalchemy as sa

from gateway.legal_persons.tables import legal_person
from gateway.mandates.domain import Agency, Basis, Confirmation, Mandate, Principal, Side, State, Terms
from gateway.mandates.tables import mandate
from gateway.people.tables import person
from onestop_runtime.sql import Connection, Record, compiled

_agent = person.alias("agent")
_natural = person.alias("natural")
_SELECT = (
    sa.select(
        mandate,
        legal_person.c.credit_code,
        sa.func.coalesce(legal_person.c.name, _natural.c.masked_name).label("principal_name"),
        legal_person.c.representative_id,
        _agent.c.masked_name.label("agent_name"),
    )
    .join(_agent, _agent.c.id == mandate.c.agent_id)
    .outerjoin(legal_person, legal_person.c.id == mandate.c.legal_person_id)
    .outerjoin(_natural, _natural.c.id == mandate.c.principal_id)
)
_MOST = 200
_LIVING = sa.or_(mandate.c.state == State.WAITING.value, mandate.c.state == State.GIVEN.value)
_IN_FORCE = compiled(
    _SELECT.where(mandate.c.agent_id == sa.bindparam("person_id"), mandate.c.state == State.GIVEN.value).order_by(
        mandate.c.given_at, sa.func.coalesce(legal_person.c.credit_code, sa.cast(mandate.c.principal_id, sa.Text))
    )
)
_HELD = compiled(
    _SELECT.where(mandate.c.agent_id == sa.bindparam("person_id")).order_by(mandate.c.id.desc()).limit(_MOST)
)
_GIVEN = compiled(
    _SELECT.where(
        sa.or_(
            mandate.c.principal_id == sa.bindparam("person_id"),
            mandate.c.legal_person_id.in_(
                sa.select(legal_person.c.id).where(legal_person.c.representative_id == sa.bindparam("person_id"))
            ),
        )
    )
    .order_by(mandate.c.id.desc())
    .limit(_MOST)
)
_OF_PRINCIPAL = compiled(
    _SELECT.where(mandate.c.principal_id == sa.bindparam("person_id"), _LIVING)
    .order_by(mandate.c.id.desc())
    .limit(_MOST)
)
_BY_ID = compiled(_SELECT.where(mandate.c.id == sa.bindparam("mandate_id")))
_LOCK = compiled(_SELECT.where(mandate.c.id == sa.bindparam("mandate_id")).with_for_update(of=mandate))
_LOCK_BETWEEN = compiled(
    _SELECT.where(
        mandate.c.agent_id == sa.bindparam("person_id"),
        sa.func.coalesce(mandate.c.legal_person_id, mandate.c.principal_id) == sa.bindparam("party_id", type_=sa.Uuid),
        _LIVING,
    ).with_for_update(of=mandate)
)
_ALL_OF = compiled(
    _SELECT.where(
        sa.or_(mandate.c.agent_id == sa.bindparam("person_id"), mandate.c.principal_id == sa.bindparam("person_id"))
    )
    .order_by(mandate.c.id)
    .with_for_update(of=mandate)
)
_ADD = compiled(sa.insert(mandate))
_SAVE = compiled(
    sa.update(mandate)
    .where(mandate.c.id == sa.bindparam("mandate_id"))
    .values(
        state=sa.bindparam("new_state"),
        awaits=None,
        given_at=sa.bindparam("since"),
        confirmation=sa.bindparam("how"),
        ended_at=sa.bindparam("until"),
        version=sa.bindparam("new_version"),
    )
)


async def in_force(connection: Connection, agent_id: UUID) -> tuple[Mandate, ...]:
    """Return the mandates under which somebody acts, or will, or did until their last day; in the order of giving."""
    return tuple(map(_mandate, await _IN_FORCE.fetch(connection, person_id=agent_id)))


async def held(connection: Connection, agent_id: UUID) -> list[Mandate]:
    """Return the mandates of an agent in every state, the newest first, at most 200."""
    return [_mandate(row) for row in await _HELD.fetch(connection, person_id=agent_id)]


async def given(connection: Connection, speaker_id: UUID) -> list[Mandate]:
    """Return the mandates that somebody gave for himself or for whom he represents, newest first, at most 200."""
    return [_mandate(row) for row in await _GIVEN.fetch(connection, person_id=speaker_id)]


async def living_of(connection: Connection, principal_id: UUID) -> list[Mandate]:
    """Return the mandates by which others act for a person, or wait for his word; the newest first, at most 200."""
    return [_mandate(row) for row in await _OF_PRINCIPAL.fetch(connection, person_id=principal_id)]


async def all_of(connection: Connection, person_id: UUID) -> list[Mandate]:
    """Return every mandate that a person ever held or gave for himself, locked."""
    return [_mandate(row) for row in await _ALL_OF.fetch(connection, person_id=person_id)]


async def by_id(connection: Connection, mandate_id: UUID, *, lock: bool = False) -> Mandate | None:
    """Return a mandate; locked until the transaction ends where it is to be changed."""
    row = await (_LOCK if lock else _BY_ID).fetchrow(connection, mandate_id=mandate_id)
    return _mandate(row) if row else None


async def living_between(connection: Connection, agent_id: UUID, principal_id: UUID) -> Mandate | None:
    """Return the mandate of these two that waits or is in force, locked; also one whose last day has passed."""
    row = await _LOCK_BETWEEN.fetchrow(connection, person_id=agent_id, party_id=principal_id)
    return _mandate(row) if row else None


async def add(connection: Connection, new: Mandate) -> None:
    """Keep a new mandate."""
    legal = new.principal.kind == "legal"
    await _ADD.execute(
        connection,
        id=new.id,
        legal_person_id=new.principal.id if legal else None,
        principal_id=None if legal else new.principal.id,
        agent_id=new.agent_id,
        basis=new.terms.basis,
        agency=new.agency.code if new.agency else None,
        agency_name=new.agency.name if new.agency else None,
        items=None if new.terms.items is None else list(new.terms.items),
        valid_from=new.terms.valid_from,
        valid_to=new.terms.valid_to,
        state=new.state,
        awaits=new.awaits,
        offered_at=new.offered_at,
        given_at=new.given_at,
        confirmation=new.confirmation,
        ended_at=new.ended_at,
        version=new.version,
    )


async def save(connection: Connection, changed: Mandate) -> None:
    """Keep what became of a mandate that does not wait any more."""
    await _SAVE.execute(
        connection,
        mandate_id=changed.id,
        new_state=changed.state,
        since=changed.given_at,
        how=changed.confirmation,
        until=changed.ended_at,
        new_version=changed.version,
    )


def _mandate(row: Record) -> Mandate:
    agency = Agency(row["agency"], row["agency_name"]) if row["agency"] else None
    items = None if row["items"] is None else tuple(row["items"])
    return Mandate(
        id=row["id"],
        principal=_principal(row),
        agent_id=row["agent_id"],
        agent_name=row["agent_name"],
        terms=Terms(Basis(row["basis"]), items, row["valid_from"], row["valid_to"]),
        agency=agency,
        state=State(row["state"]),
        awaits=Side(row["awaits"]) if row["awaits"] else None,
        offered_at=row["offered_at"],
        given_at=row["given_at"],
        confirmation=Confirmation(row["confirmation"]) if row["confirmation"] else None,
        ended_at=row["ended_at"],
        version=row["version"],
    )


def _principal(row: Record) -> Principal:
    if row["legal_person_id"] is None:
        who = row["principal_id"]
        speaker = None if row["basis"] == Basis.WARD else who
        return Principal(who, "natural", row["principal_name"], speaker_id=speaker)
    return Principal(
        row["legal_person_id"], "legal", row["principal_name"], row["credit_code"], row["representative_id"]
    )
