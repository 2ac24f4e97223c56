"""kill -9: processes, relay workers, the database, the broker."""

import asyncio
import contextlib
import os
import random
import signal
from dataclasses import dataclass

import asyncpg

from breaking.stand import Stand


@dataclass(frozen=True, slots=True)
class ProcessKilled:
    """A process of the platform dies; its supervisor starts another one."""

    process: str

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"kill -9 {self.process}"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill it and wait for the next one."""
        del chance
        await stand.until_replaced(self.process, stand.kill(self.process))


@dataclass(frozen=True, slots=True)
class Storm:
    """A process dies, and every relay worker and second instance beside it, one shortly after the other."""

    process: str
    name: str = "kill -9 of a process, four relay workers and a second instance together"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill them in random order."""
        former = stand.kill(self.process)
        for worker in chance.sample(stand.workers, len(stand.workers)):
            await asyncio.sleep(chance.random() * 0.4)
            with contextlib.suppress(OSError):  # its service has just been killed and has no environment to copy
                stand.kill_worker(worker)
        await stand.until_replaced(self.process, former)


@dataclass(frozen=True, slots=True)
class BackendKilled:
    """One session's process of the database is killed: the server cuts all others and recovers."""

    name: str = "kill -9 of one PostgreSQL session"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill the process behind a random session."""
        connection = await asyncpg.connect(stand.postgres.dsn)
        rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'onestop-%'")
        await connection.close()
        children = _children_of(stand.postgres.pid or 0)
        if rows and children:
            os.kill(chance.choice(children), signal.SIGKILL)
            stand.count_kill("PostgreSQL session")


def _children_of(pid: int) -> list[int]:
    """Return the server's processes by our own numbers: inside its namespace they may have others."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123 - /proc
        found = [int(number) for number in file.read().split()]
    return [one for one in found if b"onestop_" in _title_of(one)]


def _title_of(pid: int) -> bytes:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - /proc
        return file.read()
    return b""


@dataclass(frozen=True, slots=True)
class DatabaseKilled:
    """PostgreSQL dies and is started again."""

    name: str = "kill -9 PostgreSQL"
    how: signal.Signals = signal.SIGKILL

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill the server, leave it away for a moment, start it."""
        pid = stand.postgres.pid
        if pid is None:
            raise RuntimeError("the database does not run")
        os.kill(pid, self.how)
        stand.count_kill("PostgreSQL")
        await asyncio.sleep(0.5 + chance.random())
        await asyncio.to_thread(stand.postgres.restart)


@dataclass(frozen=True, slots=True)
class DatabaseStopped(DatabaseKilled):
    """PostgreSQL is told to stop immediately: without a checkpoint, as when the power goes."""

    name: str = "PostgreSQL stopped immediately"
    how: signal.Signals = signal.SIGQUIT


@dataclass(frozen=True, slots=True)
class BrokerKilled:
    """Kafka dies and is started again."""

    name: str = "kill -9 Kafka"

    async def strike(self, stand: Stand, chance: random.Random) -> None:
        """Kill the broker, start it."""
        pid = stand.kafka.pid
        if pid is None:
            raise RuntimeError("the broker does not run")
        os.kill(pid, signal.SIGKILL)
        stand.count_kill("Kafka")
        await asyncio.sleep(chance.random())
        await asyncio.to_thread(stand.kafka.restart)
