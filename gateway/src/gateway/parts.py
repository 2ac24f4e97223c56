"""Opens the running parts of the gateway, and does its housekeeping."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import sqlalchemy as sa

from gateway import tables
from gateway.oidc.id_tokens import IdTokens
from gateway.provider import Provider
from gateway.settings import GatewaySettings
from gateway.signin.cookies import Cookies
from gateway.signin.passwords import Passwords
from gateway.signin.principals import SessionPrincipals
from gateway.tokens.access import AccessTokens
from gateway.tokens.dpop import Nonces, Proofs
from gateway.tokens.identities import Identities
from gateway.tokens.keystore import load_ring
from gateway.tokens.revoked import Revoked
from onestop_runtime.assertion import load_signing_key
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher, FileKeys
from onestop_runtime.logs import logger
from onestop_runtime.sql import Statement, compiled
from onestop_runtime.transaction import transaction

TIDY_SECONDS: Final = 300
_DAY: Final = timedelta(days=1)
_BEFORE = sa.bindparam("before", type_=sa.DateTime(timezone=True))


def _older(table: sa.Table, column: str, kept: timedelta) -> tuple[Statement, timedelta]:
    return compiled(sa.delete(table).where(table.c[column] < _BEFORE)), kept


_TIDY: Final = (
    _older(tables.authorization_request, "expires_at", timedelta(0)),
    _older(tables.pushed_request, "expires_at", timedelta(0)),
    _older(tables.authorization_code, "expires_at", _DAY),
    _older(tables.revocation, "expires_at", timedelta(0)),
    _older(tables.client_assertion, "expires_at", _DAY),
    _older(tables.dpop_proof, "expires_at", timedelta(0)),
    _older(tables.sign_in_throttle, "last_failed_at", _DAY),
    _older(tables.access_grant, "expires_at", 90 * _DAY),
    _older(tables.session, "expires_at", 180 * _DAY),
    _older(tables.known_device, "seen_at", 400 * _DAY),
)
"""What is over, and how long it is kept for those who look why; sessions outlive their grants."""

log = logger(__name__)


@asynccontextmanager
async def open_parts(context: Context) -> AsyncIterator[Provider]:
    """Open what sign-in and protocol work with.

    Raises:
        ValueError: when a key file is not named.
    """
    settings = context.settings
    if not isinstance(settings, GatewaySettings) or not settings.assertion_key or not settings.field_keys:
        raise ValueError("缺少设置：ONESTOP_GATEWAY_ASSERTION_KEY、ONESTOP_GATEWAY_FIELD_KEYS")
    issuer, clock = settings.public_url, context.clock
    cipher = FieldCipher(FileKeys(settings.field_keys))
    async with transaction(context.pool, system("gateway"), clock()) as tx:
        ring = await load_ring(tx, cipher)
    revoked, cookies = Revoked(), Cookies(issuer)
    await revoked.look(context.pool, clock)
    access_tokens = AccessTokens(ring, issuer, clock)
    proofs = Proofs(Nonces(ring, clock), issuer, clock)
    passwords = Passwords(settings.password_workers, settings.password_queue)
    try:
        yield Provider(
            context=context,
            issuer=issuer,
            ring=ring,
            access_tokens=access_tokens,
            id_tokens=IdTokens(ring, issuer, clock),
            identities=Identities(
                access_tokens,
                load_signing_key(settings.assertion_key),
                clock,
                revoked=revoked,
                sessions=SessionPrincipals(context, cookies),
                proofs=proofs,
            ),
            revoked=revoked,
            proofs=proofs,
            passwords=passwords,
            cookies=cookies,
            cipher=cipher,
        )
    finally:
        passwords.close()


async def watch_revocations(context: Context) -> None:
    """Keep what was revoked in memory."""
    provider: Provider = context.state
    await provider.revoked.keep_looking(context.pool, context.clock, context.stopping)


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
