"""A small load generator: keep-alive connections over raw streams, so that only Python is needed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


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


async def run(port: int, request: Callable[[], bytes | None], *, connections: int, seconds: float = 1e9) -> Load:
    """Send what `request` gives over `connections` until it gives None or the time is over."""
    load, end = Load(), time.monotonic() + seconds
    started = time.monotonic()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while time.monotonic() < end and (sent := request()) is not None:
                began = time.monotonic()
                writer.write(sent)
                status = await _read(reader)
                load.latencies.append(time.monotonic() - began)
                load.answers += 1
                load.wrong += not 200 <= status < 300
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    load.seconds = time.monotonic() - started
    return load


async def _read(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
    if length:
        await reader.readexactly(length)
    return int(lines[0].split(b" ", 2)[1])


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a GET request."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{extra}\r\n".encode()


def post(path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a POST request."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body
