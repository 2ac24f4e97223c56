"""A whole stack with real servers; the six processes are small stand-ins that answer `/readyz`."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from onestop_local import processes, supervisor
from onestop_local.errors import LocalError
from onestop_local.people import PEOPLE
from onestop_local.ports import free_port
from onestop_local.readiness import is_ready
from onestop_local.stack import Home, Stack
from onestop_local.supervisor import Supervisor, only_supervisor
from onestop_local.terminal import Screen
from onestop_local.workspace import SERVICES, package_name

STAND_IN = """
import asyncio, os, signal, sys
from pathlib import Path

name = __package__.removeprefix("svc_").upper()
if os.environ.get("BROKEN") == f"{sys.argv[1]} {name}":
    sys.exit("no good")
if sys.argv[1] == "prepare":
    with Path(f"prepared-{name}").open("a") as file:
        file.write(os.environ["ONESTOP_SEED_FILE"] + "\\n")
    sys.exit()


async def answer(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    await writer.drain()
    writer.close()


async def serve():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.start_server(answer, "127.0.0.1", int(os.environ[f"ONESTOP_{name}_PORT"]))
    await stop.wait()


asyncio.run(serve())
"""
COME_UP_SECONDS = 60.0


@dataclass
class Run:
    """A command on a stack, in a process of its own."""

    process: subprocess.Popen[bytes]
    home: Home
    output: Path

    def printed(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text()

    def stack(self) -> dict[str, Any]:
        """Return `stack.json` once the stack is ready."""
        wait(lambda: self.home.stack_file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.printed()
        return json.loads(self.home.stack_file.read_text())  # type: ignore[no-any-return]

    def end(self, number: int = signal.SIGINT) -> str:
        """Send a signal and return what was printed."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> str:
        """Wait for the end and return what was printed."""
        self.process.wait(COME_UP_SECONDS)
        return self.printed()


class Place:
    """A folder for stacks, and stand-ins for the six processes in it."""

    def __init__(self, folder: Path, kafka: str) -> None:
        self.folder = folder
        for service in ("gateway", *SERVICES):
            package = folder / "stand-ins" / package_name(service)
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "__main__.py").write_text(STAND_IN)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("ONESTOP_")} | {
            "ONESTOP_STATE": str(folder / "state"),
            "ONESTOP_KAFKA_BOOTSTRAP": kafka,
            "PYTHONPATH": str(folder / "stand-ins"),
        }
        self._runs: list[Run] = []

    def run(self, verb: str, name: str = "default", **variables: str) -> Run:
        """Start `python -m onestop_local <verb>` for the stack `name`; an empty variable is not set at all."""
        environment = {key: value for key, value in (self.environment | variables).items() if value}
        output = self.folder / f"output-{len(self._runs)}"
        with output.open("w") as file:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "onestop_local", verb, "--name", name],
                env=environment,
                stdout=file,
                stderr=file,
            )
        self._runs.append(Run(process, Home(name, self.folder / "state" / name), output))
        return self._runs[-1]

    def close(self) -> None:
        """Stop whatever a test has left."""
        for one in self._runs:
            if one.process.poll() is None:
                one.end()
        for name in {one.home.name for one in self._runs}:
            self.run("down", name).wait()


