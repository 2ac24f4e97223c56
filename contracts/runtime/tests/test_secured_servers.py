"""Against servers that let nobody in without TLS and a password: producer, consumer, topics tool, pool, migrations."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from notes import service as notes
from notes.waiting import until

from onestop_local.postgres import Postgres
from onestop_local.testing.databases import TestServer
from onestop_local.testing.programs import program
from onestop_local.testing.secured import PASSWORD, USER, Authority, secure_postgres, secured_kafka
from onestop_runtime import kafka
from onestop_runtime.migration import downgrade, upgrade
from onestop_runtime.service import migrations_of
from onestop_runtime.settings import verified
from onestop_runtime.topics import Topic, TopicSettings, apply

CONTRACT = Path(__file__).parents[2] / "topics.yaml"
Open = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that has certified neither server."""
    return Authority(tmp_path_factory.mktemp("another"))


@pytest.fixture(scope="module")
def secured(
    authority: Authority, local_servers: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Return the settings that reach the secured broker."""
    assert local_servers
    broker = secured_kafka(tmp_path_factory.mktemp("secured-kafka"), authority)
    broker.start()
    yield {
        "kafka_bootstrap": broker.bootstrap,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_username": USER,
        "kafka_password": PASSWORD,
        "kafka_ca_file": authority.file,
    }
    broker.stop()


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Return a PostgreSQL that refuses every connection without TLS; the wheel's was built without."""
    postgres = Postgres(
        tmp_path_factory.mktemp("secured-postgres") / "server", durable=False, programs=Path(program("postgres")).parent
    )
    postgres.start()
    postgres.stop()
    secure_postgres(postgres, authority)
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module")
async def dsn(server: Postgres, authority: Authority) -> AsyncIterator[str]:
    """Return the address of a migrated database as an operator writes it: without a word of TLS."""
    databases = TestServer(verified(server.dsn, authority.file), keep=True)
    yield (await databases.service_database(notes.service())).partition("?")[0]
    await databases.close()


@pytest.mark.needs("postgres")
async def test_an_event_goes_its_whole_way_over_tls(
    service_client: Open, secured: dict[str, Any], dsn: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    topic = f"onestop.test.note-{uuid4().hex[:8]}"
    monkeypatch.setattr(notes.NoteWritten, "TOPIC", topic)
    monkeypatch.setattr(notes, "NOTE_TOPIC", topic)
    await apply(TopicSettings(**secured), [Topic(topic, 2, 1, {"retention.ms": "60000"})])
    bootstrap = secured["kafka_bootstrap"]
    reader = await service_client(
        notes.service(f"reader-{topic[-8:]}", subscribed=True), dsn=dsn, postgres_ca_file=authority.file,
        kafka=bootstrap, **secured,
    )  # fmt: skip
    async with reader.transaction() as tx:
        key = uuid4()
        tx.emit(notes.NoteWritten(note_id=key, text="甲", written_at=tx.now), key=key, version=1)
    reader.context.wake_relay()

    async def arrived() -> bool:
        return bool(await reader.context.pool.fetchval("SELECT true FROM note WHERE id = $1", key))

    await until(arrived)
    assert await reader.context.pool.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


async def test_the_topics_of_the_contract_are_made_and_compared_over_tls(secured: dict[str, Any]):
    shared = {f"ONESTOP_{name.upper()}": str(value) for name, value in secured.items()}
    environment = {**os.environ, **shared, "ONESTOP_SCALE": "local"}

    def tool(command: str, **changed: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "onestop_runtime.topics", command, str(CONTRACT)],
            env=environment | changed, capture_output=True, text=True, check=False,
        )  # fmt: skip

    made = tool("apply")
    assert (made.returncode, made.stdout.splitlines()[-1]) == (0, "主题与契约一致。"), made.stderr
    compared = tool("check", ONESTOP_TOPIC_MIN_ISR="2")
    assert compared.returncode == 1
    assert "onestop.intake.case: min.insync.replicas 1, should be 2" in compared.stdout


async def test_a_broker_that_is_not_the_one_meant_is_not_talked_to(secured: dict[str, Any], another: Authority):
    for wrong in (
        {"kafka_ca_file": another.file},
        {"kafka_password": "guessed"},
        {"kafka_security_protocol": "PLAINTEXT"},
    ):
        client = AIOKafkaConsumer(**kafka.connection(TopicSettings(**secured | wrong)), request_timeout_ms=2000)
        with pytest.raises((KafkaError, OSError)):
            await client.start()
        await client.stop()


@pytest.mark.needs("postgres")
async def test_a_database_that_is_not_the_one_meant_is_not_talked_to(
    server: Postgres, dsn: str, authority: Authority, another: Authority
):
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"{dsn}?sslmode=disable")
    with pytest.raises(OSError, match="certificate verify failed"):
        await asyncpg.connect(verified(dsn, another.file))
    with pytest.raises(OSError, match="certificate is not valid for 'localhost'"):
        await asyncpg.connect(verified(server.dsn.replace("127.0.0.1", "localhost"), authority.file))


@pytest.mark.needs("postgres")
async def test_migrations_go_up_and_down_over_tls(dsn: str, authority: Authority):
    settings = notes.service().settings(dsn=dsn, postgres_ca_file=authority.file)
    folder = migrations_of(notes.service().package)
    for step in (downgrade, upgrade):
        await asyncio.to_thread(step, settings.dsn, folder)
    connection = await asyncpg.connect(settings.dsn)
    assert await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.close()
