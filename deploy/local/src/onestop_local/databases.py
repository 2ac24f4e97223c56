"""A database and a role of its own for every service."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from onestop_local.errors import LocalError


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """Where a service keeps its data; role and database have the same name."""

    service: str
    name: str
    password: str

    def dsn(self, server: str) -> str:
        """Return its address on the server whose superuser's DSN is `server`."""
        parts = urlsplit(server)
        address = parts.netloc.rpartition("@")[2]
        netloc = f"{self.name}:{quote(self.password, safe='')}@{address}"
        return urlunsplit((parts.scheme, netloc, f"/{self.name}", parts.query, ""))


async def ensure(server: str, wanted: list[ServiceDatabase]) -> None:
    """Create the roles and databases that are missing; nobody but the owner may connect to one.

    Args:
        server: DSN of a role that may create roles and databases.
        wanted: what there should be.

    Raises:
        LocalError: when the server cannot be reached or refuses.
    """
    try:
        connection = await asyncpg.connect(server, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LocalError(f"无法连接 PostgreSQL：{error}", "请检查 ONESTOP_POSTGRES_DSN。") from error
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for one in wanted:
            verb = "ALTER" if one.name in roles else "CREATE"
            await connection.execute(f"{verb} ROLE {one.name} LOGIN PASSWORD '{one.password}'")
            if one.name not in databases:
                await connection.execute(f"CREATE DATABASE {one.name} OWNER {one.name}")
                await connection.execute(f"REVOKE ALL ON DATABASE {one.name} FROM PUBLIC")
    except asyncpg.PostgresError as error:
        raise LocalError(f"PostgreSQL 拒绝建立数据库：{error}") from error
    finally:
        await connection.close()


async def revision(dsn: str) -> str | None:
    """Return the migration a database is at, None before the first."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return found
