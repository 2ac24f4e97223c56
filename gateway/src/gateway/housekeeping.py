"""Deletes what is over."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import sqlalchemy as sa

from gateway.cas.tables import service_ticket
from gateway.clients.tables import client_assertion
from gateway.codes.tables import one_time_code
from gateway.credentials.tables import passkey_challenge, pending_sign_in
from gateway.devices.tables import device_request
from gateway.edge.tables import rate_use
from gateway.federation.tables import federated_arrival, federated_request, upstream_logout
from gateway.late_requests.tables import late_request
from gateway.messages.tables import message
from gateway.oidc.domain import REQUEST_LIFETIME
from gateway.oidc.tables import access_grant, authorization_code, authorization_request, pushed_request
from gateway.phones.tables import phone_change
from gateway.recovery.tables import recovery
from gateway.scans.tables import scan
from gateway.signin.tables import known_device, session, sign_in_throttle
from gateway.tokens.domain import REMEMBERED
from gateway.tokens.tables import dpop_proof, revocation, signing_key
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.sql import Statement, compiled

TIDY_SECONDS: Final = 300
_DAY: Final = timedelta(days=1)
_BEFORE = sa.bindparam("before", type_=sa.DateTime(timezone=True))


def _older(table: sa.Table, column: str, kept: timedelta, *also: sa.ColumnElement[bool]) -> tuple[Statement, timedelta]:
    return compiled(sa.delete(table).where(table.c[column] < _BEFORE, *also)), kept


_follower = late_request.alias()
_LATE_REQUESTS_FOLLOWED = compiled(
    sa.delete(late_request).where(
        late_request.c.taken_at < _BEFORE,
        sa.exists().where(_follower.c.jkt == late_request.c.jkt, _follower.c.sequence > late_request.c.sequence),
    )
)
"""The last one of each key stays: the next one has to follow it."""
_TIDY: Final = (
    _older(authorization_request, "expires_at", timedelta(0)),
    _older(pushed_request, "expires_at", REQUEST_LIFETIME),
    _older(device_request, "expires_at", _DAY),
    _older(scan, "expires_at", _DAY),
    _older(authorization_code, "expires_at", _DAY),
    _older(revocation, "expires_at", timedelta(0)),
    _older(federated_request, "expires_at", _DAY),
    _older(federated_arrival, "expires_at", timedelta(0)),
    _older(upstream_logout, "expires_at", timedelta(0)),
    _older(service_ticket, "expires_at", timedelta(0), service_ticket.c.shown.is_(None)),
    _older(client_assertion, "expires_at", _DAY),
    _older(signing_key, "forgotten_at", REMEMBERED),
    _older(dpop_proof, "expires_at", timedelta(0)),
    _older(rate_use, "refilled_at", timedelta(0)),
    _older(sign_in_throttle, "last_failed_at", _DAY),
    _older(one_time_code, "expires_at", timedelta(hours=1)),
    _older(passkey_challenge, "expires_at", timedelta(0)),
    _older(phone_change, "asked_at", 90 * _DAY, phone_change.c.ended_at.is_not(None)),
    _older(recovery, "expires_at", 90 * _DAY),
    _older(pending_sign_in, "expires_at", timedelta(0)),
    _older(message, "asked_at", _DAY),
    (_LATE_REQUESTS_FOLLOWED, 90 * _DAY),
    _older(access_grant, "expires_at", 90 * _DAY),
    _older(session, "expires_at", 180 * _DAY),
    _older(known_device, "seen_at", 400 * _DAY),
)
"""What is over, and how long it is kept for those who look why; sessions outlive their grants."""

log = logger(__name__)


async def tidy(context: Context) -> None:
    """Delete what is over, every few minutes; goes on when the database was away."""
    while not context.stopping.is_set():
        try:
            await delete_what_is_over(context.pool, context.clock())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("what is over could not be deleted", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), TIDY_SECONDS)


async def delete_what_is_over(pool: asyncpg.Pool, now: datetime) -> None:
    """Delete what was over long enough at `now`."""
    for statement, kept in _TIDY:
        await statement.execute(pool, before=now - kept)
