"""The script that makes the environment, and the Makefile around it."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from onestop_local.workspace import ROOT

MAKE = shutil.which("make") or "make"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "deploy" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_is_told_what_to_do(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit):
        bootstrap.check_python()
    said = capsys.readouterr().err
    assert "Python >= 3.11 is needed" in said
    assert "make setup PYTHON=" in said


def test_a_python_without_venv_is_told_which_package_is_missing(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit):
        bootstrap.check_python()
    assert "python3-venv" in capsys.readouterr().err


def test_a_step_that_fails_says_what_to_check(bootstrap: ModuleType, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        bootstrap.run("安装 uv", [sys.executable, "-c", "raise SystemExit(1)"])
    assert "检查网络" in capfd.readouterr().err


def test_every_package_of_the_workspace_is_installed(bootstrap: ModuleType):
    names = {str(folder.relative_to(ROOT)) for folder in bootstrap.packages()}
    assert {"contracts/legal", "gateway", "svc-intake", "deploy/local"} <= names
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    listed = next(line for line in makefile.splitlines() if line.startswith("PACKAGES"))
    assert set(listed.partition(":=")[2].split()) == names


def test_the_environment_is_made_anew_when_a_dependency_changes(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    before = bootstrap.wanted()
    changed = tmp_path / "requirements.lock"
    changed.write_bytes((ROOT / "requirements.lock").read_bytes() + b"# changed\n")
    monkeypatch.setattr(bootstrap, "LOCK", changed)
    assert bootstrap.wanted() != before


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [MAKE, "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603


def test_make_help_lists_every_command():
    shown = make("help").stdout
    for command in ("help", "setup", "demo", "up", "down", "test", "check", "bench", "lock", "clean"):
        assert f"make {command} " in shown


def test_make_without_a_usable_python_says_so():
    done = make("setup", "PYTHON=")
    assert done.returncode != 0
    assert "Python >= 3.11 is needed" in done.stderr
