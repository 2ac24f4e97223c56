"""A disk that fills up while a stack runs ends nobody's watch: everything comes back once there is room."""

import asyncio
import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from onestop_local import children, processes, servers
from onestop_local.children import Child, spawn
from onestop_local.servers import Servers
from onestop_local.stack import Home
from onestop_local.terminal import Screen

FULL = OSError(errno.ENOSPC, "No space left on device")


class Broker:
    """A server that is down, and for which there is no room the first two times."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.halt = asyncio.Event()
        self.tries = 0

    def restart(self) -> None:
        self.tries += 1
        if self.tries < 3:
            raise FULL
        self.pid = 1


class Told(Screen):
    """What a person at the terminal sees."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.well = asyncio.Event()

    def say(self, text: str, style: str = "") -> None:
        self.lines.append(text)
        if style == "green":
            self.well.set()


async def test_a_server_is_tried_again_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_POSTGRES_DSN", "postgresql://somewhere")
    monkeypatch.delenv("ONESTOP_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setattr(servers, "_WATCH_SECONDS", 0.01)
    ours, broker, told = Servers(Home("full", tmp_path)), Broker(), Told()
    monkeypatch.setattr(ours, "_kafka", broker)
    watching = asyncio.ensure_future(ours.watch(told))  # noqa: TID251 - ended below
    await asyncio.wait_for(told.well.wait(), 10)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert broker.tries == 3
    assert ["意外退出" in line for line in told.lines] == [True, False, False, False]
    assert ["No space left on device" in line for line in told.lines] == [False, True, True, False]


async def test_a_process_is_started_again_when_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told: list[int | OSError] = []
    room = asyncio.Event()

    async def start(*_given: Any) -> asyncio.subprocess.Process:
        if not told:
            raise FULL
        return await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")

    monkeypatch.setattr(children, "spawn", start)
    monkeypatch.setattr(children, "_FIRST_DELAY", 0.01)
    child = Child(
        "credit", Home("full", tmp_path), {}, lambda _child, code, _delay: told.append(code), lambda _child: room.set()
    )
    watching = asyncio.ensure_future(child.watch())  # noqa: TID251 - awaited below
    await asyncio.wait_for(room.wait(), 10)
    assert told == [FULL]
    assert child.pid
    await child.stop()
    await watching


async def test_a_process_that_cannot_be_noted_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    started: list[processes.Identity] = []

    def no_room(_path: Path, pid: int) -> None:
        started.append(processes.identify(pid))
        raise FULL

    monkeypatch.setattr(processes, "write_pid_file", no_room)
    with pytest.raises(OSError, match="No space left"):
        await spawn(Home("full", tmp_path), "svc-credit", ["serve"], "credit", dict(os.environ))
    assert len(started) == 1
    assert not started[0].is_alive()
