"""Brings a stack up, keeps it up, takes it down: PostgreSQL, Kafka and the six processes, in order."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from onestop_local import processes
from onestop_local.children import Child, spawn, tail
from onestop_local.clients import CLIENTS
from onestop_local.databases import revision
from onestop_local.environment import Addresses, environment, preparing
from onestop_local.errors import LocalError
from onestop_local.people import PEOPLE
from onestop_local.ports import choose_ports
from onestop_local.preparation import fingerprint, is_prepared, remember
from onestop_local.readiness import is_ready, until_listening
from onestop_local.secrecy import Secrets, write_private
from onestop_local.servers import Servers
from onestop_local.stack import FORMAT, Home, Stack
from onestop_local.terminal import Screen, show_stack
from onestop_local.workspace import SERVICES, process_name

PROCESSES = ("gateway", *SERVICES)
_READY_SECONDS = 90.0
_HOPELESS = 4
"""A process that ends this often before it was ever ready will not make it."""
_LISTENING_SECONDS = 10.0
"""Whoever has not opened his port by then lets the next one start all the same."""
_ROOM_BYTES = 1 << 30
_PREPARED_AT_ONCE = 2
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

AfterReady = Callable[[Stack], Awaitable[None]]


@contextmanager
def only_supervisor(home: Home) -> Iterator[None]:
    """Hold the stack for this process.

    Raises:
        LocalError: when another live process supervises it.
    """
    home.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home.directory / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            running = home.supervisor()
            number = f"（进程 {running.pid}）" if running else ""
            raise LocalError(
                f"环境 {home.name} 已在运行{number}。",
                "停止它：make down；另起一套：ONESTOP_STACK=名称 make up。",
            ) from error
        processes.write_pid_file(home.supervisor_file, os.getpid())
        try:
            yield
        finally:
            home.supervisor_file.unlink(missing_ok=True)


def end_leftovers(home: Home) -> list[str]:
    """End what a killed supervisor has left of this stack, known by pid and start time; return the names."""
    home.stack_file.unlink(missing_ok=True)  # nobody shall take a dead stack for a live one
    ended = []
    for pid_file in sorted((home.directory / "run").glob("*.pid.json")):
        leftover = processes.read_pid_file(pid_file)
        if leftover and processes.end(leftover, ((signal.SIGTERM, 5.0),)):
            ended.append(pid_file.name.removesuffix(".pid.json"))
        pid_file.unlink(missing_ok=True)
    return ended + Servers(home).end_leftovers()


class Supervisor:
    """One stack from start to stop."""

    def __init__(self, home: Home, screen: Screen) -> None:
        self._home = home
        self._screen = screen
        self._servers = Servers(home)
        self._children: dict[str, Child] = {}
        self._watching: list[asyncio.Task[None]] = []
        self._preparing: set[asyncio.subprocess.Process] = set()
        self._cores = asyncio.Semaphore((os.cpu_count() or 1) + 1)
        self._stop = asyncio.Event()
        self._stop_asked = 0.0
        self._hopeless: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready = False
        self._secrets: Secrets | None = None
        self._addresses: Addresses | None = None

    async def run(self, after_ready: AfterReady | None = None) -> None:
        """Bring the stack up, do `after_ready` or wait until somebody stops us, take it down.

        Raises:
            LocalError: when the stack does not come up.
        """
        loop = asyncio.get_running_loop()
        for number in _STOPS:
            loop.add_signal_handler(number, self._stop_was_asked)
        try:
            await self._unless_stopped(self._start())
            if self._stop.is_set():
                return
            stack = Stack.read(self._home.name)
            if after_ready:
                await self._unless_stopped(after_ready(stack))
            else:
                show_stack(self._screen.console, stack.document, str(self._home.directory))
                self._screen.say("按 Ctrl-C 停止全部进程。", style="dim")
                await self._stop.wait()
        finally:
            await self._take_down()
            for number in _STOPS:
                loop.remove_signal_handler(number)

    def _stop_was_asked(self) -> None:
        """Stop in order; asked again later, stop at once."""
        if not self._stop.is_set():
            self._stop.set()
            self._stop_asked = time.monotonic()
        elif time.monotonic() - self._stop_asked > 1.0:  # not the same Ctrl-C passed on by make
            for child in self._children.values():
                child.kill()

    async def _unless_stopped(self, work: Awaitable[None]) -> None:
        """Do `work` until it ends, fails, or somebody stops us."""
        working = asyncio.ensure_future(work)  # noqa: TID251 - awaited right here
        stopping = asyncio.ensure_future(self._stop.wait())  # noqa: TID251 - awaited right here
        try:
            ends: set[asyncio.Future[Any]] = {working, stopping, self._hopeless}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not working.done():
                working.cancel()
                with contextlib.suppress(asyncio.CancelledError, LocalError):
                    await working
        if self._hopeless.done():
            self._hopeless.result()
        if not self._stop.is_set():
            working.result()

    async def _start(self) -> None:
        self._require_room()
        started = time.monotonic()
        leftovers = await asyncio.to_thread(end_leftovers, self._home)
        if leftovers:
            self._screen.say(f" 已结束上次遗留的进程：{'、'.join(leftovers)}", style="yellow")
        self._secrets = await asyncio.to_thread(Secrets, self._home.secrets)
        ports = choose_ports(self._home.directory / "ports.json", PROCESSES)
        self._addresses = Addresses(ports=ports, dsns={}, kafka=self._servers.kafka_address())
        with self._screen:
            topics, all_started = asyncio.Event(), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_kafka(topics))
                group.create_task(self._start_platform(topics, all_started))
                group.create_task(self._until_ready(all_started))
        self._ready = True
        self._write_stack()
        self._watching.append(asyncio.ensure_future(self._servers.watch(self._screen)))  # noqa: TID251 - kept
        self._screen.say(f" 环境 {self._home.name} 就绪，用时 {time.monotonic() - started:.1f} 秒。", style="green")

    def _require_room(self) -> None:
        free = shutil.disk_usage(self._home.directory).free
        if free < _ROOM_BYTES:
            raise LocalError(
                f"磁盘空间不足：{self._home.directory} 只剩 {free >> 20} MB，至少需要 {_ROOM_BYTES >> 20} MB。",
                "请清出空间，或用 ONESTOP_STATE 把状态目录放到别处。",
            )

    async def _start_kafka(self, topics: asyncio.Event) -> None:
        if self._servers.has_topics():
            topics.set()  # from an earlier start; who starts before the broker waits for it
        async with self._cores:
            await self._servers.start_kafka(self._screen)
        topics.set()

    async def _start_platform(self, topics: asyncio.Event, all_started: asyncio.Event) -> None:
        """Start PostgreSQL, prepare what has to be prepared, start every process as soon as it can be."""
        assert self._addresses  # noqa: S101 - set before
        assert self._secrets  # noqa: S101 - set before
        dsns = await self._servers.start_postgres(self._screen, self._secrets, PROCESSES)
        self._addresses = replace(self._addresses, dsns=dsns)
        turn = asyncio.Semaphore(_PREPARED_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for service in PROCESSES:
                group.create_task(self._start_process(service, turn, topics))
        all_started.set()

    async def _start_process(self, service: str, turn: asyncio.Semaphore, topics: asyncio.Event) -> None:
        assert self._addresses  # noqa: S101 - set before
        assert self._secrets  # noqa: S101 - set before
        wanted = await asyncio.to_thread(fingerprint, service, self._secrets.seed_file)
        dsn = self._addresses.dsns[service]
        if not is_prepared(self._home, service, wanted, await revision(dsn)):
            async with turn:
                await self._prepare(service)
            remember(self._home, service, wanted, await revision(dsn))
        await topics.wait()
        told = environment(service, self._home, self._addresses, self._secrets)
        (self._home.directory / "files" / service).mkdir(parents=True, exist_ok=True)
        child = Child(service, self._home, told, self._crashed, self._started)
        async with self._cores:  # starting is all computing: many more than cores only make everybody wait
            self._children[service] = child
            self._watching.append(asyncio.ensure_future(child.watch()))  # noqa: TID251 - kept, ended by its stop
            await until_listening(self._addresses.ports[service], _LISTENING_SECONDS)

    async def _prepare(self, service: str) -> None:
        assert self._addresses  # noqa: S101 - set before
        assert self._secrets  # noqa: S101 - set before
        name = f"{process_name(service)}-prepare"
        with self._screen.step(f"{process_name(service)} 建表与初始数据"):
            told = preparing(service, self._home, self._addresses, self._secrets)
            process = await spawn(self._home, name, ["prepare"], service, told)
            self._preparing.add(process)
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
            finally:
                self._preparing.discard(process)
                self._home.pid_file(name).unlink(missing_ok=True)
            if code != 0:
                log = self._home.log_file(name)
                text = tail(log)
                raise LocalError(f"{process_name(service)} 准备数据失败（退出码 {code}）：\n{text}", f"完整日志：{log}")

    async def _until_ready(self, all_started: asyncio.Event) -> None:
        """Wait until every process says that it is ready, each a while at most from its start."""
        assert self._addresses  # noqa: S101 - set before
        waiting = dict(self._addresses.ports)
        deadline = time.monotonic() + _READY_SECONDS
        with self._screen.step("六个进程启动") as step:
            while waiting:
                for service in list(waiting):
                    if await is_ready(waiting[service]):
                        del waiting[service]
                names = "、".join(process_name(service) for service in waiting)
                step.update(f"等待 {names}")
                if not all_started.is_set():
                    deadline = time.monotonic() + _READY_SECONDS
                if time.monotonic() > deadline:
                    logs = self._home.directory / "logs"
                    raise LocalError(f"{names} 在 {_READY_SECONDS:.0f} 秒内没有就绪。", f"请查看 {logs} 下的日志。")
                if waiting:
                    await asyncio.sleep(0.1)

    def _crashed(self, child: Child, code: int | OSError, delay: float) -> None:
        if isinstance(code, OSError):
            said = f"不能启动（{code.strerror}）"
        else:
            said = f"被信号 {signal.Signals(-code).name} 终止" if code < 0 else f"意外退出（{code}）"
        self._screen.say(f" {child.name} {said}，{delay:.1f} 秒后重新启动。", style="yellow")
        if not self._ready and child.crashes >= _HOPELESS and not self._hopeless.done():
            self._hopeless.set_exception(
                LocalError(f"{child.name} 无法启动：\n{tail(child.log)}", f"完整日志：{child.log}")
            )

    def _started(self, _child: Child) -> None:
        if self._ready:
            try:
                self._write_stack()  # a process that was started again has another id
            except OSError as error:
                self._screen.say(f" 无法更新 {self._home.stack_file}：{error.strerror}", style="red")

    def _write_stack(self) -> None:
        assert self._addresses  # noqa: S101 - set before
        assert self._secrets  # noqa: S101 - set before
        write_private(
            self._home.stack_file,
            json.dumps(
                describe(self._home, self._addresses, self._secrets, self._children), ensure_ascii=False, indent=1
            ),
        )

    async def _take_down(self) -> None:
        """Stop the gateway, then the services, then the servers: nobody is cut off in the middle of a request."""
        self._home.stack_file.unlink(missing_ok=True)
        self._stop.set()
        if self._children or self._servers.started:
            self._screen.say(" 正在停止……", style="dim")
        gateway = self._children.get("gateway")
        if gateway:
            await gateway.stop()
        await asyncio.gather(*(child.stop() for child in self._children.values()))
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self._servers.stop()
        if self._children:
            self._screen.say(f" 环境 {self._home.name} 已停止。", style="dim")


def describe(home: Home, addresses: Addresses, secrets: Secrets, children: dict[str, Child]) -> dict[str, object]:
    """Return the document that others rely on."""
    return {
        "format": FORMAT,
        "name": home.name,
        "gateway": {"url": addresses.url("gateway"), "issuer": addresses.url("gateway")},
        "services": {one: {"url": addresses.url(one), "dsn": addresses.dsns[one]} for one in SERVICES},
        "kafka": {"bootstrap": addresses.kafka},
        "processes": {process_name(one): children[one].pid for one in PROCESSES if children[one].pid},
        "people": {
            one.key: {
                "username": one.key,
                "password": secrets.person_password(one.key),
                "roles": list(one.roles),
                "agency": one.appointment.agency if one.appointment else None,
                "acts_for": [company.credit_code for company in one.acts_for],
            }
            for one in PEOPLE
        },
        "clients": {
            one.key: {
                "client_id": one.client_id,
                "redirect_uris": list(one.redirect_uris),
                "post_logout_redirect_uris": list(one.post_logout_redirect_uris),
                "token_endpoint_auth_method": one.authentication,
                **secrets.client_credentials(one.key),
            }
            for one in CLIENTS
        },
    }
