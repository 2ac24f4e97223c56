"""Migrations go up and down, and make exactly the tables the code speaks of."""

import asyncio

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from onestop_local.testing.databases import TestServer
from onestop_runtime.migration import downgrade, upgrade
from onestop_runtime.schema import metadata as runtime_tables
from onestop_runtime.service import migrations_of
from svc_intake.tables import metadata


async def test_up_down_and_up_again(postgres: TestServer):
    dsn = await postgres.database()
    folder = migrations_of("svc_intake")
    await asyncio.to_thread(upgrade, dsn, folder)
    await asyncio.to_thread(downgrade, dsn, folder)
    connection = await asyncpg.connect(dsn)
    left = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert {row["tablename"] for row in left} == {"alembic_version"}
    await asyncio.to_thread(upgrade, dsn, folder)
    await postgres.drop(dsn)


async def test_the_tables_are_those_of_the_code(postgres: TestServer):
    dsn = await postgres.database()
    await asyncio.to_thread(upgrade, dsn, migrations_of("svc_intake"))
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, [metadata, runtime_tables]))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
    await postgres.drop(dsn)
