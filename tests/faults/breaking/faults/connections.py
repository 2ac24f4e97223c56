"""Connections to the database that are not to be had."""

import asyncio
import random
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from breaking.stand import Stand


@dataclass(frozen=True, slots=True)
class PoolHeldUp:
    """Every connection of a service's pool waits for a lock that somebody holds."""

    service: str = "intake"
    table: str = "case_file"
    seconds: float = 6.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"connection pool of svc-{self.service} exhausted"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Hold the table that everybody wants."""
        del chance
        connection = await asyncpg.connect(stand.records().dsns[self.service])
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE")
                await asyncio.sleep(self.seconds)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class ConnectionsTakenAway:
    """The database ends a service's sessions and lets no new ones in."""

    service: str = "workflow"
    seconds: float = 5.0

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"no connection to be had for svc-{self.service}"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Take the role's connections away and give them back."""
        del chance
        role = urlsplit(stand.records().dsns[self.service]).username
        connection = await asyncpg.connect(stand.postgres.dsn)
        try:
            await connection.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0')
            await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
            await asyncio.sleep(self.seconds)
        finally:
            await connection.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')
            await connection.close()
