"""`onestop up|demo|down|status|client|keys|events|reconcile`, or `python -m onestop_local …`: a local stack."""

import argparse
import asyncio
import errno
import importlib
import signal
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from onestop_local import event_commands, processes, reconciling, registry, signing_keys
from onestop_local.errors import LocalError
from onestop_local.readiness import is_ready
from onestop_local.stack import Home, Stack
from onestop_local.supervisor import Supervisor, end_leftovers, only_supervisor
from onestop_local.terminal import Screen, show_error

E = TypeVar("E", bound=BaseException)


def up(home: Home) -> None:
    """Bring the stack up and keep it up until Ctrl-C."""
    with only_supervisor(home):
        asyncio.run(_supervise(home, demonstrate=False))


def demo(home: Home) -> None:
    """Tell the whole case on a stack: the one that runs already, else one that is stopped afterwards."""
    if home.supervisor() and home.stack_file.exists():
        asyncio.run(_demonstrate(Stack.read(home.name)))
        return
    with only_supervisor(home):
        asyncio.run(_supervise(home, demonstrate=True))


async def _supervise(home: Home, *, demonstrate: bool) -> None:
    await Supervisor(home, Screen()).run(_demonstrate if demonstrate else None)


async def _demonstrate(stack: Stack) -> None:
    case = importlib.import_module("onestop_local.demo")  # only the demo needs it
    await case.run(stack, Screen().console)


def down(home: Home) -> None:
    """Stop the stack, whoever supervises it, and what a killed supervisor has left."""
    supervisor = home.supervisor()
    if supervisor:
        processes.end(supervisor, ((signal.SIGTERM, 90.0),))
    ended = end_leftovers(home)
    screen = Screen()
    if supervisor:
        screen.say(f"环境 {home.name} 已停止。")
    elif ended:
        screen.say(f"已结束遗留的进程：{'、'.join(ended)}")
    else:
        screen.say(f"环境 {home.name} 没有在运行。")


def status(home: Home) -> None:
    """Say whether the stack runs and which of its processes are ready; exit code 1 when any is not."""
    stack = Stack.read(home.name)
    screen = Screen()
    ports = {"gateway": stack.url, **{name: one["url"] for name, one in stack.document["services"].items()}}
    all_ready = True
    for name, url in ports.items():
        ready = asyncio.run(is_ready(int(url.rpartition(":")[2])))
        all_ready = all_ready and ready
        screen.say(f"{'✔' if ready else '✘'} {name:10} {url}", style="green" if ready else "red")
    if not all_ready:
        sys.exit(1)


def add_client(home: Home, file: Path) -> None:
    """Register the client that a file describes with the running stack."""
    asyncio.run(registry.add(Stack.read(home.name), file, Screen().console))


def list_clients(home: Home) -> None:
    """Show the clients that are registered with the running stack."""
    asyncio.run(registry.show(Stack.read(home.name), Screen().console))


def suspend_client(home: Home, client_id: str, reason: str) -> None:
    """Let a client of the running stack in no more."""
    asyncio.run(registry.suspend(Stack.read(home.name), client_id, reason, Screen().console))


def resume_client(home: Home, client_id: str, reason: str) -> None:
    """Let a suspended client of the running stack in again."""
    asyncio.run(registry.resume(Stack.read(home.name), client_id, reason, Screen().console))


def list_keys(home: Home) -> None:
    """Show the keys that sign the tokens of the running stack."""
    asyncio.run(signing_keys.show(Stack.read(home.name), Screen().console))


def rotate_keys(home: Home, *, at_once: bool) -> None:
    """Have another key sign the tokens of the running stack."""
    asyncio.run(signing_keys.rotate(Stack.read(home.name), Screen().console, at_once=at_once))


def reconcile(home: Home, since: date | None, until: date | None) -> None:
    """Have the books of the running stack compared; exit code 1 when something does not add up."""
    if not asyncio.run(reconciling.reconcile(Stack.read(home.name), Screen().console, since, until)):
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    """Return what the command line says: `run` is what to do with the stack `name`, the rest is for it."""
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", help="环境名称，默认取 ONESTOP_STACK 或 default")
    as_module = Path(sys.argv[0]).name == "__main__.py"
    prog = "python -m onestop_local" if as_module else None
    parser = argparse.ArgumentParser(prog=prog, description="在一台机器上运行整个平台")
    commands = parser.add_subparsers(required=True, metavar="up|demo|down|status|client|keys|events|reconcile")
    for command in (up, demo, down, status):
        commands.add_parser(command.__name__, parents=[named]).set_defaults(run=command)
    clients = commands.add_parser("client", help="登记、查看、停用应用").add_subparsers(
        required=True, metavar="add|list|suspend|resume"
    )
    clients.add_parser("list", parents=[named]).set_defaults(run=list_clients)
    adding = clients.add_parser("add", parents=[named])
    adding.add_argument("file", type=Path, metavar="FILE.json", help="登记信息，成员见 /docs 的 POST /clients")
    adding.set_defaults(run=add_client)
    for word, run in (("suspend", suspend_client), ("resume", resume_client)):
        changing = clients.add_parser(word, parents=[named])
        changing.add_argument("client_id", metavar="CLIENT_ID", help="应用标识")
        changing.add_argument("--reason", default="由本机管理员操作", help="理由，记入变更记录")
        changing.set_defaults(run=run)
    keys = commands.add_parser("keys", help="查看和更换签名密钥").add_subparsers(required=True, metavar="list|rotate")
    keys.add_parser("list", parents=[named]).set_defaults(run=list_keys)
    rotating = keys.add_parser("rotate", parents=[named])
    rotating.add_argument("--at-once", action="store_true", help="密钥可能泄露：立即启用新密钥，不再相信其他密钥")
    rotating.set_defaults(run=rotate_keys)
    event_commands.add_commands(commands, named)
    comparing = commands.add_parser("reconcile", parents=[named], help="立即对账：每一件都在，每个决定的义务都已履行")
    comparing.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="起始法定日，默认最早")
    comparing.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="截止法定日，默认今日")
    comparing.set_defaults(run=reconcile)
    return parser.parse_args()


def main() -> None:
    """Do what the command line says; a problem that a person can solve is said without a traceback."""
    arguments = vars(_arguments())
    run, name = arguments.pop("run"), arguments.pop("name")
    try:
        run(Home.of(name), **arguments)
    except* LocalError as group:
        for error in _all(group):
            show_error(error)
        sys.exit(1)
    except* OSError as group:
        if not any(error.errno == errno.ENOSPC for error in _all(group)):
            raise
        show_error(LocalError("磁盘已满（No space left on device）。", "请清出空间后再试，数据不会丢失。"))
        sys.exit(1)


def _all(group: BaseExceptionGroup[E]) -> Iterator[E]:
    """Return the exceptions of a group, however deep."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _all(error)
        else:
            yield error


if __name__ == "__main__":
    main()
