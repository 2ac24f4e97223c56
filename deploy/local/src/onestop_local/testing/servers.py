"""The servers of one pytest session, in a temporary folder that the next session clears if this one is killed."""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from onestop_local import processes
from onestop_local.kafka import Kafka
from onestop_local.postgres import DEFAULT_VERSION, Postgres

_MEMORY = Path("/dev/shm")  # noqa: S108 - ours is a folder below it, for this user alone
_ENOUGH_BYTES = 4 << 30


def _base() -> Path:
    """Return where the folders of sessions lie: in memory if there is plenty (a database is cloned 15 × faster)."""
    roomy = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    return Path(_MEMORY if roomy else tempfile.gettempdir()) / f"onestop-tests-{os.getuid()}"


def sweep(base: Path) -> list[Path]:
    """End the servers of sessions that were killed and remove their folders; return these."""
    swept = []
    for folder in sorted(base.glob("session-*")):
        owner = folder / "session.pid.json"
        if not owner.exists() or processes.read_pid_file(owner):
            continue
        Postgres(folder / "postgres").end_leftover()
        Kafka(folder / "kafka").end_leftover()
        shutil.rmtree(folder, ignore_errors=True)
        swept.append(folder)
    return swept


class Servers:
    """Starts each server when it is first asked for; stops what was started."""

    def __init__(self, base: Path | None = None) -> None:
        self._base = base or _base()
        self._folder: Path | None = None
        self._postgres: Postgres | None = None
        self._kafka: Kafka | None = None

    def postgres(self, version: int | None = None) -> str:
        """Return the superuser's DSN of a server that forgets on power loss, never on a crash of its own."""
        if self._postgres is None:
            folder = self._open() / "postgres"
            self._postgres = Postgres(folder, version=version or DEFAULT_VERSION, durable=False)
            self._postgres.start()
        return self._postgres.dsn

    def kafka(self) -> str:
        """Return the bootstrap address of a broker."""
        if self._kafka is None:
            self._kafka = Kafka(self._open() / "kafka")
            self._kafka.start()
        return self._kafka.bootstrap

    def stop(self) -> None:
        """Stop what was started and remove the folder."""
        if self._folder is None:
            return
        for server in (self._kafka, self._postgres):
            if server:
                server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        atexit.unregister(self.stop)

    def _open(self) -> Path:
        if self._folder is None:
            self._base.mkdir(mode=0o711, exist_ok=True)
            sweep(self._base)
            self._folder = Path(tempfile.mkdtemp(dir=self._base, prefix="session-"))
            self._folder.chmod(0o711)  # where root cannot use a namespace, the server is another user
            processes.write_pid_file(self._folder / "session.pid.json", os.getpid())
            with contextlib.suppress(RuntimeError):
                atexit.register(self.stop)
        return self._folder
