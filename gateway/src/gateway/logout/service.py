"""Use cases of back-channel logout (OpenID Connect Back-Channel Logout 1.0), and of the single logout of CAS.

What is to be told is kept in the transaction that ends the session, and told afterwards: at least once, also when the
process that was telling it is killed.
"""

import asyncio
import contextlib
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from prometheus_client import Counter

from gateway.cas.single_logout import logout_request
from gateway.logout import repository
from gateway.logout.domain import GIVEN_UP_AFTER, Notice
from gateway.oidc.id_tokens import IdTokens
from gateway.outbound import CallFailed, Outbound
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction, transaction

LOOK_SECONDS: Final = 1.0
_AT_ONCE: Final = 20
_HELD_FOR: Final = timedelta(seconds=30)
"""How long a notice stays with the process that took it; longer than an attempt may last."""
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_TAKEN: Final = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})

NOTICES = Counter("onestop_logout_notices_total", "Attempts to tell a client that a session has ended", ["outcome"])
log = logger(__name__)


async def tell_clients(tx: Transaction, session_id: UUID, subject: UUID) -> None:
    """Have every client of a session told, once the transaction is committed, that it has ended."""
    await repository.add_notices(tx.connection, session_id, subject, tx.now, tx.now + GIVEN_UP_AFTER)


async def tell_due(context: Context, id_tokens: IdTokens, outbound: Outbound) -> int:
    """Tell clients what it is time to tell; return how many were tried."""
    now = context.clock()
    async with transaction(context.pool, system("gateway"), now) as tx:
        due = await repository.take_due(tx.connection, now, now + _HELD_FOR, _AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for notice in due:
            group.create_task(_tell(context, id_tokens, outbound, notice))
    return len(due)


async def keep_telling(context: Context, id_tokens: IdTokens, outbound: Outbound) -> None:
    """Tell clients until the process stops; goes on when the database was away."""
    while not context.stopping.is_set():
        tried = 0
        try:
            tried = await tell_due(context, id_tokens, outbound)
        except* (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as errors:
            log.warning("logout notices could not be read", error=type(errors.exceptions[0]).__name__)
        if tried < _AT_ONCE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(context.stopping.wait(), LOOK_SECONDS)


async def _tell(context: Context, id_tokens: IdTokens, outbound: Outbound, notice: Notice) -> None:
    if notice.uri is None:
        await repository.delete(context.pool, notice)
        return
    content = urlencode(_form(context, id_tokens, notice)).encode()
    try:
        answer = await outbound.call("POST", notice.uri, headers=_FORM, content=content)
        failure = None if _is_taken(notice, answer.status) else f"status {answer.status}"
    except CallFailed as error:
        failure = str(error)
    if failure is None:
        NOTICES.labels("taken").inc()
        await repository.delete(context.pool, notice)
        return
    until = context.clock() + notice.pause()
    if until < notice.expires_at:
        NOTICES.labels("failed").inc()
        await repository.wait(context.pool, notice, until)
        return
    NOTICES.labels("given-up").inc()
    log.error("a client was not told that a session has ended", client=notice.client_id, reason=failure)
    await repository.delete(context.pool, notice)


def _form(context: Context, id_tokens: IdTokens, notice: Notice) -> dict[str, str]:
    """Return what a client, or an older site, is posted."""
    if notice.ticket is not None:
        return {"logoutRequest": logout_request(notice.id, notice.ticket, context.clock())}
    token = id_tokens.logout_token(notice.client_id, notice.subject, notice.session_id, notice.algorithm)
    return {"logout_token": token}


def _is_taken(notice: Notice, status: int) -> bool:
    """Tell whether a client has heard; an older site has when it is there: many do not know what they are told."""
    if notice.ticket is not None:
        return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
    return status in _TAKEN
