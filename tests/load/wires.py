"""Connections for loads that a coroutine for each request would slow down: sockets, and one loop over all of them."""

import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NAP_SECONDS = 30e-6
"""How long the loop sleeps when nothing is due and nothing has come; timers of the kernel are no finer."""
STUCK_SECONDS = 30.0
_LENGTH = b"content-length: "


class Wire:
    """A keep-alive connection that carries one request at a time.

    Args:
        port: of the server, on this machine.
        address: of this side, any of 127.0.0.0/8.

    Attributes:
        due: moment at which the request under way should have been sent.
        status: of the last answer.
    """

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), STUCK_SECONDS, (address, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arrived = b""
        self._missing = 0
        self.due = 0.0
        self.status = 0

    def fileno(self) -> int:
        """Return the descriptor, for polling."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def send(self, request: bytes) -> None:
        """Send a whole request."""
        self._arrived, self._missing = b"", -1
        self._socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; return whether the answer is complete."""
        data = self._socket.recv(65536)
        if not data:
            raise SystemExit("a connection was closed under load")
        if self._missing < 0:
            self._arrived += data
            end = self._arrived.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self._arrived[:end].lower() + b"\r\n"
            self.status = int(head[9:12])
            start = head.index(_LENGTH) + len(_LENGTH)
            length = int(head[start : head.index(b"\r", start)])
            self._missing = end + 4 + length - len(self._arrived)
        else:
            self._missing -= len(data)
        return self._missing == 0


@contextmanager
def wires(port: int, count: int) -> Iterator[list[Wire]]:
    """Open connections, and close them."""
    opened = [Wire(port) for _ in range(count)]
    try:
        yield opened
    finally:
        for wire in opened:
            wire.close()


def at_constant_rate(port: int, request: bytes, per_second: float, seconds: float, connections: int) -> list[float]:
    """Send `request` at a constant rate, whether answers come or not; return how long each took, in seconds.

    Who waits for an answer before he asks again asks less while the server is slow, and never sees what others would
    have waited meanwhile (coordinated omission). So each request has a moment at which it is due, and its time counts
    from then, also when no connection was free to send it.
    """
    took: list[float] = []
    with wires(port, connections) as opened, select.epoll() as poll:
        known = {wire.fileno(): wire for wire in opened}
        for descriptor in known:
            poll.register(descriptor, select.EPOLLIN)
        free, gap, sent = deque(opened), 1 / per_second, 0
        begun = time.perf_counter() + gap
        total = int(per_second * seconds)
        while len(took) < total:
            now = time.perf_counter()
            while sent < total and free and begun + sent * gap <= now:
                wire = free.popleft()
                wire.due = begun + sent * gap
                wire.send(request)
                sent += 1
            ready = poll.poll(0)
            for descriptor, _ in ready:
                wire = known[descriptor]
                if wire.receive():
                    if wire.status != 200:
                        raise SystemExit(f"a request under load was answered {wire.status}")
                    took.append(time.perf_counter() - wire.due)
                    free.append(wire)
            if not ready:
                if now > begun + seconds + STUCK_SECONDS:
                    raise SystemExit("the server does not keep up with the rate")
                time.sleep(NAP_SECONDS)
    return took


@dataclass(slots=True)
class _Visit:
    """Requests that somebody sends one after another on one connection."""

    wire: Wire
    left: deque[bytes]


def visits(port: int, requests_of: Callable[[int], list[bytes]], count: int, at_once: int) -> dict[int, int]:
    """Make `count` visits, so many at once, each from another address; return how often each status was answered.

    Args:
        port: of the server.
        requests_of: what the visitor with this number asks.
        count: how many visits.
        at_once: how many are under way at a time.
    """
    statuses: dict[int, int] = {}
    under_way: dict[int, _Visit] = {}
    begun = 0
    with select.epoll() as poll:
        while begun < count or under_way:
            while begun < count and len(under_way) < at_once:
                visit = _Visit(Wire(port, _address()), deque(requests_of(begun)))
                begun += 1
                under_way[visit.wire.fileno()] = visit
                poll.register(visit.wire, select.EPOLLIN)
                visit.wire.send(visit.left.popleft())
            for descriptor, _ in poll.poll(STUCK_SECONDS):
                visit = under_way[descriptor]
                if not visit.wire.receive():
                    continue
                statuses[visit.wire.status] = statuses.get(visit.wire.status, 0) + 1
                if visit.left:
                    visit.wire.send(visit.left.popleft())
                else:
                    poll.unregister(visit.wire)
                    visit.wire.close()
                    del under_way[descriptor]
    return statuses


def _address() -> str:
    """Return one of sixteen million addresses of this machine."""
    return f"127.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"  # noqa: S311 - no secret
