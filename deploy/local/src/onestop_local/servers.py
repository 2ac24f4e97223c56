"""The servers of a stack: PostgreSQL and Kafka, our own or ones that the person already has."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from onestop_local.databases import ServiceDatabase, ensure
from onestop_local.errors import LocalError
from onestop_local.jars import Progress
from onestop_local.kafka import Kafka
from onestop_local.postgres import DEFAULT_VERSION, VERSIONS, Postgres
from onestop_local.secrecy import Secrets
from onestop_local.stack import Home
from onestop_local.terminal import Screen, Step
from onestop_local.topics import CONTRACT, create_topics

_WATCH_SECONDS: Final = 0.5
_LONGEST_DELAY: Final = 30.0


def _version() -> int:
    asked = os.environ.get("ONESTOP_POSTGRES_VERSION", str(DEFAULT_VERSION))
    if asked not in {str(version) for version in VERSIONS}:
        raise LocalError(f"没有 PostgreSQL {asked}。", "ONESTOP_POSTGRES_VERSION 可以是 18 或 16。")
    return int(asked)


def _contract_sum() -> str:
    return hashlib.sha256(CONTRACT.read_bytes()).hexdigest()


class Servers:
    """PostgreSQL and Kafka of one stack.

    `ONESTOP_POSTGRES_DSN` (a role that may create roles and databases) and `ONESTOP_KAFKA_BOOTSTRAP` name servers to
    use instead of starting some.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._given_postgres = os.environ.get("ONESTOP_POSTGRES_DSN")
        self._given_kafka = os.environ.get("ONESTOP_KAFKA_BOOTSTRAP")
        version = _version()
        self._postgres = Postgres(home.directory / f"postgres-{version}", version=version)
        self._kafka = Kafka(home.directory / "kafka")
        self._topics_note: Path = home.directory / "kafka" / "topics"

    @property
    def started(self) -> bool:
        """Whether a server of our own runs."""
        return bool(self._postgres.pid or self._kafka.pid)

    def end_leftovers(self) -> list[str]:
        """End the servers that a killed run has left; return their names."""
        ended = [
            f"PostgreSQL {version}"
            for version in VERSIONS
            if Postgres(self._home.directory / f"postgres-{version}", version=version).end_leftover()
        ]
        return [*ended, "Kafka"] if self._kafka.end_leftover() else ended

    async def start_postgres(self, screen: Screen, secrets: Secrets, services: Iterable[str]) -> dict[str, str]:
        """Start PostgreSQL and make a database per service; return their DSNs."""
        with screen.step("PostgreSQL") as step:
            if self._given_postgres:
                server, prefix = self._given_postgres, f"onestop_{self._home.name.replace('-', '_')}_"
                shown = "使用已有的服务器"
            else:
                await self._in_thread(self._postgres.start)
                server, prefix = self._postgres.dsn, "onestop_"
                shown = f"{self._postgres.version} · 127.0.0.1:{self._postgres.port}"
            databases = [
                ServiceDatabase(service, prefix + service, secrets.database_password(service)) for service in services
            ]
            await ensure(server, databases)
            step.done(shown)
        return {one.service: one.dsn(server) for one in databases}

    def kafka_address(self) -> str:
        """Return where Kafka is, or will be once it is started."""
        return self._given_kafka or self._kafka.choose()

    def has_topics(self) -> bool:
        """Return whether our own Kafka has the topics of the contract from an earlier start."""
        try:
            return not self._given_kafka and self._topics_note.read_text() == _contract_sum()
        except OSError:
            return False

    async def start_kafka(self, screen: Screen) -> None:
        """Start Kafka and make the topics of the contract."""
        with screen.step("Kafka") as step:
            if not self._given_kafka:
                await self._in_thread(lambda: self._kafka.start(self._progress(step)))
            bootstrap = self._given_kafka or self._kafka.bootstrap
            await create_topics(bootstrap)
            if not self._given_kafka:
                self._topics_note.write_text(_contract_sum())
            step.done(bootstrap)

    def _progress(self, step: Step) -> Progress:
        def progress(done: int, total: int) -> None:
            if self._kafka.halt.is_set():
                raise LocalError("下载已取消。")
            step.update(f"首次启动，下载组件 {done}/{total}" if done < total else "")

        return progress

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Do blocking work in a thread; when we are cancelled, have it given up and wait until it is."""
        working = asyncio.ensure_future(asyncio.to_thread(work))  # noqa: TID251 - awaited right here
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            self._postgres.halt.set()
            self._kafka.halt.set()
            await asyncio.wait({working})
            working.exception()  # looked at, so that nobody reports it as forgotten
            raise

    async def watch(self, screen: Screen) -> None:
        """Start a server of ours again when it ends by itself; runs until cancelled."""
        ours: list[tuple[str, Postgres | Kafka]] = []
        if not self._given_postgres:
            ours.append(("PostgreSQL", self._postgres))
        if not self._given_kafka:
            ours.append(("Kafka", self._kafka))
        async with asyncio.TaskGroup() as group:
            for name, server in ours:
                group.create_task(self._keep_up(name, server, screen))

    async def _keep_up(self, name: str, server: Postgres | Kafka, screen: Screen) -> None:
        delay = _WATCH_SECONDS
        while True:
            await asyncio.sleep(delay)
            if server.pid is not None:
                delay = _WATCH_SECONDS
                continue
            if delay == _WATCH_SECONDS:
                screen.say(f" {name} 意外退出，正在重新启动。", style="yellow")
            try:
                await self._in_thread(server.restart)
                screen.say(f" {name} 已恢复。", style="green")
            except (LocalError, OSError) as error:  # a full disk, for example, is made free again some time
                delay = min(delay * 2, _LONGEST_DELAY)
                screen.say(f" {name} 无法恢复，{delay:.0f} 秒后再试：{error}", style="red")

    async def stop(self) -> None:
        """Stop what was started, both at once."""
        await asyncio.gather(asyncio.to_thread(self._kafka.stop), asyncio.to_thread(self._postgres.stop))
