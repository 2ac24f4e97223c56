"""Free ports of the loopback interface."""

import atexit
import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from onestop_local.errors import LocalError

LOOPBACK = "127.0.0.1"
_GATEWAY = 8080
_LAST = 65_536
_CLAIMS: list[IO[str]] = []
"""Locked files; closed, and so unlocked, when this process ends."""


@atexit.register
def _give_back() -> None:
    for claim in _CLAIMS:
        claim.close()


def is_free(port: int) -> bool:
    """Return whether a server could listen on the loopback `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports; held together while chosen, so none comes twice."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def free_port() -> int:
    """Return a free port."""
    return free_ports(1)[0]


def choose_ports(file: Path, processes: Iterable[str]) -> dict[str, int]:
    """Return a port for every process: the one of last time while it is free, else another free one.

    The gateway listens where `ONESTOP_PORT` says, else on 8080 or the next free port above.

    Raises:
        LocalError: when the port that was asked for is taken.
    """
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        known = {}
    names = list(processes)
    fresh = dict(zip(names, free_ports(len(names)), strict=True))
    chosen = {name: known[name] if name in known and is_free(known[name]) else fresh[name] for name in names}
    chosen["gateway"] = _gateway_port()
    file.write_text(json.dumps(chosen))
    return chosen


def _claim(port: int) -> bool:
    """Hold `port` against other stacks of this user that are starting; until this process ends."""
    folder = Path(tempfile.gettempdir()) / f"onestop-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    claim = (folder / str(port)).open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _CLAIMS.append(claim)
    return True


def _gateway_port() -> int:
    asked = os.environ.get("ONESTOP_PORT")
    if not asked:
        return next(port for port in range(_GATEWAY, _LAST) if is_free(port) and _claim(port))
    if not asked.isdecimal() or not 0 < int(asked) < _LAST:
        raise LocalError(f"ONESTOP_PORT 不是端口号：{asked}")
    if not (is_free(int(asked)) and _claim(int(asked))):
        raise LocalError(
            f"端口 {asked} 已被占用（port {asked} is taken）。",
            "请换一个端口，如 ONESTOP_PORT=8081；不设 ONESTOP_PORT 则自动选用空闲端口。",
        )
    return int(asked)
