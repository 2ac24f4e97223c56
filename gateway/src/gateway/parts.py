"""Opens the running parts of the gateway, and does its housekeeping."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from gateway import tables
from gateway.oidc.id_tokens import IdTokens
from gateway.provider import Provider
from gateway.settings import GatewaySettings
from gateway.signin.cookies import Cookies
from gateway.signin.passwords import Passwords
from gateway.signin.principals import SessionPrincipals
from gateway.tokens.access import AccessTokens
from gateway.tokens.identities import Identities
from gateway.tokens.keystore import load_ring
from gateway.tokens.revoked import Revoked
from onestop_runtime.assertion import load_signing_key
from onestop_runtime.caller import system
from onestop_runtime.context import Context
from onestop_runtime.fields import FieldCipher, FileKeys
from onestop_runtime.sql import compiled
from onestop_runtime.transaction import transaction

TIDY_SECONDS: Final = 300
_KEPT: Final = timedelta(days=1)
"""How long what is over is kept, for those who look why."""
_GRANTS_KEPT: Final = timedelta(days=90)

_BEFORE = sa.bindparam("before", type_=sa.DateTime(timezone=True))
_TIDY = tuple(
    compiled(sa.delete(table).where(column < _BEFORE))
    for table, column in (
        (tables.authorization_request, tables.authorization_request.c.expires_at),
        (tables.authorization_code, tables.authorization_code.c.expires_at),
        (tables.revocation, tables.revocation.c.expires_at),
        (tables.client_assertion, tables.client_assertion.c.expires_at),
        (tables.sign_in_throttle, tables.sign_in_throttle.c.last_failed_at),
    )
)
_TIDY_GRANTS = compiled(sa.delete(tables.access_grant).where(tables.access_grant.c.expires_at < _BEFORE))


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
            ),
            revoked=revoked,
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
    """Delete what is over, every few minutes."""
    while not context.stopping.is_set():
        now = context.clock()
        for statement in _TIDY:
            await statement.execute(context.pool, before=now - _KEPT)
        await _TIDY_GRANTS.execute(context.pool, before=now - _GRANTS_KEPT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.stopping.wait(), TIDY_SECONDS)
