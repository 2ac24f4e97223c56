"""Every step of the migrations goes up and down, and ends at the tables the code works with."""

import asyncio
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from onestop_local.testing.databases import TestServer
from onestop_runtime.migration import downgrade, upgrade
from onestop_runtime.schema import metadata as runtime
from onestop_runtime.service import migrations_of
from svc_credit.main import SERVICE

FOLDER = migrations_of(SERVICE.package)
REVISIONS = sorted(path.name[:4] for path in (FOLDER / "versions").glob("0*.py"))


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows} - {"alembic_version"}


async def test_every_step_goes_up_down_and_up_again(postgres: TestServer):
    dsn = await postgres.database()
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        await asyncio.to_thread(upgrade, dsn, FOLDER, revision)
        await asyncio.to_thread(downgrade, dsn, FOLDER, before)
        await asyncio.to_thread(upgrade, dsn, FOLDER, revision)
    await asyncio.to_thread(downgrade, dsn, FOLDER, "base")
    assert await tables(dsn) == set()
    await postgres.drop(dsn)


async def test_the_migrations_make_the_tables_the_code_works_with(postgres: TestServer):
    dsn = await postgres.service_database(SERVICE)
    whole = sa.MetaData()
    for table in (*runtime.tables.values(), *SERVICE.metadata.tables.values()):
        table.to_metadata(whole)
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))

    def differences(connection: sa.Connection) -> list[Any]:
        found: list[Any] = compare_metadata(MigrationContext.configure(connection), whole)
        return found

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
    await postgres.drop(dsn)
