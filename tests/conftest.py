"""A whole stack for the tests that span services: started once, stopped at the end, also when they fail."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from onestop_local.stack import Home, Stack

START_SECONDS = 180
ROOT = Path(__file__).parents[1]


class Collector(ThreadingHTTPServer):
    """Takes the spans of a stack, as an OpenTelemetry collector does.

    Attributes:
        taken: bodies of the requests (OTLP, protobuf).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, collector: Collector) -> Iterator[Stack]:
    """Return a running stack of its own, on free ports, that sends a span of every request to the collector."""
    name = f"test-{os.getpid()}"
    home = Home.of(name)
    log = home.directory.parent / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "onestop_local", "up", "--name", name],
            cwd=ROOT,
            env={**os.environ, "ONESTOP_OTLP_ENDPOINT": collector.url, "ONESTOP_TRACE_RATIO": "1"},
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
