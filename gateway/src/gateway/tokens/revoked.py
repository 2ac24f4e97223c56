"""What was taken back before its time, in the memory of every process of the gateway.

Access tokens are believed without asking the database. Those that were revoked are few and short-lived, so
each process keeps their identifiers (grants, or single tokens) and looks for new ones every second.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gateway.tokens.access import LIFETIME
from gateway.tokens.tables import revocation
from onestop_runtime.clock import Clock
from onestop_runtime.logs import logger
from onestop_runtime.sql import Connection, compiled

LOOK_SECONDS: Final = 1.0
_LEEWAY_FACTOR: Final = 2
"""Revocations outlive every token they concern, even when clocks differ a little."""

_LIVING = compiled(sa.select(revocation.c.identifier).where(revocation.c.expires_at > sa.bindparam("now")))
_ADD = compiled(pg.insert(revocation).on_conflict_do_nothing())
log = logger(__name__)


class Revoked:
    """The identifiers of grants and tokens that are no longer good."""

    def __init__(self) -> None:
        self._identifiers: set[str] = set()

    def __contains__(self, identifier: object) -> bool:
        """Tell whether the grant or token was revoked."""
        return identifier in self._identifiers

    def add(self, identifiers: Iterable[str]) -> None:
        """Refuse these from now on in this process; called after the commit that revoked them."""
        self._identifiers.update(identifiers)

    async def look(self, pool: asyncpg.Pool, clock: Clock) -> None:
        """Take over what any process revoked."""
        rows = await _LIVING.fetch(pool, now=clock())
        self._identifiers = {row["identifier"] for row in rows}

    async def keep_looking(self, pool: asyncpg.Pool, clock: Clock, stopping: asyncio.Event) -> None:
        """Look every second until `stopping`; keeps what it knows while the database is away."""
        while not stopping.is_set():
            try:
                await self.look(pool, clock)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("revocations could not be read", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)


async def revoke(connection: Connection, identifiers: Iterable[str], now: datetime) -> None:
    """Take back grants or tokens, for every process of the gateway."""
    expires_at = now + _LEEWAY_FACTOR * LIFETIME
    rows = [{"identifier": identifier, "expires_at": expires_at} for identifier in identifiers]
    if rows:
        await _ADD.executemany(connection, rows)
