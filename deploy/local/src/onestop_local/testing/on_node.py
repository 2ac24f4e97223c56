"""Programs of `tests/clients` on Node.js: software of others, run unchanged, that our tests talk to.

A program is an ES module. It reads its settings as JSON from `process.argv[2]` and prints one line of JSON when it is
ready; what it prints there is the program's own affair (an address, a result). It ends when its standard input closes.
"""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onestop_local.node import CLIENTS, node, packages

_LINE_SECONDS = 30
_ENDED_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Program:
    """A running program.

    Attributes:
        said: what it printed when it was ready.
    """

    said: dict[str, Any]
    _process: asyncio.subprocess.Process
    _log: Path

    async def tell(self, line: str) -> None:
        """Write a line to the program's standard input."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def next_line(self) -> dict[str, Any]:
        """Return the next line that the program prints."""
        return await _line_of(self._process, self._log)


def prepare(folder: Path) -> Path:
    """Copy the programs into `folder`, beside the packages they import; downloads these when they are not there yet."""
    for program in CLIENTS.glob("*.mjs"):
        shutil.copy(program, folder)
    (folder / "node_modules").symlink_to(packages(), target_is_directory=True)
    return folder


@asynccontextmanager
async def running(folder: Path, name: str, settings: dict[str, Any]) -> AsyncIterator[Program]:
    """Run `name.mjs` of a prepared folder until the body ends.

    Raises:
        AssertionError: when the program ends before it is ready, with what it wrote to standard error.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            str(node()),
            f"{name}.mjs",
            json.dumps(settings),
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield Program(await _line_of(process, log), process, log)
    finally:
        await _end(process)


async def _line_of(process: asyncio.subprocess.Process, log: Path) -> dict[str, Any]:
    line = await asyncio.wait_for(process.stdout.readline(), _LINE_SECONDS) if process.stdout else b""
    if not line:
        raise AssertionError(await asyncio.to_thread(log.read_text, errors="replace"))
    said: dict[str, Any] = json.loads(line)
    return said


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close standard input, which ends a program that behaves; others are killed."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.communicate(), _ENDED_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
