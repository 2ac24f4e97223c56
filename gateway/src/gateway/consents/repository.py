"""Reads what people let applications have, and takes it back."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.clients.tables import client, consent
from gateway.consents.domain import Access
from gateway.oidc.tables import access_grant, refresh_token
from onestop_runtime.sql import Connection, Record, compiled

_PERSON = sa.bindparam("person", type_=sa.Uuid)
_NOW = sa.bindparam("now", type_=sa.DateTime(timezone=True))
_LIVES = (access_grant.c.person_id == _PERSON, access_grant.c.revoked_at.is_(None), access_grant.c.expires_at > _NOW)
_scope = sa.func.unnest(access_grant.c.scopes).column_valued("scope")
_living = (
    sa.select(
        access_grant.c.client_id,
        sa.func.array_agg(sa.distinct(_scope)).label("scopes"),
        sa.func.min(access_grant.c.given_at).label("since"),
    )
    .select_from(access_grant)
    .where(*_LIVES)
    .group_by(access_grant.c.client_id)
    .subquery("living")
)
_used = (
    sa.select(
        access_grant.c.client_id,
        sa.func.max(sa.func.greatest(access_grant.c.given_at, refresh_token.c.issued_at)).label("used_at"),
    )
    .outerjoin(refresh_token, refresh_token.c.grant_id == access_grant.c.id)
    .where(access_grant.c.person_id == _PERSON)
    .group_by(access_grant.c.client_id)
    .subquery("used")
)
_OF_PERSON = compiled(
    sa.select(
        client.c.client_id,
        client.c.name,
        client.c.first_party,
        consent.c.scopes.label("consented"),
        consent.c.given_at,
        _living.c.scopes.label("granted"),
        _living.c.since,
        _used.c.used_at,
    )
    .outerjoin(
        consent,
        sa.and_(
            consent.c.client_id == client.c.client_id,
            consent.c.person_id == _PERSON,
            consent.c.withdrawn_at.is_(None),
        ),
    )
    .outerjoin(_living, _living.c.client_id == client.c.client_id)
    .outerjoin(_used, _used.c.client_id == client.c.client_id)
    .where(sa.or_(consent.c.client_id.is_not(None), _living.c.client_id.is_not(None)))
    .order_by(client.c.name, client.c.client_id)
)
_WITHDRAW = compiled(
    sa.update(consent)
    .where(
        consent.c.person_id == sa.bindparam("person"),
        consent.c.client_id == sa.bindparam("client"),
        consent.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=sa.bindparam("now"), version=consent.c.version + 1)
    .returning(sa.true())
)


async def access_of(connection: Connection, person_id: UUID, now: datetime) -> list[Access]:
    """Return which applications may have something of a person, by name."""
    return [_access(row) for row in await _OF_PERSON.fetch(connection, person=person_id, now=now)]


async def withdraw_consent(connection: Connection, person_id: UUID, client_id: str, now: datetime) -> bool:
    """End a consent; False when there is none."""
    return await _WITHDRAW.fetchval(connection, person=person_id, client=client_id, now=now) is True


def _access(row: Record) -> Access:
    return Access(
        client_id=row["client_id"],
        client_name=row["name"],
        first_party=row["first_party"],
        scopes=frozenset(row["consented"] or ()) | frozenset(row["granted"] or ()),
        since=row["given_at"] or row["since"],
        used_at=row["used_at"],
        signed_in=row["granted"] is not None,
    )
