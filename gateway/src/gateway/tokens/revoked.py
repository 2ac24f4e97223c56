"""What was taken back before its time, in the memory of every process of the gateway.

Access tokens are believed without asking the database. What was revoked is little and short-lived, so each process
keeps its names (a grant, a single token, a client that was suspended) and looks for new ones every second.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
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

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_ALWAYS: Final = float("inf")

_LIVING = compiled(
    sa.select(revocation.c.identifier, revocation.c.issued_before).where(revocation.c.expires_at > sa.bindparam("now"))
)
_ADD = compiled(pg.insert(revocation).on_conflict_do_nothing())
_BAR = compiled(
    pg.insert(revocation)
    .values(identifier=sa.bindparam("identifier"), expires_at=_NEVER, issued_before=None)
    .on_conflict_do_update(index_elements=["identifier"], set_={"expires_at": _NEVER, "issued_before": None})
)
_UNBAR = compiled(
    sa.update(revocation)
    .where(revocation.c.identifier == sa.bindparam("barred"))
    .values(expires_at=sa.bindparam("expires_at"), issued_before=sa.bindparam("issued_before"))
)
log = logger(__name__)


class Revoked:
    """The names of what is no longer good, each with the second before which whatever bears it was issued."""

    def __init__(self) -> None:
        self._before: dict[str, float] = {}

    def refuses(self, names: Iterable[str], issued_at: float) -> bool:
        """Tell whether a token that bears these names was revoked.

        Args:
            names: as `names_of` returns them.
            issued_at: second of the epoch at which it was issued.
        """
        if not self._before:
            return False
        for name in names:
            before = self._before.get(name)
            if before is not None and issued_at < before:
                return True
        return False

    def add(self, names: Iterable[str]) -> None:
        """Refuse these from now on in this process; every other one follows within a second of the commit."""
        self._before.update(dict.fromkeys(names, _ALWAYS))

    async def look(self, pool: asyncpg.Pool, clock: Clock) -> None:
        """Take over what any process revoked."""
        rows = await _LIVING.fetch(pool, now=clock())
        self._before = {row["identifier"]: _second(row["issued_before"]) for row in rows}

    async def keep_looking(self, pool: asyncpg.Pool, clock: Clock, stopping: asyncio.Event) -> None:
        """Look every second until `stopping`; keeps what it knows while the database is away."""
        while not stopping.is_set():
            try:
                await self.look(pool, clock)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("revocations could not be read", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)


async def revoke(connection: Connection, names: Iterable[str], now: datetime) -> None:
    """Take back grants or tokens, for every process of the gateway."""
    expires_at = now + _LEEWAY_FACTOR * LIFETIME
    rows = [{"identifier": name, "expires_at": expires_at, "issued_before": None} for name in names]
    if rows:
        await _ADD.executemany(connection, rows)


async def bar(connection: Connection, name: str) -> None:
    """Refuse every token that bears `name`, until further notice, in every process."""
    await _BAR.execute(connection, identifier=name)


async def unbar(connection: Connection, name: str, now: datetime) -> None:
    """Believe tokens that bear `name` again, but those alone that are issued from now on."""
    await _UNBAR.execute(connection, barred=name, expires_at=now + _LEEWAY_FACTOR * LIFETIME, issued_before=now)


def _second(issued_before: datetime | None) -> float:
    """Return the second before which tokens are refused: they name theirs without its fraction."""
    return _ALWAYS if issued_before is None else float(int(issued_before.timestamp()))
