"""Every step of the migrations goes up and down, and ends at the tables the code works with."""

import asyncio
import importlib
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from onestop_local.testing.databases import TestServer
from onestop_runtime.migration import downgrade, upgrade
from onestop_runtime.schema import metadata as runtime
from onestop_runtime.service import Service, migrations_of

PACKAGES = ("gateway", "svc_catalog", "svc_intake", "svc_workflow", "svc_datashare", "svc_credit")
EVERY_SERVICE = pytest.mark.parametrize("package", PACKAGES)


def service_of(package: str) -> Service:
    service: Service = importlib.import_module(f"{package}.main").SERVICE
    return service


def revisions_of(folder: Path) -> list[str]:
    return sorted(path.name[:4] for path in (folder / "versions").glob("0*.py"))


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows} - {"alembic_version"}


@EVERY_SERVICE
async def test_every_step_goes_up_down_and_up_again(postgres: TestServer, package: str):
    dsn, folder = await postgres.database(), migrations_of(package)
    revisions = revisions_of(folder)
    assert revisions
    for before, revision in zip(["base", *revisions], revisions, strict=False):
        await asyncio.to_thread(upgrade, dsn, folder, revision)
        await asyncio.to_thread(downgrade, dsn, folder, before)
        await asyncio.to_thread(upgrade, dsn, folder, revision)
    await asyncio.to_thread(downgrade, dsn, folder, "base")
    assert await tables(dsn) == set()
    await postgres.drop(dsn)


@EVERY_SERVICE
async def test_the_migrations_make_the_tables_the_code_works_with(postgres: TestServer, package: str):
    service = service_of(package)
    dsn = await postgres.service_database(service)
    whole = sa.MetaData()
    for table in (*runtime.tables.values(), *service.metadata.tables.values()):
        table.to_metadata(whole)
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))

    def differences(connection: sa.Connection) -> list[Any]:
        found: list[Any] = compare_metadata(MigrationContext.configure(connection), whole)
        return found

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    await postgres.drop(dsn)
    assert found == []
