"""Tests that need a program of others are left out aloud, and never where continuous integration runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest


@pytest.mark.needs("a-program-that-nobody-has")
def test_beside_a_program():
    raise AssertionError("it ran")


def test_alone():
    pass
"""


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(TESTS)
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "onestop_local.testing",
        "-q",
        "--rootdir",
        str(folder),
        *options,
        str(folder),
    ]
    return subprocess.run(  # noqa: S603 - the tests above
        command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("options", [(), ("--numprocesses", "2")], ids=["alone", "with workers"])
def test_what_lacks_its_program_is_left_out_and_said(tmp_path: Path, options: tuple[str, ...]):
    on_a_desk = run(tmp_path, *options)
    assert on_a_desk.returncode == 0, on_a_desk.stdout
    assert "1 passed" in on_a_desk.stdout
    assert "left out: 1 tests that need a-program-that-nobody-has" in on_a_desk.stdout


def test_continuous_integration_leaves_nothing_out(tmp_path: Path):
    ran = run(tmp_path, CI="true")
    assert ran.returncode == 1
    assert "it ran" in ran.stdout
