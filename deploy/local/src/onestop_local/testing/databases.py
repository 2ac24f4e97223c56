"""Databases of tests: a template per service is migrated once, every test gets a clone."""

import asyncio
import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg

if TYPE_CHECKING:
    from onestop_runtime.service import Service

ROLE = "onestop_test"
"""Owner of all test databases: an ordinary role, as in production."""


def _at(dsn: str, database: str, *, user: str | None = None, password: str = "") -> str:
    """Return `dsn` pointed at another database, and for another role if `user` is given."""
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    location = f"{user}:{password}@{address}" if user else parts.netloc
    return urlunsplit((parts.scheme, location, f"/{database}", parts.query, ""))


class TestServer:
    """A PostgreSQL server on which tests make databases.

    Attributes:
        dsn: address for the superuser.
    """

    __test__ = False

    def __init__(self, dsn: str, *, keep: bool) -> None:
        """Take a server; `keep` when it is thrown away as a whole, so that databases need not be dropped at the end."""
        self.dsn = dsn
        self._keep = keep
        self._prefix = f"onestop_test_{os.getpid()}_"
        self._password = secrets.token_urlsafe(16)
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._migrating = asyncio.Lock()
        self._templates: dict[str, str] = {}
        self._databases: set[str] = set()
        self._count = 0

    async def database(self, template: str | None = None) -> str:
        """Return the DSN of a new database, empty or cloned from `template`, owned by an ordinary role."""
        self._count += 1
        name = f"{self._prefix}{self._count}"
        origin = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        await self._execute(f'CREATE DATABASE "{name}" OWNER {ROLE} {origin}')
        self._databases.add(name)
        return _at(self.dsn, name, user=ROLE, password=self._password)

    async def service_database(self, service: "Service") -> str:
        """Return the DSN of a new database with the tables of `service`."""
        async with self._migrating:  # Alembic works with module globals; one at a time
            if service.package not in self._templates:
                self._templates[service.package] = await self._migrated(service)
        return await self.database(self._templates[service.package])

    async def _migrated(self, service: "Service") -> str:
        from onestop_runtime.migration import upgrade  # noqa: PLC0415 - slow to import
        from onestop_runtime.service import migrations_of  # noqa: PLC0415

        dsn = await self.database()
        await asyncio.to_thread(upgrade, dsn, migrations_of(service.package))
        return urlsplit(dsn).path.lstrip("/")

    async def drop(self, dsn: str) -> None:
        """Drop the database at `dsn`, cutting whoever is still connected."""
        name = urlsplit(dsn).path.lstrip("/")
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._databases.discard(name)

    async def close(self) -> None:
        """Leave the server; on one that outlives the tests, drop what was made."""
        if self._connection is None:
            return
        if not self._keep:
            for name in sorted(self._databases):
                await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await self._connection.close()

    async def _execute(self, statement: str) -> None:
        async with self._lock:
            if self._connection is None:
                self._connection = await asyncpg.connect(self.dsn)
                await self._make_role(self._connection)
            await self._connection.execute(statement)

    async def _make_role(self, connection: asyncpg.Connection) -> None:
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE)
        verb = "ALTER" if known else "CREATE"
        await connection.execute(f"{verb} ROLE {ROLE} LOGIN PASSWORD '{self._password}'")
