"""The stand: a whole stack whose servers are ours to break, behind lines that can be cut, with several workers each."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx
import yaml

from breaking.checks import Records, Subscription
from breaking.proxy import Line
from onestop_local import postgres as postgres_module
from onestop_local import processes
from onestop_local.kafka import Kafka
from onestop_local.ports import LOOPBACK, free_port
from onestop_local.postgres import Postgres
from onestop_local.stack import Home, Stack
from onestop_local.topics import CONTRACT
from onestop_local.workspace import SERVICES

ROOT: Final = Path(__file__).parents[3]
INSIDE: Final = Path(__file__).parents[1] / "inside"
PROCESSES: Final = ("gateway", *(f"svc-{service}" for service in SERVICES))
_START_SECONDS = 240
_DISK_MB = 1200


@dataclass(slots=True)
class Worker:
    """A process beside those of the stack: a relay alone, or a second instance of a service.

    Attributes:
        service: whose.
        command: what runs in it.
    """

    service: str
    command: list[str]
    name: str
    process: subprocess.Popen[bytes] | None = None


@dataclass
class Stand:
    """Everything that is to be broken.

    Attributes:
        on_a_small_disk: whether the database is on a disk that can be filled; a machine may not let us mount one.
        poisoned: aggregates that were given something that nobody can publish or apply.
        kills: how often what was killed.
    """

    name: str
    to_postgres: Line = field(init=False)
    to_kafka: Line = field(init=False)
    on_a_small_disk: bool = False
    workers: list[Worker] = field(default_factory=list)
    poisoned: set = field(default_factory=set)
    kills: dict[str, int] = field(default_factory=dict)
    _supervisor: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> Path:
        """Where the stand keeps its servers, beside the stack's own folder."""
        return Home.of(self.name).directory.parent / f"{self.name}-servers"

    @property
    def disk(self) -> Path:
        """The small disk of the database."""
        return self.directory / "disk"

    @property
    def instructions(self) -> Path:
        """What processes are told from inside (see `inside/sitecustomize.py`)."""
        return self.directory / "inside"

    @property
    def stack(self) -> Stack:
        """The stack, as it is at this moment."""
        return Stack.read(self.name)

    async def start(self) -> None:
        """Start the servers, the lines before them, the stack behind these, and more workers."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.instructions.mkdir(parents=True)
        self.disk.mkdir()
        self.on_a_small_disk = _mounted(self.disk)
        postgres_module._SETTINGS["max_wal_size"] = "256MB"
        self.postgres = Postgres(self.disk / "postgres" if self.on_a_small_disk else self.directory / "postgres")
        self.to_postgres = Line(lambda: self.postgres.port)
        self.to_kafka = Line(lambda: int(self.kafka.bootstrap.rpartition(":")[2]))
        await self.to_postgres.open()
        await self.to_kafka.open()
        advertised = f"PLAINTEXT://{LOOPBACK}:{self.to_kafka.port},CONTROLLER://{{host}}:{{controller}}"
        self.kafka = Kafka(self.directory / "kafka", {"advertised.listeners": advertised})
        await asyncio.gather(asyncio.to_thread(self.postgres.start), asyncio.to_thread(self.kafka.start))
        await self._start_stack()

    async def _start_stack(self) -> None:
        home = Home.of(self.name)
        told = {
            **os.environ,
            "ONESTOP_POSTGRES_DSN": _with_port(self.postgres.dsn, self.to_postgres.port),
            "ONESTOP_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{self.to_kafka.port}",
            "ONESTOP_FAULTS_INSIDE": str(self.instructions),
            "PYTHONPATH": str(INSIDE),
        }
        with (self.directory / "supervisor.log").open("wb") as log:
            self._supervisor = subprocess.Popen(  # noqa: ASYNC220, S603 - our own interpreter and module
                [sys.executable, "-m", "onestop_local", "up", "--name", self.name],
                cwd=ROOT,
                env=told,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not home.stack_file.exists():
            if self._supervisor.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stack did not start: {self.directory / 'supervisor.log'}")
            await asyncio.sleep(0.1)

    def add_workers(self) -> None:
        """Add two relays each for the two busiest outboxes, and a second instance of svc-workflow."""
        for service in ("intake", "workflow"):
            for number in (1, 2):
                command = [sys.executable, str(INSIDE / "relay_worker.py"), service]
                self.workers.append(Worker(service, command, f"relay {number} of svc-{service}"))
        command = [sys.executable, "-P", "-m", "svc_workflow", "serve"]
        self.workers.append(Worker("workflow", command, "second svc-workflow"))
        for worker in self.workers:
            self.start_worker(worker)

    def start_worker(self, worker: Worker) -> None:
        """Start a worker, again if it has run before; it is told what the service of the stack is told."""
        pid = self.pid_of(f"svc-{worker.service}")
        lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
        told = dict(line.split("=", 1) for line in lines if "=" in line)
        told[f"ONESTOP_{worker.service.upper()}_PORT"] = str(free_port())
        with (self.directory / "workers.log").open("ab") as log:
            worker.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                worker.command, env=told, cwd=self.directory, stdout=log, stderr=log, start_new_session=True
            )

    async def stop(self) -> None:
        """Stop everything; what was written stays for who wants to look."""
        for worker in self.workers:
            if worker.process:
                worker.process.kill()
                worker.process.wait()
        if self._supervisor:
            self._supervisor.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._supervisor.wait, 60)
            self._supervisor.kill()
        await asyncio.gather(asyncio.to_thread(self.kafka.stop), asyncio.to_thread(self.postgres.stop))
        await self.to_postgres.close()
        await self.to_kafka.close()
        if self.on_a_small_disk:
            subprocess.run(["umount", str(self.disk)], check=False)  # noqa: ASYNC221, S603, S607 - the system's own

    def forget(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(Home.of(self.name).directory, ignore_errors=True)

    def records(self) -> Records:
        """Where the records of the services are, past the lines."""
        services = self.stack.document["services"]
        dsns = {name: _with_port(one["dsn"], self.postgres.port) for name, one in services.items()}
        return Records(dsns, f"{LOOPBACK}:{self.to_kafka.port}", subscriptions(), self.poisoned)

    def pid_of(self, process: str) -> int:
        """Return the present pid of a process of the stack; one that was started again has another one."""
        return int(self.stack.document["processes"][process])

    def kill(self, process: str) -> int:
        """Kill a process of the stack; the supervisor starts another one. Return the pid that it had."""
        pid = self.pid_of(process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.count_kill(process)
        return pid

    async def until_replaced(self, process: str, former: int, seconds: float = 90) -> None:
        """Return when a process has another pid than before."""
        async with asyncio.timeout(seconds):
            while self._listed().get(process, former) == former:  # noqa: ASYNC110 - the supervisor makes it
                await asyncio.sleep(0.05)

    def _listed(self) -> dict[str, int]:
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, int] = json.loads(Home.of(self.name).stack_file.read_text())["processes"]
            return found
        return {}

    def kill_worker(self, worker: Worker) -> None:
        """Kill a worker and start it again at once."""
        if worker.process and worker.process.poll() is None:
            worker.process.kill()
            worker.process.wait()
            self.count_kill("relay worker" if "relay" in worker.name else worker.name)
        self.start_worker(worker)

    def count_kill(self, what: str) -> None:
        """Note that something was killed."""
        self.kills[what] = self.kills.get(what, 0) + 1

    async def until_ready(self, seconds: float = 120) -> None:
        """Return when every process of the stack says that it is ready."""
        document = self.stack.document
        urls = [document["gateway"]["url"], *(one["url"] for one in document["services"].values())]
        async with asyncio.timeout(seconds), httpx.AsyncClient(timeout=2) as http:
            for url in urls:
                while True:
                    with contextlib.suppress(httpx.TransportError):
                        if (await http.get(f"{url}/readyz")).is_success:
                            break
                    await asyncio.sleep(0.1)

    def tell(self, process: str, **what: float) -> None:
        """Tell a process of the stack something from inside."""
        package = process.replace("-", "_")
        file = self.instructions / f"{package}.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps(what))
        new.replace(file)


def subscriptions() -> tuple[Subscription, ...]:
    """Return who has to have what of whom, by the contract."""
    topics = yaml.safe_load(CONTRACT.read_text())["topics"]
    return tuple(
        Subscription(
            topic, one["owner"].removeprefix("svc-"), consumer.removeprefix("svc-"), one.get("cleanup") == "compact"
        )
        for topic, one in topics.items()
        for consumer in one["consumers"]
        if one["owner"] != "gateway"  # whose database is the gateway's own; stack.json does not tell it
    )


def _with_port(dsn: str, port: int) -> str:
    parts = urlsplit(dsn)
    address = f"{parts.netloc.rpartition('@')[0]}@{LOOPBACK}:{port}"
    return urlunsplit((parts.scheme, address, parts.path, parts.query, ""))


def _mounted(folder: Path) -> bool:
    """Mount a small disk; return whether we may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=0755", "onestop-faults", str(folder)]
    with contextlib.suppress(OSError):
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
    return False


def broker_pid(stand: Stand) -> int:
    """Return the pid of the broker."""
    found = processes.read_pid_file(stand.kafka.pid_file)
    if found is None:
        raise RuntimeError("the broker does not run")
    return found.pid
