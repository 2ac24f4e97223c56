"""The processes of the platform: started, watched, started again when they crash, stopped in order."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from onestop_local import processes
from onestop_local.stack import Home
from onestop_local.workspace import package_name, process_name

STOP_SECONDS = 25.0
"""A process drains its requests for up to 20 seconds."""
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 30.0
_STEADY_SECONDS = 30.0
"""A process that ran this long did not crash because of how it was started."""
_LOG_BYTES = 64 << 20


class Child:
    """One process of the platform.

    Attributes:
        name: `gateway`, `svc-catalog`, …
        crashes: how often it ended without being asked since it last ran steadily.
        on_crash: told about every unexpected end, or why it could not be started, and the seconds until the next start.
        on_start: told about every new process.
    """

    def __init__(
        self,
        service: str,
        home: Home,
        environment: dict[str, str],
        on_crash: Callable[["Child", int | OSError, float], None],
        on_start: Callable[["Child"], None],
    ) -> None:
        self.service = service
        self.name = process_name(service)
        self.crashes = 0
        self.on_crash = on_crash
        self.on_start = on_start
        self._home = home
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def log(self) -> Path:
        """Where it writes its log."""
        return self._home.log_file(self.name)

    async def watch(self) -> None:
        """Start the process and start it again whenever it ends by itself; returns after `stop`."""
        delay = _FIRST_DELAY
        while not self._stopping:
            started = time.monotonic()
            code = await self._run()
            if self._is_stopping():
                return
            if time.monotonic() - started > _STEADY_SECONDS:
                delay, self.crashes = _FIRST_DELAY, 0
            self.crashes += 1
            self.on_crash(self, code, delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _run(self) -> int | OSError:
        """Run the process once; return how it ended, or why it could not be started: a full disk, for example."""
        try:
            self._process = await spawn(self._home, self.name, ["serve"], self.service, self._environment)
            self.on_start(self)
        except OSError as error:
            return error
        return await self._process.wait()

    def _is_stopping(self) -> bool:
        return self._stopping

    async def stop(self) -> None:
        """Ask the process to end, wait while it drains, then insist."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._home.pid_file(self.name).unlink(missing_ok=True)

    def kill(self) -> None:
        """End the process at once."""
        self._stopping = True
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


async def spawn(
    home: Home, name: str, arguments: list[str], service: str, environment: dict[str, str]
) -> asyncio.subprocess.Process:
    """Start `python -m <package> <arguments>` with its log and pid file in the stack's folder."""
    log_file, pid_file = home.log_file(name), home.pid_file(name)
    for folder in (log_file.parent, pid_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > _LOG_BYTES:
        log_file.replace(log_file.with_suffix(".1.log"))
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the stack's folder is no place to import from
            "-m",
            package_name(service),
            *arguments,
            env=environment,
            cwd=home.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, which stops us in order
        )
    try:
        processes.write_pid_file(pid_file, process.pid)
    except OSError:  # nobody would find it again
        process.kill()
        await process.wait()
        raise
    return process


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 32_768, 0))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
