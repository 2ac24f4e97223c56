"""The migrations make exactly the tables the code names, and take them away again."""

import asyncio
from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway.main import SERVICE
from gateway.tables import metadata
from onestop_runtime.migration import downgrade, upgrade
from onestop_runtime.schema import metadata as runtime
from onestop_runtime.service import migrations_of


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows} - {"alembic_version"}


async def test_the_tables_are_those_that_the_code_names(service_database: Any):
    dsn = await service_database(SERVICE)
    assert await tables(dsn) == {*metadata.tables, *runtime.tables}
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)

    def differences(connection: Connection) -> list[Any]:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_every_step_goes_up_and_down(postgres: Any):
    dsn = await postgres.database()
    folder = migrations_of("gateway")
    for _ in range(2):
        await asyncio.to_thread(upgrade, dsn, folder)
        assert await tables(dsn) == {*metadata.tables, *runtime.tables}
        await asyncio.to_thread(downgrade, dsn, folder)
        assert await tables(dsn) == set()
    await postgres.drop(dsn)
