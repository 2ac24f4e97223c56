"""Taking grants back: every token made from one is refused, by this process at once, by all within a second.

Each function returns the identifiers to refuse from now on; its caller adds them to `Revoked` after the commit.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.oidc.tables import access_grant
from gateway.tokens.revoked import revoke
from onestop_runtime.sql import Statement, compiled
from onestop_runtime.transaction import Transaction


def _taking_back(*conditions: sa.ColumnElement[bool]) -> Statement:
    return compiled(
        sa.update(access_grant)
        .where(*conditions, access_grant.c.revoked_at.is_(None))
        .values(revoked_at=sa.bindparam("now"))
        .returning(access_grant.c.id)
    )


_PERSON = access_grant.c.person_id == sa.bindparam("person")
_ONE = _taking_back(access_grant.c.id == sa.bindparam("grant_id"))
_OF_SESSION = _taking_back(access_grant.c.session_id == sa.bindparam("session"))
_OF_CAPACITY = _taking_back(
    _PERSON,
    access_grant.c.act == sa.any_(sa.bindparam("choices", type_=pg.ARRAY(sa.Text))),
    access_grant.c.expires_at > sa.bindparam("now"),
)
_OF_CLIENT = _taking_back(
    _PERSON, access_grant.c.client_id == sa.bindparam("client"), access_grant.c.expires_at > sa.bindparam("now")
)


async def take_back(tx: Transaction, grant_id: UUID, reason: str) -> tuple[str, ...]:
    """Take back a grant, for a reason that the audit trail keeps; nothing when it was before."""
    ended = await _end(tx, _ONE, grant_id=grant_id)
    if ended:
        tx.audit("grant.revoked", key=grant_id, detail={"reason": reason})
    return ended


async def take_back_session(tx: Transaction, session_id: UUID) -> tuple[str, ...]:
    """Take back everything that was granted in a session."""
    return await _end(tx, _OF_SESSION, session=session_id)


async def take_back_capacity(tx: Transaction, person_id: UUID, choices: Sequence[str]) -> tuple[str, ...]:
    """Take back everything that was granted to somebody acting as one of `choices`."""
    return await _end(tx, _OF_CAPACITY, person=person_id, choices=list(choices))


async def take_back_client(tx: Transaction, person_id: UUID, client_id: str) -> tuple[str, ...]:
    """Take back everything that a person granted to a client."""
    return await _end(tx, _OF_CLIENT, person=person_id, client=client_id)


async def _end(tx: Transaction, statement: Statement, **which: Any) -> tuple[str, ...]:
    rows = await statement.fetch(tx.connection, now=tx.now, **which)
    identifiers = tuple(str(row["id"]) for row in rows)
    await revoke(tx.connection, identifiers, tx.now)
    return identifiers
