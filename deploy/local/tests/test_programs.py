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


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
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
        str(folder),
    ]
    return subprocess.run(  # noqa: S603 - the tests above
        command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def on_a_desk(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return run(tmp_path)


def test_what_lacks_its_program_is_left_out_and_said(on_a_desk: subprocess.CompletedProcess[str]):
    assert on_a_desk.returncode == 0, on_a_desk.stdout
    assert "1 passed, 1 deselected" in on_a_desk.stdout
    assert "left out: 1 tests that need a-program-that-nobody-has" in on_a_desk.stdout


def test_continuous_integration_leaves_nothing_out(tmp_path: Path):
    ran = run(tmp_path, CI="true")
    assert ran.returncode == 1
    assert "it ran" in ran.stdout
