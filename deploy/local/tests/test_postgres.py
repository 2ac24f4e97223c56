"""PostgreSQL out of the wheel."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from onestop_local import postgres, processes
from onestop_local.errors import LocalError
from onestop_local.postgres import Postgres
from onestop_local.testing.servers import Servers, sweep

START = """
import sys
from pathlib import Path
from onestop_local.postgres import Postgres
server = Postgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, server.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    made = Postgres(tmp_path / "postgres", durable=False)
    made.start()
    yield made
    made.stop()


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


async def test_two_servers_run_side_by_side(server: Postgres, tmp_path: Path):
    other = Postgres(tmp_path / "other", version=16, durable=False)
    other.start()
    try:
        assert server.port != other.port
        assert server.password != other.password
        assert str(await ask(server.dsn, "SHOW server_version")).startswith("18.")
        assert str(await ask(other.dsn, "SHOW server_version")).startswith("16.")
    finally:
        other.stop()


async def test_a_server_lets_nobody_in_without_the_password(server: Postgres):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.dsn_of("postgres", password="guessed"), "SELECT 1")


async def test_data_and_port_outlive_a_restart(server: Postgres, tmp_path: Path):
    port = server.port
    await ask(server.dsn, "CREATE TABLE kept AS SELECT 1 AS one")
    server.stop()
    again = Postgres(tmp_path / "postgres", durable=False)
    again.start()
    try:
        assert again.port == port
        assert await ask(again.dsn, "SELECT one FROM kept") == 1
    finally:
        again.stop()


async def test_a_crashed_server_comes_back_where_its_clients_look_for_it(server: Postgres):
    port, pid = server.port, server.pid
    assert pid
    kill(pid)
    assert server.pid is None
    server.restart()
    assert server.port == port
    assert await ask(server.dsn, "SELECT 1") == 1


def test_the_server_of_a_killed_run_is_ended_by_the_next_one(tmp_path: Path):
    folder = tmp_path / "postgres"
    command = [sys.executable, "-c", START, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        assert run.stdout is not None
        pid, port = (int(word) for word in run.stdout.readline().split())
        leftover = processes.identify(pid)
        run.kill()
    assert leftover.is_alive()
    server = Postgres(folder, durable=False)
    server.start()
    try:
        assert not leftover.is_alive()
        assert server.port == port
    finally:
        server.stop()


async def test_a_lock_file_whose_pid_belongs_to_somebody_else_is_no_obstacle(server: Postgres):
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    server.stop()
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    assert await ask(server.dsn, "SELECT 1") == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


async def test_where_root_has_no_namespaces_the_server_runs_as_another_user(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    root = os.geteuid() == 0  # an ordinary user simply stays who he is
    user, group = postgres._unprivileged()
    prefix = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups") if root else ()
    monkeypatch.setattr(postgres, "as_ordinary_user", lambda: prefix)
    server = Postgres(open_folder / "stack" / "postgres", durable=False)
    server.start()
    try:
        assert await ask(server.dsn, "SELECT 1") == 1
        assert server.data.stat().st_uid == (user if root else os.geteuid())
    finally:
        server.stop()


def test_a_start_that_was_given_up_says_so(tmp_path: Path):
    server = Postgres(tmp_path / "postgres", durable=False)
    server.halt.set()
    with pytest.raises(LocalError, match="取消"):
        server.start()
    assert server.pid is None


def test_what_a_killed_test_session_has_left_is_swept(tmp_path: Path):
    servers = Servers(tmp_path)
    servers.postgres()
    folder = next(tmp_path.glob("session-*"))
    leftover = processes.read_pid_file(folder / "postgres" / "server.pid.json")
    assert leftover
    assert sweep(tmp_path) == []  # its session, we, still runs
    (folder / "session.pid.json").write_text('{"pid": 1, "started": "long ago"}')
    assert sweep(tmp_path) == [folder]
    assert not leftover.is_alive()
    assert not folder.exists()
    servers.stop()
