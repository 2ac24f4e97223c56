"""A whole stack for the tests that span services: started once, stopped at the end, also when they fail."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onestop_local.stack import Home, Stack

START_SECONDS = 180
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Return a running stack of its own, on free ports."""
    name = f"test-{os.getpid()}"
    home = Home.of(name)
    log = home.directory.parent / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "onestop_local", "up", "--name", name],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not home.stack_file.exists():
            if supervisor.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the stack did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield Stack.read(name)
    finally:
        supervisor.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(60)
        supervisor.kill()
        supervisor.wait()
        if not request.session.testsfailed:  # else the logs of the processes stay in the stack's folder
            shutil.rmtree(home.directory, ignore_errors=True)
            log.unlink(missing_ok=True)
