"""Refreshes in the usual case: tokens of several requests are looked at in one statement and written in one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.metadata import INSTANT
from gateway.oidc.repository import Grant, grant_of
from gateway.oidc.tables import access_grant, refresh_token
from gateway.people.domain import Person
from gateway.people.repository import PERSON, person_of
from gateway.people.tables import person
from gateway.signin.tables import session
from onestop_runtime.sql import Connection, compiled


@dataclass(frozen=True, slots=True)
class Held:
    """A refresh token that was not used, with whom it was given by.

    Attributes:
        key: thumbprint of the key that it is bound to, if any.
        person: as he acts for himself.
    """

    grant: Grant
    key: str | None
    person: Person


@dataclass(frozen=True, slots=True)
class Rotation:
    """One token takes another's place; both as what is kept of them."""

    old: bytes
    new: bytes
    grant_id: UUID
    client_id: str
    key: str | None
    at: datetime


_COLUMNS: dict[str, Any] = {
    "old": sa.LargeBinary,
    "new": sa.LargeBinary,
    "grant_id": sa.Uuid,
    "client_id": sa.Text,
    "key": sa.Text,
    "at": INSTANT,
}
_hashes = sa.bindparam("hashes", type_=pg.ARRAY(sa.LargeBinary))
_LOCK = compiled(
    sa.select(
        refresh_token.c.token_hash,
        refresh_token.c.jkt,
        *access_grant.c,
        session.c.methods,
        session.c.idle_until,
        *(column.label(f"person_{column.name}") for column in PERSON),
    )
    .join(access_grant, access_grant.c.id == refresh_token.c.grant_id)
    .join(session, session.c.id == access_grant.c.session_id)
    .join(person, person.c.id == access_grant.c.person_id)
    .where(
        refresh_token.c.token_hash == sa.any_(_hashes), refresh_token.c.used_at.is_(None), session.c.ended_at.is_(None)
    )
    .order_by(refresh_token.c.token_hash)
    .with_for_update(of=refresh_token)
)
_given = (
    sa.func.unnest(*(sa.bindparam(f"{name}s", type_=pg.ARRAY(kind)) for name, kind in _COLUMNS.items()))
    .table_valued(*(sa.column(name, kind) for name, kind in _COLUMNS.items()), name="given")
    .render_derived()
)
_used = (
    sa.update(refresh_token)
    .where(refresh_token.c.token_hash == _given.c.old)
    .values(used_at=_given.c["at"])
    .cte("used")
)
_ROTATE = compiled(
    sa.insert(refresh_token)
    .from_select(
        ["token_hash", "grant_id", "client_id", "jkt", "issued_at", "replaces"],
        sa.select(_given.c.new, _given.c.grant_id, _given.c.client_id, _given.c.key, _given.c["at"], _given.c.old),
    )
    .add_cte(_used)
)


async def lock_held(connection: Connection, wanted: list[tuple[bytes, str]]) -> list[Held | None]:
    """Return the tokens that clients show, locked until the transaction ends.

    None for one that is unknown, another client's, used, or given in a session that has ended.

    Args:
        connection: in a transaction.
        wanted: hash of each token and who shows it; no token twice.
    """
    rows = await _LOCK.fetch(connection, hashes=[hashed for hashed, _ in wanted])
    found = {(row["token_hash"], row["client_id"]): row for row in rows}
    return [_held(found[key]) if key in found else None for key in wanted]


async def rotate(connection: Connection, rotations: list[Rotation]) -> None:
    """Use up tokens and keep those that take their places."""
    columns = {f"{name}s": [getattr(it, name) for it in rotations] for name in _COLUMNS}
    await _ROTATE.execute(connection, **columns)


def _held(row: Any) -> Held:
    owner = {column.name: row[f"person_{column.name}"] for column in PERSON}
    return Held(grant_of(row), row["jkt"], person_of(owner))
