"""Processes known by pid and start time, so that a pid used again is never taken for the old one."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Identity:
    """One run of one process.

    Attributes:
        pid: process id.
        started: when it started, in the system's own words; differs for a later process with the same pid.
    """

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return start_mark(self.pid) == self.started


def start_mark(pid: int) -> str | None:
    """Return when the process `pid` started, None when there is none or only its zombie."""
    if Path("/proc/self/stat").exists():
        return _start_mark_linux(pid)
    listed = subprocess.run(  # noqa: S603 - the pid is a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(int(pid))], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, started = listed.partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def _start_mark_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[19].decode()}"


def identify(pid: int) -> Identity:
    """Return the identity of a running process; one that has just ended gets an identity that is not alive."""
    return Identity(pid, start_mark(pid) or "ended")


def write_pid_file(path: Path, pid: int) -> None:
    """Note in `path` that the process `pid` is ours."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(identify(pid))))
    temporary.replace(path)


def read_pid_file(path: Path) -> Identity | None:
    """Return the process noted in `path` if that very process still runs."""
    try:
        noted = json.loads(path.read_text())
        identity = Identity(int(noted["pid"]), str(noted["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if identity.is_alive() else None


def end(identity: Identity, signals: Sequence[tuple[int, float]] = ((signal.SIGTERM, 10.0),)) -> bool:
    """End a process: each signal in turn with the seconds it is given, then SIGKILL.

    Returns:
        Whether there was anything to end.
    """
    if not identity.is_alive():
        return False
    for number, seconds in (*signals, (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not identity.is_alive():
                return True
            time.sleep(_POLL_SECONDS)
    return True
