"""A real Apache Kafka broker, one node in KRaft mode, out of the locked jars."""

import base64
import contextlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from onestop_local import jars, processes
from onestop_local.archive import ClassArchive
from onestop_local.errors import LocalError
from onestop_local.java import java
from onestop_local.ports import LOOPBACK, free_ports, is_free

_START_SECONDS = 90.0
_SHUTDOWN = ((signal.SIGTERM, 60.0),)
"""The first broker of a user writes its class archive when it stops: 3 s on an idle machine."""
_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.bootstrap.servers": "{host}:{controller}",
    "listeners": "PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}",
    "advertised.listeners": "PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": "{data}",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
}
_LOGGING = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


class Kafka:
    """One broker and its log in one folder.

    Attributes:
        directory: holds `data/`, `server.properties`, `server.log` and `server.pid.json`.
        settings: of the broker; `{host}`, `{broker}`, `{controller}` and `{data}` stand for its own addresses and log.
        formatting: how the log is made, as options of `kafka-storage format`.
        cluster: which cluster a new log belongs to.
        halt: set by another thread to have a start under way given up.
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] = MappingProxyType({}),
        formatting: Sequence[str] = ("--standalone",),
    ) -> None:
        self.directory = directory
        self.settings = _SETTINGS | dict(settings)
        self.formatting = formatting
        self.cluster = new_cluster_id()
        self.halt = threading.Event()
        self._ports: tuple[int, int] | None = None
        self._archive: ClassArchive | None = None
        self._served = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Address for clients; known once started."""
        broker, _ = self._ports or (0, 0)
        return f"{LOOPBACK}:{broker}"

    @property
    def log(self) -> Path:
        """The broker's log."""
        return self.directory / "server.log"

    @property
    def pid_file(self) -> Path:
        """Where the running broker is noted."""
        return self.directory / "server.pid.json"

    @property
    def pid(self) -> int | None:
        """Process id while the broker runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def controller(self) -> str:
        """Address at which the brokers of a cluster agree; known once chosen."""
        _, controller = self._ports or (0, 0)
        return f"{LOOPBACK}:{controller}"

    def choose(self) -> str:
        """Choose the ports before the start and return the address clients will find the broker at."""
        self._ports = self._choices()[0]
        return self.bootstrap

    def start(self, progress: jars.Progress | None = None) -> None:
        """Download what is missing, format the log if there is none, start and wait until clients can connect.

        Raises:
            LocalError: when it does not start; the message carries the end of its log.
        """
        self.end_leftover()
        library = jars.library(progress)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.directory / "log4j2.properties").write_text(_LOGGING)
        self._start_on([self._ports] * 2 if self._ports else self._choices(), library)

    def restart(self) -> None:
        """Start the broker again after a crash, where its clients look for it.

        Raises:
            LocalError: when it does not start.
        """
        assert self._ports  # noqa: S101 - it has run before
        self._start_on([self._ports] * 5, jars.library())

    def _start_on(self, choices: list[tuple[int, int]], library: Path) -> None:
        for ports in choices:
            self._write_properties(ports)
            if not (self.directory / "data" / "meta.properties").exists():
                self._format(library)
            if self._try(library):
                return
            if self.halt.wait(0.3):
                raise LocalError("Kafka 的启动已取消。")
        raise LocalError(f"Kafka 启动失败：\n{self._end_of_log()}", _advice(self._end_of_log()))

    def stop(self) -> None:
        """Stop the broker in order."""
        if self._process is None:
            return
        processes.end(processes.identify(self._process.pid), _SHUTDOWN)
        self._process.wait()
        self._process = None
        if self._archive and self._served:  # one that was stopped half-way has not met all classes
            self._archive.keep(self._recorded)
        self.pid_file.unlink(missing_ok=True)

    def end_leftover(self) -> bool:
        """End the broker a killed run has left in this folder; return whether there was one."""
        leftover = processes.read_pid_file(self.pid_file)
        return leftover is not None and processes.end(leftover, _SHUTDOWN)

    def _choices(self) -> list[tuple[int, int]]:
        """Return the ports to try: those of last time while they are free, then others."""
        kept = None
        with contextlib.suppress(OSError, ValueError):
            broker, controller = (int(port) for port in (self.directory / "ports").read_text().split())
            kept = (broker, controller)
        fresh = free_ports(6)
        choices = list(zip(fresh[::2], fresh[1::2], strict=True))
        return [kept, *choices] if kept and all(is_free(port) for port in kept) else choices

    def _write_properties(self, ports: tuple[int, int]) -> None:
        self._ports = ports
        (self.directory / "ports").write_text(f"{ports[0]} {ports[1]}")
        own = {"host": LOOPBACK, "broker": ports[0], "controller": ports[1], "data": self.directory / "data"}
        properties = self.directory / "server.properties"
        properties.touch(mode=0o600)  # a broker that asks for passwords has them in here
        properties.write_text("".join(f"{name}={value.format(**own)}\n" for name, value in self.settings.items()))

    @property
    def _recorded(self) -> Path:
        return self.directory / "classes.jsa"

    def _command(self, library: Path, options: list[str], main: str, *arguments: str) -> list[str]:
        return [
            str(java()),
            *_JVM,
            *options,
            f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}",
            "-cp",
            ":".join(str(jar) for jar in sorted(library.glob("*.jar"))),
            main,
            *arguments,
        ]

    def _format(self, library: Path) -> None:
        data = self.directory / "data"
        shutil.rmtree(data, ignore_errors=True)  # a first start that was cut short
        properties = str(self.directory / "server.properties")
        options = ClassArchive(java(), library).reading()
        command = self._command(
            library,
            options,
            "kafka.tools.StorageTool",
            "format",
            *self.formatting,
            "-t",
            self.cluster,
            "-c",
            properties,
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            text = done.stdout + done.stderr
            raise LocalError(f"Kafka 初始化失败：\n{text.strip()}", _advice(text))

    def _try(self, library: Path) -> bool:
        self._archive = ClassArchive(java(), library)
        options = self._archive.recording(self._recorded)
        command = self._command(library, options, "kafka.Kafka", str(self.directory / "server.properties"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, who stops us in order
            )
        processes.write_pid_file(self.pid_file, self._process.pid)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.pid and not self.halt.is_set():
            if self._answers():
                self._served = True
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def _answers(self) -> bool:
        """Return whether clients can connect; the port opens when the broker is ready to serve."""
        assert self._ports  # noqa: S101 - set before the broker starts
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self._ports[0]), timeout=1):
            return True
        return False

    def _end_of_log(self) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return ""


def new_cluster_id() -> str:
    """Return a random id as Kafka writes it; never one that begins like an option of a command line."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


def _advice(log: str) -> str:
    if "No space left" in log:
        return "磁盘已满：请清出空间后再试（No space left on device）。"
    if "UnsupportedClassVersionError" in log:
        return "Java 版本过低：请把 JAVA_HOME 指到 Java 17 以上版本，或取消设置它。"
    return ""
