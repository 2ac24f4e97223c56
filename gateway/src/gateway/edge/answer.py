"""An answer on its way to the client: its head, and its body framed and coded as the client takes it."""

from typing import Final, Protocol

from gateway.edge.answers import STATUS_LINES
from gateway.edge.coding import SMALLEST, Coder, coded, coder_of, is_compressible
from gateway.edge.connection import Headers
from gateway.edge.entry import Passage
from gateway.edge.headers import BODILESS, Incoming, answer_lines
from gateway.edge.proxy import Proxy

DROPPED_BYTES: Final = 64 * 1024
"""How much of a body is taken in that is not shown; then the connection it comes over is given up."""


class Reader(Protocol):
    """Who reads an answer."""

    @property
    def common_lines(self) -> bytes:
        """Headers that every answer has, as lines."""

    def write(self, data: bytes) -> None:
        """Send a part of the answer."""


class Answer:
    """Gathers what is told of an answer, and writes it.

    Args:
        reader: gets it.
        proxy: knows what all answers have in common.
        passage: the request that is answered.
        incoming: what its headers say.
    """

    __slots__ = ("_bodiless", "_chunked", "_coder", "_dropped", "_incoming", "_out", "_passage", "_proxy", "_reader")

    def __init__(self, reader: Reader, proxy: Proxy, passage: Passage, incoming: Incoming) -> None:
        self._reader = reader
        self._proxy = proxy
        self._passage = passage
        self._incoming = incoming
        self._out: list[bytes] = []
        self._chunked = self._bodiless = False
        self._dropped = 0
        self._coder: Coder | None = None

    @property
    def too_long(self) -> bool:
        """More of the body came than is worth waiting for, to show only a head."""
        return self._dropped > DROPPED_BYTES

    def pass_on(self, status: int, headers: Headers, *, keep_alive: bool) -> bool:
        """Begin with the head that an upstream sent; return whether the client's connection can stay open."""
        passage = self._passage
        lines, length = answer_lines(status, headers)
        if length >= SMALLEST and is_compressible(status, headers):
            lines, length = self._compressed(status, headers, lines, length)
        self._bodiless = status in BODILESS or passage.method == "HEAD"
        self._chunked = length < 0 and not self._bodiless and passage.version == "1.1"
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        elif length < 0 and not self._bodiless:
            keep_alive = False
        self.begin(status, lines, keep_alive=keep_alive)
        return keep_alive

    def begin(self, status: int, lines: list[bytes], *, keep_alive: bool) -> None:
        """Begin with a head; `lines` are its own headers, in pieces."""
        passage = self._passage
        passage.status = status
        self._out = out = [STATUS_LINES[status], self._reader.common_lines, *lines, passage.trace.lines]
        if passage.allowance is not None:
            out.append(b"ratelimit-policy: %b\r\nratelimit: %b\r\n" % passage.allowance)
        if passage.route is not None and passage.route.ending:
            out += [b"%b: %b\r\n" % pair for pair in passage.route.ending]
        if self._incoming.origin is not None:
            out += [b"%b: %b\r\n" % pair for pair in self._proxy.entrance.allowing(self._incoming.origin)]
        out.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")

    def add(self, data: bytes) -> None:
        """Add a part of the body."""
        if self._coder is not None:
            data = self._coder.compress(data)
            if not data:
                return
        if self._bodiless:
            self._dropped += len(data)
        elif self._chunked:
            self._out += (b"%x\r\n" % len(data), data, b"\r\n")
        else:
            self._out.append(data)

    def end(self) -> None:
        """Add what ends the body, and write what is left."""
        if self._coder is not None:
            coder, self._coder = self._coder, None
            self.add(coder.flush())
        if self._chunked:
            self._out.append(b"0\r\n\r\n")
        self.write()

    def write(self) -> bool:
        """Write what was added; return whether there was anything."""
        if not self._out:
            return False
        self._reader.write(b"".join(self._out))
        self._out.clear()
        return True

    def _compressed(self, status: int, headers: Headers, lines: list[bytes], length: int) -> tuple[list[bytes], int]:
        """Return lines and length of the head as it is for a client that takes the body compressed.

        What can be changed keeps its tag, and so its bytes: the tag is what a change names, letter by letter.
        """
        coding, route = self._incoming.coding, self._passage.route
        tagged = any(name == b"etag" for name, _ in headers)
        assert route  # noqa: S101 - an entrance found it
        if coding and self._passage.version == "1.1" and not (tagged and self._proxy.routes.is_versioned(route)):
            lines, length = answer_lines(status, coded(headers, coding))
            self._coder = coder_of(coding)
        lines.append(b"vary: Accept-Encoding\r\n")
        return lines, length
