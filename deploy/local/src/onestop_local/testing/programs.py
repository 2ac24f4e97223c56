"""Tests beside programs of others: a browser, a web server.

    pytestmark = pytest.mark.needs("nginx")

A machine without the program leaves these tests out and says so at the end, with what to install. Continuous
integration (`CI` is set) leaves nothing out: there they run, and fail without it.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "needs(*programs): runs beside these programs of others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose programs this machine lacks."""
    left_out: dict[str, int] = {}
    absent = []
    for item in items:
        lacking = [program for mark in item.iter_markers("needs") for program in mark.args if not found(program)]
        if lacking and not os.environ.get("CI"):
            absent.append(item)
            for program in lacking:
                left_out[program] = left_out.get(program, 0) + 1
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]
    config.stash[_LEFT_OUT] = left_out
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from one of several workers, which all collect the same tests, what it left out."""
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    for program, tests in sorted(config.stash.get(_LEFT_OUT, {}).items()):
        terminalreporter.write_line(f"left out: {tests} tests that need {program}; install it to run them", yellow=True)


def found(program: str) -> str | None:
    """Return where a program is, looking also where Debian keeps servers; or a file that is named by its path."""
    if Path(program).is_absolute():
        return program if Path(program).exists() else None
    servers = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    folders = (os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *servers)
    return shutil.which(program, path=os.pathsep.join(folders))


def program(name: str) -> str:
    """Return where a program is.

    Raises:
        FileNotFoundError: when this machine lacks it.
    """
    path = found(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return path
