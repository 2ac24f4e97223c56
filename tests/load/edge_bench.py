"""P1: the gateway beside nginx, both in front of the same upstream.

The upstream is one nginx process that answers a constant, the cheapest there is. The gateway is a second process of the
stack's gateway: same settings, keys and database, but this upstream. What loads them is wrk, one thread.
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import generator
import stack as stacks
from edge_latency import added_latency
from edge_memory import memory
from edge_streams import Upstream, streams
from measure import ROUNDS, SECONDS, report, say, until_open

from onestop_local.ports import free_ports
from onestop_local.readiness import is_ready
from onestop_local.stack import Home, Stack

CONNECTIONS = 32
PATH = "/api/intake/v1/cases"
BODY = json.dumps({"items": [{"id": number, "name": "0123456789abcdef"} for number in range(10)]})
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
"""nginx lies where only an administrator's shell looks."""

_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {content}
}}
"""
_CONSTANT = """
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/json; return 200 '{body}'; }}
    }}
"""
_PROXY = """
    upstream constant {{
        server 127.0.0.1:{upstream};
        keepalive 128;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://constant; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A proxy that is measured."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of wrk saw.

    Attributes:
        per_second: answers per second.
        cost: processor time of the proxy for a request, in microseconds.
        upstream: share of a core that the upstream used, 0 to 1.
    """

    per_second: float
    cost: float
    upstream: float


def can_run() -> bool:
    """Return whether nginx and wrk are here; say what to install when they are not."""
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name, path=SEARCHED)]
    if missing:
        say(f"P1: left out, there is no {' and no '.join(missing)} here; apt-get install nginx-light wrk")
    return not missing


async def p1(stack: Stack, apis: dict[str, Any]) -> None:
    """Authenticated GET through the gateway, beside nginx as a plain proxy; one worker each, the same upstream."""
    token: str = apis["agent/web"]._http.headers["authorization"]
    folder = Home.of(stack.name).directory / "bench"
    behind, nginx, gateway = free_ports(3)
    with (
        _nginx(folder / "upstream", _CONSTANT.format(port=behind, body=BODY)) as upstream,
        _nginx(folder / "nginx", _PROXY.format(port=nginx, upstream=behind)) as theirs,
        _gateway(stack, folder, gateway, behind) as ours,
    ):
        await until_open(nginx)
        await _until_ready(gateway)
        await _check_policies(gateway, token)
        per_second = await _in_turns(Door(gateway, ours), Door(nginx, theirs), Door(behind, upstream), token)
        await asyncio.to_thread(added_latency, gateway, behind, PATH, token, per_second / 2)
        await memory(stack, gateway, ours)
    behind, gateway = free_ports(2)
    async with await Upstream().serve(behind):
        with _gateway(stack, folder, gateway, behind) as ours:
            await _until_ready(gateway)
            await streams(gateway, ours, token)


async def _in_turns(ours: Door, theirs: Door, upstream: Door, token: str) -> float:
    """Load all three; return how many requests the gateway answers per second."""
    rounds: dict[Door, list[Round]] = {ours: [], theirs: [], upstream: []}
    for number in range(ROUNDS + 1):
        for door, seen in rounds.items():
            one = await asyncio.to_thread(_round, door, upstream, token)
            if number:  # the first one opens connections
                seen.append(one)

    def median(door: Door, what: str) -> float:
        figures: list[float] = [getattr(one, what) for one in rounds[door]]
        return statistics.median(figures)

    report("P1", "requests/s", median(ours, "per_second"), median(theirs, "per_second"), ">= 0.5")
    report("P1 processor time", "us/request", median(ours, "cost"), median(theirs, "cost"), "<= 2")
    report("P1 upstream alone", "requests/s", median(upstream, "per_second"), None, "well above both")
    report("P1 upstream's core behind nginx", "%", median(theirs, "upstream") * 100, None, "< 90, else it is the limit")
    return median(ours, "per_second")


def _round(door: Door, upstream: Door, token: str) -> Round:
    before, below = stacks.cpu_seconds(door.pid), stacks.cpu_seconds(upstream.pid)
    per_second, answers = _wrk(door.port, token)
    cost = (stacks.cpu_seconds(door.pid) - before) / answers * 1e6
    return Round(per_second, cost, (stacks.cpu_seconds(upstream.pid) - below) / answers * per_second)


def _wrk(port: int, token: str) -> tuple[float, int]:
    """Load `port`; return answers per second and their number."""
    said = subprocess.run(  # noqa: S603
        [shutil.which("wrk", path=SEARCHED) or "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(int(SECONDS), 1)}s",
         "-H", f"Authorization: {token}", f"http://127.0.0.1:{port}{PATH}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"P1: not every request was answered as it should be:\n{said}")
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", said)
    answers = re.search(r"(\d+) requests in", said)
    if not per_second or not answers:
        raise SystemExit(f"P1: wrk said something else:\n{said}")
    return float(per_second[1]), int(answers[1])


async def _check_policies(port: int, token: str) -> None:
    """Make sure that the gateway looks at the token: a good one passes, a spoilt one does not."""
    for sent, passes in ((token, True), (f"{token[:-8]}AAAAAAAA", False)):
        request = iter((generator.get(PATH, {"Authorization": sent}),))
        load = await generator.run(port, partial(next, request, None), connections=1)
        if passes is bool(load.wrong):
            raise SystemExit("P1: the gateway does not check tokens as it should")


@contextmanager
def _nginx(folder: Path, content: str) -> Iterator[int]:
    """Run one nginx process in the foreground, with all its files in `folder`; lend its process id."""
    folder.mkdir(parents=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, content=content))
    nginx = shutil.which("nginx", path=SEARCHED) or "nginx"
    command = [nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    with _running(command, folder / "output.log", dict(os.environ)) as pid:
        yield pid


@contextmanager
def _gateway(stack: Stack, folder: Path, port: int, upstream: int) -> Iterator[int]:
    """Run a second gateway with the settings of the stack's, but another upstream; lend its process id."""
    told = Path(f"/proc/{stack.document['processes']['gateway']}/environ").read_text()
    environment = dict(line.split("=", 1) for line in told.split("\0") if line)
    environment["ONESTOP_GATEWAY_PORT"] = str(port)
    environment["ONESTOP_GATEWAY_UPSTREAMS"] = json.dumps({"intake": f"http://127.0.0.1:{upstream}"})
    with _running([sys.executable, "-P", "-m", "gateway", "serve"], folder / "gateway.log", environment) as pid:
        yield pid


@contextmanager
def _running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run a child with its output in `log`; it is ended however the body ends."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent)  # noqa: S603
    try:
        yield child.pid
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


async def _until_ready(port: int) -> None:
    for _ in range(300):
        if await is_ready(port):
            return
        await asyncio.sleep(0.1)
    raise SystemExit("P1: the second gateway did not get ready")
