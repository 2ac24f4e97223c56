"""Test fixtures with a real PostgreSQL and a real Kafka, as a pytest plugin (`-p onestop_local.testing`).

A server starts when the first test asks for it and ends with the session, also on Ctrl-C; what a killed session
has left is ended by the next one. Tests that ask for neither pay nothing: everything heavy is imported on demand.

    async def test_a_case_is_kept(service_client):
        client = await service_client(SERVICE)
        answer = await client.as_(AGENT).post("/api/intake/v1/cases", json={...})

- `postgres`: a server; `.dsn` (superuser), `await postgres.database()` → DSN of a new empty database.
- `service_database`: `await service_database(SERVICE)` → DSN of a new, migrated database of that service, for one
  test; a fixture of a wider scope asks `await postgres.service_database(SERVICE)`.
- `kafka`: bootstrap address of a broker that has the contract's topics.
- `service_client`: `await service_client(SERVICE, …)` → `ServiceClient`, the service's own application over ASGI
  with a database of its own; see `onestop_local.testing.client.open_service_client` for what can be chosen.
- `node`: `await node("provider", {…})` → a program of `tests/clients` on Node.js, told these settings; it ends with the
  test. See `onestop_local.testing.on_node`.
- Tests in `test_domain*` files or a `domain` folder have no sockets at all.

`--postgres-dsn` (or ONESTOP_TEST_POSTGRES) and `--kafka-bootstrap` (or ONESTOP_TEST_KAFKA) name servers to use
instead of starting some; `--postgres-version=16` starts the older one.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from onestop_local.testing.client import ServiceClient
    from onestop_local.testing.databases import TestServer
    from onestop_local.testing.on_node import Program
    from onestop_local.testing.servers import Servers
    from onestop_runtime.service import Service


pytest_plugins = ("onestop_local.testing.programs",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a person may choose about the servers."""
    group = parser.getgroup("onestop", "servers of integration tests")
    group.addoption("--postgres-dsn", help="use this PostgreSQL (superuser DSN) instead of starting one")
    group.addoption("--postgres-version", type=int, choices=(18, 16), help="which PostgreSQL to start")
    group.addoption("--kafka-bootstrap", help="use this Kafka instead of starting one")
    group.addoption("--without-servers", action="store_true", help="leave out the tests that need a server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take all sockets from the tests of domain modules; leave out those with servers if told so."""
    if config.getoption("--without-servers"):
        left_out = [item for item in items if "local_servers" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if item.path.name.startswith("test_domain") or "domain" in item.path.parent.parts[-1:]:
            item.add_marker(pytest.mark.disable_socket)


def _chosen(config: pytest.Config, option: str, variable: str) -> str | None:
    given: str | None = config.getoption(option)
    return given or os.environ.get(variable)


@pytest.fixture(scope="session")
def local_servers() -> "Iterator[Servers]":
    """Return the servers of this session, none of them started yet."""
    from onestop_local.testing.servers import Servers  # noqa: PLC0415 - only paid for when used

    servers = Servers()
    try:
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="session")
async def postgres(pytestconfig: pytest.Config, local_servers: "Servers") -> "AsyncIterator[TestServer]":
    """Return the PostgreSQL server of this session."""
    from onestop_local.testing.databases import TestServer  # noqa: PLC0415

    dsn = _chosen(pytestconfig, "--postgres-dsn", "ONESTOP_TEST_POSTGRES")
    version = pytestconfig.getoption("--postgres-version")
    server = TestServer(dsn or local_servers.postgres(version), keep=dsn is None)
    yield server
    await server.close()


@pytest.fixture(scope="session")
async def kafka(pytestconfig: pytest.Config, local_servers: "Servers") -> str:
    """Return the bootstrap address of this session's Kafka; it has the topics of the contract."""
    from onestop_local.topics import create_topics  # noqa: PLC0415

    given = _chosen(pytestconfig, "--kafka-bootstrap", "ONESTOP_TEST_KAFKA")
    bootstrap = given or local_servers.kafka()
    await create_topics(bootstrap)
    return bootstrap


@pytest.fixture
async def service_database(postgres: "TestServer") -> "AsyncIterator[Callable[[Service], Awaitable[str]]]":
    """Return a function that makes a new, migrated database of a service; it is dropped when the test ends."""
    async with AsyncExitStack() as made:

        async def make_one(service: "Service") -> str:
            dsn = await postgres.service_database(service)
            made.push_async_callback(postgres.drop, dsn)
            return dsn

        yield make_one


@pytest.fixture
async def service_client(
    service_database: "Callable[[Service], Awaitable[str]]", tmp_path: Path
) -> "AsyncIterator[Callable[..., Awaitable[ServiceClient]]]":
    """Return a function that opens a service's application over ASGI; all are closed when the test ends."""
    from onestop_local.testing.client import open_service_client  # noqa: PLC0415

    async with AsyncExitStack() as opened:

        async def open_one(service: "Service", **chosen: Any) -> "ServiceClient":
            if "dsn" not in chosen:
                chosen["dsn"] = await service_database(service)
            files = chosen.pop("folder", tmp_path)
            return await opened.enter_async_context(open_service_client(service, folder=files, **chosen))

        yield open_one


@pytest.fixture(scope="session")
def node_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the programs of `tests/clients` and the packages they import."""
    from onestop_local.testing.on_node import prepare  # noqa: PLC0415

    return prepare(tmp_path_factory.mktemp("node"))


@pytest.fixture
async def node(node_programs: Path) -> "AsyncIterator[Callable[[str, dict[str, Any]], Awaitable[Program]]]":
    """Return a function that runs a program of `tests/clients`; all are ended with the test."""
    from onestop_local.testing.on_node import running  # noqa: PLC0415

    async with AsyncExitStack() as started:

        async def start_one(name: str, settings: dict[str, Any]) -> "Program":
            return await started.enter_async_context(running(node_programs, name, settings))

        yield start_one
