"""Reads what the audit trail says about a person."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.audit_verbs import ROUTINE, Verb
from gateway.clients.tables import client
from gateway.legal_persons.tables import legal_person
from gateway.mandates.tables import mandate
from gateway.oidc.tables import access_grant
from gateway.records.domain import Record
from gateway.staff.tables import staff_member
from onestop_runtime.sql import Connection, compiled
from onestop_runtime.tables import audit

_ME = sa.bindparam("person", type_=sa.Uuid)
_LIMIT = sa.bindparam("page_limit", type_=sa.Integer)
_SHOWN = (
    audit.c.id < sa.bindparam("before", type_=sa.BigInteger),
    audit.c.verb != sa.all_(sa.literal(sorted(ROUTINE), pg.ARRAY(sa.Text))),
)
_ABOUT_ME = sa.union_all(
    sa.select(_ME.label("id")),
    sa.select(mandate.c.id).where(mandate.c.agent_id == _ME),
    sa.select(mandate.c.id).where(mandate.c.principal_id == _ME),
    sa.select(mandate.c.id)
    .join(legal_person, legal_person.c.id == mandate.c.legal_person_id)
    .where(legal_person.c.representative_id == _ME),
    sa.select(legal_person.c.id).where(legal_person.c.representative_id == _ME),
    sa.select(staff_member.c.id).where(staff_member.c.person_id == _ME),
).cte("about_me")


def _newest(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    return sa.select(audit.c.id).where(*conditions, *_SHOWN).order_by(audit.c.id.desc()).limit(_LIMIT)


# What he did; what was done to him, his mandates and appointments; what was taken back from programs he had let in.
_IDS = sa.union(
    sa.select(_newest(audit.c.actor == _ME).subquery()),
    sa.select(_newest(audit.c.key.in_(sa.select(_ABOUT_ME.c.id))).subquery()),
    sa.select(
        sa.select(audit.c.id)
        .join(access_grant, access_grant.c.id == audit.c.key)
        .where(access_grant.c.person_id == _ME, audit.c.verb == Verb.GRANT_REVOKED.value, *_SHOWN)
        .order_by(audit.c.id.desc())
        .limit(_LIMIT)
        .subquery()
    ),
).subquery("found")
_CLIENT_ID = sa.func.coalesce(audit.c.detail["client"].astext, sa.func.nullif(audit.c.client, ""))
_OF_PERSON = compiled(
    sa.select(
        *(audit.c[name] for name in ("id", "at", "verb", "key", "detail", "actor", "actor_kind", "acting_for")),
        audit.c.agency,
        _CLIENT_ID.label("client_id"),
        client.c.name.label("client_name"),
        audit.c.channel,
    )
    .join(_IDS, _IDS.c.id == audit.c.id)
    .outerjoin(client, client.c.client_id == _CLIENT_ID)
    .order_by(audit.c.id.desc())
    .limit(_LIMIT)
)


async def records_before(connection: Connection, person_id: UUID, before: int, limit: int) -> list[Record]:
    """Return what the trail says about a person, the newest first, older than the record `before`."""
    rows = await _OF_PERSON.fetch(connection, person=person_id, before=before, page_limit=limit)
    return [Record(**row) for row in rows]