def wait(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + COME_UP_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def place(tmp_path: Path, kafka: str) -> Iterator[Place]:
    made = Place(tmp_path, kafka)
    yield made
    made.close()


@pytest.fixture(scope="module")
def busy_place(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("busy"), kafka)
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(busy_place: Place) -> Run:
    """A stack that several tests look at."""
    run = busy_place.run("up")
    run.stack()
    return run


def test_a_ready_stack_says_what_others_may_rely_on(running: Run, monkeypatch: pytest.MonkeyPatch):
    stack = running.stack()
    assert stat.S_IMODE(running.home.stack_file.stat().st_mode) == 0o600
    assert list(stack) == ["format", "name", "gateway", "services", "kafka", "processes", "people", "clients"]
    assert (stack["format"], stack["name"]) == (1, "default")
    assert stack["gateway"]["url"] == stack["gateway"]["issuer"]
    assert list(stack["services"]) == list(SERVICES)
    assert list(stack["processes"]) == ["gateway", *(f"svc-{service}" for service in SERVICES)]
    assert {tuple(service) for service in stack["services"].values()} == {("url", "dsn")}
    assert (list(stack["gateway"]), list(stack["kafka"])) == (["url", "issuer"], ["bootstrap"])
    assert {tuple(person) for person in stack["people"].values()} == {
        ("username", "password", "roles", "agency", "acts_for")
    }
    assert stack["people"]["agent"]["acts_for"] == ["91130371MA7001010P"]
    assert stack["people"]["window_clerk"]["agency"] == "11130371037107039Y"
    client = ("client_id", "redirect_uris", "post_logout_redirect_uris", "token_endpoint_auth_method")
    assert {key: (one["token_endpoint_auth_method"], tuple(one)) for key, one in stack["clients"].items()} == {
        "web": ("none", client),
        "web_2": ("none", client),
        "mobile": ("none", client),
        "hall": ("client_secret_basic", (*client, "client_secret")),
        "department": ("private_key_jwt", (*client, "private_jwk")),
    }
    assert len(stack["clients"]["hall"]["client_secret"]) >= 32
    assert stack["clients"]["department"]["private_jwk"]["d"]
    monkeypatch.setenv("ONESTOP_STATE", str(running.home.directory.parent))
    assert Stack.read("default").person("agent") == stack["people"]["agent"]


def test_the_terminal_shows_the_addresses_and_who_can_sign_in(running: Run):
    stack = running.stack()
    wait(lambda: "Ctrl-C" in running.printed())
    assert stack["gateway"]["url"] in running.printed()
    for person in PEOPLE:
        assert f"{stack['people'][person.key]['password']}  {person.name}" in " ".join(running.printed().split("  "))


def test_status_says_that_every_process_is_ready(busy_place: Place, running: Run):
    status = busy_place.run("status")
    assert status.wait().count("✔") == 6
    assert status.process.returncode == 0
    assert running.process.poll() is None


def test_a_stack_that_runs_is_not_started_twice(busy_place: Place, running: Run):
    second = busy_place.run("up")
    assert f"环境 default 已在运行（进程 {running.process.pid}）" in second.wait()
    assert "make down" in second.printed()
    assert second.process.returncode == 1


def test_a_port_that_another_stack_has_is_said_at_once(busy_place: Place, running: Run):
    taken = running.stack()["gateway"]["url"].rpartition(":")[2]
    other = busy_place.run("up", "other", ONESTOP_PORT=taken)
    assert f"端口 {taken} 已被占用" in other.wait()
    assert other.process.returncode == 1


def test_a_second_stack_runs_beside_it_until_somebody_stops_it(busy_place: Place, running: Run):
    beside = busy_place.run("up", "beside")
    one, other = running.stack(), beside.stack()
    assert answers(one["gateway"]["url"])
    assert answers(other["gateway"]["url"])
    assert not set(one["processes"].values()) & set(other["processes"].values())
    assert one["services"]["intake"]["dsn"] != other["services"]["intake"]["dsn"]
    assert "环境 beside 已停止" in busy_place.run("down", "beside").wait()
    assert beside.process.wait(10) == 0
    assert not answers(other["gateway"]["url"])


def test_a_killed_process_is_reported_and_started_again(running: Run):
    before = running.stack()
    os.kill(before["processes"]["svc-intake"], signal.SIGKILL)
    wait(lambda: running.stack()["processes"].get("svc-intake") not in {None, before["processes"]["svc-intake"]})
    wait(lambda: answers(before["services"]["intake"]["url"]))
    assert "svc-intake 被信号 SIGKILL 终止" in running.printed()


def test_a_killed_postgres_comes_back(running: Run):
    killed = processes.read_pid_file(running.home.directory / "postgres-18" / "server.pid.json")
    assert killed
    os.kill(killed.pid, signal.SIGKILL)
    wait(lambda: "PostgreSQL 已恢复" in running.printed())


def test_ctrl_c_leaves_nothing_behind_and_the_next_start_prepares_nothing_again(place: Place):
    run = place.run("up")
    stack = run.stack()
    postgres = processes.read_pid_file(run.home.directory / "postgres-18" / "server.pid.json")
    ours = [processes.identify(pid) for pid in stack["processes"].values()]
    assert postgres
    assert "环境 default 已停止" in run.end()
    assert run.process.returncode == 0
    assert not any(one.is_alive() for one in (*ours, postgres))
    assert not run.home.stack_file.exists()
    assert not list((run.home.directory / "run").iterdir())
    again = place.run("up")
    assert again.stack()["people"] == stack["people"]
    prepared = (run.home.directory / "prepared-INTAKE").read_text()
    assert prepared == f"{run.home.secrets / 'seed.json'}\n"  # one line: prepared once


def test_the_next_start_ends_what_a_killed_supervisor_has_left(place: Place):
    run = place.run("up", ONESTOP_KAFKA_BOOTSTRAP="")  # with a Kafka of its own
    stack = run.stack()
    kafka = processes.read_pid_file(run.home.directory / "kafka" / "server.pid.json")
    left = [processes.identify(pid) for pid in stack["processes"].values()]
    run.end(signal.SIGKILL)
    assert kafka
    assert all(one.is_alive() for one in (*left, kafka))
    again = place.run("up", ONESTOP_KAFKA_BOOTSTRAP="")
    wait(lambda: not any(one.is_alive() for one in (*left, kafka)))
    assert again.stack()["kafka"] == stack["kafka"]
    assert "已结束上次遗留的进程" in again.printed()
    assert "svc-intake" in again.printed()


@pytest.mark.parametrize(
    ("broken", "said"), [("prepare WORKFLOW", "svc-workflow 准备数据失败"), ("serve CREDIT", "svc-credit 无法启动")]
)
def test_a_process_that_does_not_come_up_ends_the_start_with_its_log(place: Place, broken: str, said: str):
    run = place.run("up", BROKEN=broken)
    printed = run.wait()
    assert run.process.returncode == 1
    assert said in printed
    assert "no good" in printed
    assert "Traceback" not in printed
    assert not run.home.stack_file.exists()
    assert not list((run.home.directory / "run").iterdir())


class StepNotShown(Exception):
    """What a demo raises when the platform did not do what it should."""


async def test_what_is_done_on_a_ready_stack_decides_how_the_command_ends(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    home = Home("default", place.folder / "state" / "default")
    seen: list[str] = []

    async def tell(stack: Stack) -> None:
        seen.append(stack.url)
        assert await is_ready(int(stack.url.rpartition(":")[2]))

    async def fail(_stack: Stack) -> None:
        raise StepNotShown

    with only_supervisor(home):
        await Supervisor(home, Screen()).run(tell)
        assert not answers(seen[0])
        with pytest.raises(StepNotShown):
            await Supervisor(home, Screen()).run(fail)
    assert not home.stack_file.exists()
    assert not list((home.directory / "run").iterdir())


async def test_a_full_disk_is_said_before_anything_starts(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "_ROOM_BYTES", 1 << 60)
    home = Home("default", place.folder / "state" / "default")
    with only_supervisor(home), pytest.raises(LocalError, match="磁盘空间不足") as caught:
        await Supervisor(home, Screen()).run()
    assert "ONESTOP_STATE" in caught.value.advice
    assert not (home.directory / "secrets").exists()


def test_without_network_the_first_start_says_what_it_needs(place: Place):
    run = place.run(
        "up",
        ONESTOP_KAFKA_BOOTSTRAP="",
        ONESTOP_CACHE=str(place.folder / "cache"),
        ONESTOP_MAVEN_REPOSITORY=f"http://127.0.0.1:{free_port()}",
    )
    printed = run.wait()
    assert run.process.returncode == 1
    assert "无法下载 Kafka 组件" in printed
    assert "检查网络" in printed
    assert "Traceback" not in printed
    assert not list((place.folder / "cache").glob("kafka-*"))


@pytest.mark.parametrize("name", ["Mixed", "a/b", "..", "-x", "x" * 40])
def test_a_name_that_is_none_is_refused(name: str):
    with pytest.raises(LocalError, match="环境名称不可用"):
        Home.of(name)
