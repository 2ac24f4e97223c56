"""Reads and writes what clients still have to be told."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.cas.tables import service_ticket
from gateway.clients.tables import client
from gateway.logout.domain import Notice
from gateway.logout.tables import logout_notice
from gateway.oidc.tables import access_grant
from onestop_runtime.ids import uuid7
from onestop_runtime.sql import Connection, compiled

_CLIENTS = compiled(
    sa.select(client.c.client_id)
    .where(
        client.c.backchannel_logout_uri.is_not(None),
        client.c.client_id.in_(
            sa.select(access_grant.c.client_id).where(access_grant.c.session_id == sa.bindparam("session"))
        ),
    )
    .order_by(client.c.client_id)
)
_SITES = compiled(
    sa.select(service_ticket.c.client_id, service_ticket.c.service, service_ticket.c.shown.label("ticket")).where(
        service_ticket.c.session_id == sa.bindparam("session"), service_ticket.c.shown.is_not(None)
    )
)
_ADD = compiled(pg.insert(logout_notice).on_conflict_do_nothing())
_DUE = (
    sa.select(logout_notice.c.id)
    .where(logout_notice.c.next_attempt_at <= sa.bindparam("now"))
    .order_by(logout_notice.c.next_attempt_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_TAKE = compiled(
    sa.update(logout_notice)
    .where(logout_notice.c.id.in_(_DUE), client.c.client_id == logout_notice.c.client_id)
    .values(attempts=logout_notice.c.attempts + 1, next_attempt_at=sa.bindparam("until"))
    .returning(
        logout_notice.c.id,
        logout_notice.c.client_id,
        logout_notice.c.subject,
        logout_notice.c.session_id,
        logout_notice.c.ticket,
        logout_notice.c.attempts,
        logout_notice.c.expires_at,
        client.c.id_token_algorithm.label("algorithm"),
        sa.case(
            (client.c.state == "active", sa.func.coalesce(logout_notice.c.service, client.c.backchannel_logout_uri))
        ).label("uri"),
    )
)
_WAIT = compiled(
    sa.update(logout_notice)
    .where(logout_notice.c.id == sa.bindparam("notice_id"))
    .values(next_attempt_at=sa.bindparam("until"))
)
_DELETE = compiled(sa.delete(logout_notice).where(logout_notice.c.id == sa.bindparam("notice_id")))


async def add_notices(
    connection: Connection, session_id: UUID, subject: UUID, now: datetime, expires_at: datetime
) -> None:
    """Have every client that got something in the session, and wants to know, told that it has ended.

    An older site that took over the sign-in is told at the address that it was handed over to.
    """
    clients = [{**row, "service": None, "ticket": None} for row in await _CLIENTS.fetch(connection, session=session_id)]
    sites = [dict(row) for row in await _SITES.fetch(connection, session=session_id)]
    rows = [
        {
            **told,
            "id": uuid7(),
            "subject": subject,
            "session_id": session_id,
            "attempts": 0,
            "next_attempt_at": now,
            "expires_at": expires_at,
        }
        for told in (*clients, *sites)
    ]
    if rows:
        await _ADD.executemany(connection, rows)


async def take_due(connection: Connection, now: datetime, until: datetime, most: int) -> list[Notice]:
    """Return notices whose turn it is; nobody else takes them before `until`."""
    return [Notice(**row) for row in await _TAKE.fetch(connection, now=now, until=until, most=most)]


async def wait(connection: Connection, failed: Notice, until: datetime) -> None:
    """Try a notice that did not arrive again at `until`."""
    await _WAIT.execute(connection, notice_id=failed.id, until=until)


async def delete(connection: Connection, notice: Notice) -> None:
    """Give a notice no more."""
    await _DELETE.execute(connection, notice_id=notice.id)
