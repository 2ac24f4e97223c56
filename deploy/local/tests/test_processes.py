"""A process is known by pid and start time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onestop_local import processes

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_running_process_is_found_by_its_pid_file(tmp_path: Path, sleeper: subprocess.Popen[bytes]):
    processes.write_pid_file(tmp_path / "it.json", sleeper.pid)
    found = processes.read_pid_file(tmp_path / "it.json")
    assert found == processes.identify(sleeper.pid)


def test_a_pid_used_again_by_another_process_is_not_taken_for_ours(tmp_path: Path, sleeper: subprocess.Popen[bytes]):
    (tmp_path / "it.json").write_text(json.dumps({"pid": sleeper.pid, "started": "another-boot/1"}))
    assert processes.read_pid_file(tmp_path / "it.json") is None


@pytest.mark.parametrize("content", ["", "{}", '{"pid": "x", "started": 1}', "[]"])
def test_a_damaged_pid_file_names_nobody(tmp_path: Path, content: str):
    (tmp_path / "it.json").write_text(content)
    assert processes.read_pid_file(tmp_path / "it.json") is None


def test_a_zombie_does_not_run(sleeper: subprocess.Popen[bytes]):
    identity = processes.identify(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has collected it
    assert not identity.is_alive()


def test_a_process_that_ignores_the_signal_is_killed():
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        process.stdout.readline()
        started = time.monotonic()
        assert processes.end(processes.identify(process.pid), ((signal.SIGTERM, 0.2),))
        assert process.wait() == -signal.SIGKILL
        assert time.monotonic() - started < 5


def test_ending_what_has_ended_does_nothing(sleeper: subprocess.Popen[bytes]):
    identity = processes.identify(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not processes.end(identity)
