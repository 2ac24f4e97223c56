"""The fixtures that every other test stands on."""

import sys
from collections.abc import Awaitable, Callable
from typing import ClassVar
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from aiokafka.admin import AIOKafkaAdminClient

from onestop_legal.errors import NamedError
from onestop_local import topics
from onestop_local.testing.client import ServiceClient
from onestop_local.testing.databases import TestServer
from onestop_runtime.caller import Caller
from onestop_runtime.routing import Read, query_router
from onestop_runtime.service import Service
from onestop_runtime.settings import ServiceSettings
from onestop_runtime.topics import TopicSettings, contract

MakeDatabase = Callable[[Service], Awaitable[str]]
MakeClient = Callable[..., Awaitable[ServiceClient]]

MIGRATION = '''
"""Everything."""
from alembic import op
import sqlalchemy as sa
from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None


def upgrade():
    upgrade_runtime()
    op.create_table("thing", sa.Column("id", sa.Uuid, primary_key=True))


def downgrade():
    op.drop_table("thing")
    downgrade_runtime()
'''


class ToySettings(ServiceSettings):
    SERVICE: ClassVar[str] = "toy"


router = query_router(prefix="/api/toy/v1", tags=["玩具"])


class Broken(NamedError):
    slug = "broken"
    title = "坏了"
    status = 409


@router.get("/toys/broken")
async def play() -> None:
    raise Broken


@router.get("/callers")
async def who_calls(tx: Read) -> dict[str, str]:
    return {"kind": tx.caller.kind, "agency": tx.caller.agency or ""}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Service:
    root = tmp_path_factory.mktemp("toy")
    package = root / "src" / "toy_service"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_everything.py").write_text(MIGRATION)
    sys.path.insert(0, str(package.parent))
    return Service(
        name="toy",
        package="toy_service",
        title="玩具服务",
        settings=ToySettings,
        metadata=sa.MetaData(),
        routers=(router,),
    )


async def test_every_database_of_a_service_is_migrated_and_apart(service_database: MakeDatabase, toy: Service):
    one, other = await service_database(toy), await service_database(toy)
    connection = await asyncpg.connect(one)
    await connection.execute("INSERT INTO thing (id) VALUES ($1)", uuid4())
    await connection.close()
    connection = await asyncpg.connect(other)
    assert await connection.fetchval("SELECT count(*) FROM thing") == 0
    assert await connection.fetchval("SELECT count(*) FROM bucket_lease") == 64
    await connection.close()


async def test_a_test_role_is_no_superuser(postgres: TestServer):
    connection = await asyncpg.connect(await postgres.database())
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()


async def test_a_client_states_its_caller_by_a_signed_assertion(service_client: MakeClient, toy: Service):
    client = await service_client(toy)
    clerk = Caller(sub=uuid4(), kind="staff", agency="11130371037107039Y", given_roles=frozenset({"window_clerk"}))
    assert (await client.get("/api/toy/v1/callers")).json() == {"kind": "anonymous", "agency": ""}
    answer = await client.as_(clerk).get("/api/toy/v1/callers")
    assert answer.json() == {"kind": "staff", "agency": "11130371037107039Y"}


async def test_a_problem_that_an_operation_does_not_document_is_caught(service_client: MakeClient, toy: Service):
    with pytest.raises(AssertionError, match="GET /api/toy/v1/toys/broken does not document 409 /problems/broken"):
        await (await service_client(toy)).get("/api/toy/v1/toys/broken")


async def test_a_client_with_kafka_becomes_ready(service_client: MakeClient, toy: Service, kafka: str):
    client = await service_client(toy, kafka=kafka)
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text


async def test_the_test_broker_has_the_topics_of_the_contract(kafka: str):
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    assert {topic.name for topic in topics.contract()} <= set(await admin.list_topics())
    await admin.close()


def test_the_file_of_topics_names_its_defaults_once():
    defaults = {
        "partitions": 64,
        "replication": 3,
        "min_isr": 2,
        "local_partitions": 8,
        "local_replication": 1,
        "local_min_isr": 1,
        "cleanup": "delete",
        "retention_days": 30,
    }
    document = {"defaults": defaults, "topics": {"a": {"owner": "x"}, "b": {"owner": "x", "retention_days": -1}}}
    a, b = contract(document, TopicSettings(scale="local"))
    assert a.settings == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "1",
        "retention.ms": str(30 * 86_400_000),
    }
    assert b.settings["retention.ms"] == "-1"
    assert (a.partitions, a.copies) == (8, 1)
    far, _ = contract(document, TopicSettings(scale="production"))
    assert (far.partitions, far.copies, far.settings["min.insync.replicas"]) == (64, 3, "2")
