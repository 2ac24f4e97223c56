"""A small load generator: keep-alive connections over raw streams, so that only Python is needed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Load:
    """What a round of load saw."""

    seconds: float = 0.0
    answers: int = 0
    wrong: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return (self.answers - self.wrong) / self.seconds


class Connection:
    """One keep-alive connection that asks one thing at a time."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of the answer."""
        return await self.send(_request(method, path, headers, body))

    async def exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers (names in small letters) and body of the answer."""
        status, lines, answer = await self._send(_request(method, path, headers, body))
        named = (line.decode().partition(": ") for line in lines if line)
        return status, [(name.lower(), value) for name, _, value in named], answer

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a whole request."""
        status, _, body = await self._send(request)
        return status, body

    async def _send(self, request: bytes) -> tuple[int, list[bytes], bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
        body = await self._reader.readexactly(length) if length else b""
        return int(lines[0].split(b" ", 2)[1]), lines[1:], body


async def run(port: int, request: Callable[[], bytes | None], *, connections: int, seconds: float = 1e9) -> Load:
    """Send what `request` gives over `connections` until it gives None or the time is over."""
    load, end = Load(), time.monotonic() + seconds
    started = time.monotonic()

    async def one() -> None:
        async with Connection(port) as connection:
            while time.monotonic() < end and (sent := request()) is not None:
                began = time.monotonic()
                status, _ = await connection.send(sent)
                load.latencies.append(time.monotonic() - began)
                load.answers += 1
                load.wrong += not 200 <= status < 300

    await asyncio.gather(*(one() for _ in range(connections)))
    load.seconds = time.monotonic() - started
    return load


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a GET request."""
    return _request("GET", path, headers or {})


def post(path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a POST request."""
    return _request("POST", path, headers, body)


def _request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    size = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{size}{extra}\r\n".encode() + body
