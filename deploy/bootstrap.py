"""Makes the environment of the platform: `.venv` with exactly what `requirements.lock` names.

Needs nothing but Python: pip brings uv (by hash), uv brings the rest (by hash). Does nothing when all is as it
should be. Any Python 3.7 can read this file, so that an older one than we need can say so.
"""
# ruff: noqa: INP001 - a script to be run with any Python, part of no package

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "onestop.stamp"
LOCK = ROOT / "requirements.lock"
BOOTSTRAP = ROOT / "deploy" / "bootstrap.lock"
OLDEST = (3, 11)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(text + "\n")


def fail(message: str, advice: str) -> None:
    """Say what is wrong and what to do, and end."""
    say(f"\n✘ {message}\n  → {advice}")
    raise SystemExit(1)


def packages() -> list[Path]:
    """Return the folders of our own packages."""
    files = [
        *ROOT.glob("*/pyproject.toml"),
        *ROOT.glob("contracts/*/pyproject.toml"),
        ROOT / "deploy/local/pyproject.toml",
    ]
    return sorted(file.parent for file in files)


def wanted() -> str:
    """Return a sum over everything that decides what is installed."""
    total = hashlib.sha256(str(sys.version_info[:2]).encode())
    for path in [LOCK, BOOTSTRAP, *(folder / "pyproject.toml" for folder in packages())]:
        total.update(str(path).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def check_python() -> None:
    """End unless this Python can make the environment."""
    if sys.version_info < OLDEST:
        fail(
            f"需要 Python 3.11 或更高版本，当前是 {sys.version.split()[0]}（{sys.executable}）。"
            "Python >= 3.11 is needed.",
            "请安装新版本，或指定它：make setup PYTHON=/path/to/python3.11",
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - some distributions leave it out
        import venv  # noqa: F401, PLC0415 - the same
    except ImportError:
        fail(
            f"这个 Python 缺少 venv 或 ensurepip 模块（{sys.executable}）。The venv or ensurepip module is missing.",
            "Debian、Ubuntu 请安装 python3-venv（apt install python3-venv）；其他系统请安装完整的 Python。",
        )


def run(step: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command whose own progress the person sees; end when it fails."""
    say(f"· {step}")
    if subprocess.call(command, env=environment, cwd=ROOT) != 0:  # noqa: S603 - a command of this file
        fail(
            f"{step}：未成功，原因见上文。",
            "首次安装需要访问 Python 软件仓库：请检查网络、代理（HTTPS_PROXY）、镜像设置（pip config）和磁盘空间，"
            "然后重新运行同一条命令，已下载的内容不会重复下载。",
        )


def uv_environment(python: Path) -> dict[str, str]:
    """Return the environment for uv: it takes the mirror that pip is configured with."""
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    for ours, theirs in (("UV_DEFAULT_INDEX", "global.index-url"), ("UV_INDEX", "global.extra-index-url")):
        if not environment.get(ours):
            question = [str(python), "-m", "pip", "config", "get", theirs]
            asked = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603 - the same
            if asked.returncode == 0 and asked.stdout.strip():
                environment[ours] = asked.stdout.strip()
    return environment


def is_usable(python: Path) -> bool:
    """Return whether the environment exists, has pip, and is of this minor version of Python."""
    question = [str(python), "-c", "import pip, sys; print(sys.version_info[:2])"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603 - the same
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == str(sys.version_info[:2])


def main() -> None:
    """Make the environment unless it is there."""
    check_python()
    target = wanted()
    if STAMP.exists() and STAMP.read_text() == target:
        return
    if STAMP.exists():
        STAMP.unlink()
    python = VENV / "bin" / "python"
    if not is_usable(python):
        run("建立虚拟环境 .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run("安装 uv", [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(BOOTSTRAP)])
    uv = [str(VENV / "bin" / "uv"), "pip"]
    environment = uv_environment(python)
    run("安装锁定的依赖（首次约 300 MB）", [*uv, "sync", "--require-hashes", str(LOCK)], environment)
    ours = [part for folder in packages() for part in ("-e", str(folder))]
    run("安装平台自己的包", [*uv, "install", "--quiet", "--no-deps", "--no-build-isolation", *ours], environment)
    STAMP.write_text(target)


if __name__ == "__main__":
    main()
