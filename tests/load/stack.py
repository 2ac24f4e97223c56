"""A stack for benchmarks, and the people of it, signed in once."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onestop_local.browser import Api, Browser
from onestop_local.journey import Journey
from onestop_local.stack import Home, Stack

ROOT = Path(__file__).parents[2]
NAME = f"bench-{os.getpid()}"


def start(name: str = NAME) -> tuple[subprocess.Popen[bytes], float]:
    """Start a stack; return its supervisor and how long it took until it was ready."""
    home = Home.of(name)
    home.directory.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "onestop_local", "up", "--name", name],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    while not home.stack_file.exists():
        if supervisor.poll() is not None:
            raise SystemExit("the stack did not start; see .onestop/")
        time.sleep(0.02)
    return supervisor, time.monotonic() - began


def stop(supervisor: subprocess.Popen[bytes], name: str = NAME, *, forget: bool = True) -> None:
    """Stop a stack, and forget its state."""
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(90)
    if forget:
        shutil.rmtree(Home.of(name).directory, ignore_errors=True)


def memory_mb(stack: Stack) -> float:
    """Return the resident memory of the six processes together, in MB."""
    return sum(resident_mb(pid) for pid in stack.document["processes"].values())


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def most_resident_mb(pid: int) -> float:
    """Return the most memory that a process ever had, in MB."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used since its start, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def setting_of(pid: int, name: str) -> str:
    """Return what a process was told by its environment."""
    told = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return next(line.partition("=")[2] for line in told if line.startswith(f"{name}="))


PEOPLE = ("agent", "window_clerk", "reviewer", "inspector", "approver")


@asynccontextmanager
async def signed_in(stack: Stack) -> AsyncIterator[dict[str, Api]]:
    """Sign everybody of a case in once and lend their connections."""
    apis: dict[str, Api] = {"": Api(stack)}
    for person in PEOPLE:
        async with Browser(stack, person) as browser:
            apis[f"{person}/web"] = Api(stack, await browser.sign_in("web"))
    try:
        yield apis
    finally:
        for api in apis.values():
            await api.close()


async def drafts(stack: Stack, apis: dict[str, Api], count: int, at_once: int = 8) -> list[Journey]:
    """Return `count` cases that are filled in and not yet submitted."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> Journey:
        journey = Journey(stack)
        journey._apis = dict(apis)
        async with gate:
            await journey.find_item()
            await journey.open_case()
            await journey.prove_by_sharing()
            await journey.hand_in()
        return journey

    return await asyncio.gather(*(one() for _ in range(count)))
