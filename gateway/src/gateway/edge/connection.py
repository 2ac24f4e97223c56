"""One HTTP/1.1 connection to an upstream: an asyncio protocol around the httptools parser.

A connection carries one exchange at a time. The writing side waits when the upstream does not read; the reading
side stops reading when nobody takes what has arrived. So memory stays flat whoever is slow.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from gateway.edge.failures import UpstreamBroken, UpstreamTimeout

Headers = list[tuple[bytes, bytes]]

HIGH_WATER_BYTES = 256 * 1024
MAX_HEAD_BYTES = 64 * 1024
_FIRST_FINAL_STATUS = 200
_CONTINUE = 100
_BROKEN_DETAIL = "服务在答复前中断了连接，操作是否完成尚不确定；请使用同一个 Idempotency-Key 重新提交。"
_TIMEOUT_DETAIL = "服务在规定时间内没有答复，操作是否完成尚不确定；请稍后查询，或使用同一个 Idempotency-Key 重新提交。"


class Head(NamedTuple):
    """Status and headers of a final answer."""

    status: int
    headers: Headers


class Connection(asyncio.Protocol):
    """A connection: `begin` an exchange, `write` the request, await `head`, `take` until nothing is left.

    Attributes:
        fresh: no exchange has ended on it yet.
        answered: a byte of the current answer has arrived.
        ended: the current answer has arrived completely.
    """

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._go_ahead: asyncio.Future[None] | None = None
        self._write_paused = False
        self._read_paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._open = False
        self.fresh = True
        self._reset()
        self.ended = True

    def _reset(self) -> None:
        self.answered = False
        self.ended = False
        self._headers: Headers = []
        self._head: Head | None = None
        self._head_bytes = 0
        self._parts: list[bytes] = []
        self._buffered = 0
        self._keep = False
        self._sent = False
        self._only_head = False
        self._failure: Exception | None = None

    # What an exchange does

    @property
    def usable(self) -> bool:
        """A new exchange can begin on it."""
        return self._open and self.ended

    @property
    def reusable(self) -> bool:
        """The exchange is over on both sides and left the connection clean."""
        return self._open and self.ended and self._keep and self._sent and not self._parts

    def begin(self, *, only_head: bool) -> None:
        """Begin an exchange; `only_head` for HEAD, whose answer has no body whatever its headers say."""
        self._deadline = None
        self._reset()
        self._only_head = only_head

    def write(self, data: bytes) -> None:
        """Send a part of the request; dropped when the connection is gone, which the reading side reports."""
        if self._open and self._transport is not None:
            self._transport.write(data)

    async def drain(self, seconds: float) -> None:
        """Wait until the upstream takes more.

        Raises:
            UpstreamTimeout: when it takes nothing for `seconds`.
        """
        if not self._write_paused or not self._open:
            return
        self._writable = self._loop.create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._writable
        except TimeoutError:
            raise UpstreamTimeout(_TIMEOUT_DETAIL) from None
        finally:
            self._writable = None

    def sent(self, seconds: float) -> None:
        """Note that the request is complete; the upstream has `seconds` for the next sign of life."""
        self._sent = True
        if self._waiter is not None:
            self._watch(seconds)

    async def permitted(self, seconds: float) -> bool:
        """Wait for `100 Continue`; return whether the body is wanted.

        After `seconds` of silence it is sent anyway (RFC 9110, 10.1.1).
        """
        if self._head is None and self._failure is None:
            self._go_ahead = self._loop.create_future()
            await asyncio.wait((self._go_ahead,), timeout=seconds)
            self._go_ahead = None
        return self._head is None and self._failure is None

    async def head(self, seconds: float) -> Head:
        """Wait for the head of the final answer; informational answers are passed over.

        Raises:
            UpstreamBroken: when the connection ended before.
            UpstreamTimeout: when none came within `seconds` after the request was complete.
        """
        while self._head is None:
            if self._failure is not None:
                raise self._failure
            await self._wait(seconds)
        return self._head

    async def take(self, seconds: float) -> tuple[bytes, bool]:
        """Wait for the next part of the body; return what is there and whether more will come.

        Raises:
            UpstreamBroken: when the connection ended before the body did.
            UpstreamTimeout: when nothing came for `seconds`.
        """
        while not self._parts and not self.ended:
            if self._failure is not None:
                raise self._failure
            await self._wait(seconds)
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._buffered = 0
        if self._read_paused and self._transport is not None:
            self._read_paused = False
            self._transport.resume_reading()
        return data, not self.ended

    def fail(self, failure: Exception) -> None:
        """End the exchange by `failure`, which its waiting side raises, and the connection with it."""
        if self._failure is None and not self.ended:
            self._failure = failure
        self._keep = False
        self.abort()
        self._wake()

    def rest(self, seconds: float) -> None:
        """Stay open without an exchange for `seconds` at most."""
        self.fresh = False
        self._watch(seconds)

    def abort(self) -> None:
        """End the connection at once."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    # Waiting and time-outs

    async def _wait(self, seconds: float) -> None:
        self._waiter = self._loop.create_future()
        if self._sent:
            self._watch(seconds)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._deadline = None

    def _watch(self, seconds: float) -> None:
        """Set the deadline; the timer is moved only when it would ring too late, which is seldom."""
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._deadline is None or not self._open:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._ring)
        elif self.ended:
            self.abort()
        else:
            self.fail(UpstreamTimeout(_TIMEOUT_DETAIL))

    def _wake(self) -> None:
        for future in (self._waiter, self._writable, self._go_ahead):
            if future is not None and not future.done():
                future.set_result(None)

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._open = True

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; pause when too much of it waits."""
        if self.ended:  # an answer nobody asked for: never let it meet the next request
            self.abort()
            return
        self.answered = True
        if self._head is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail(UpstreamBroken(_BROKEN_DETAIL))
            return
        if self._head is None and self._head_bytes > MAX_HEAD_BYTES:
            self.fail(UpstreamBroken(_BROKEN_DETAIL))
        elif self._buffered > HIGH_WATER_BYTES and not self._read_paused and self._transport:
            self._read_paused = True
            self._transport.pause_reading()
        if self._head is not None:
            self._wake_reader()

    def _wake_reader(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        self._let_go_ahead()

    def _let_go_ahead(self) -> None:
        if self._go_ahead is not None and not self._go_ahead.done():
            self._go_ahead.set_result(None)

    def pause_writing(self) -> None:
        """Let the writing side wait."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """Let the writing side go on."""
        self._write_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: well, if the body was to last until the end of the connection; else badly."""
        self._open = False
        self._keep = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.ended:
            if self._lasts_until_close and exc is None and self._failure is None:
                self.ended = True
            elif self._failure is None:
                self._failure = UpstreamBroken(_BROKEN_DETAIL)
        self._wake()
        self._on_lost(self)

    @property
    def _lasts_until_close(self) -> bool:
        """Nothing but the end of the connection tells the end of the body (RFC 9112, 6.3)."""
        if self._head is None:
            return False
        return not any(name in (b"content-length", b"transfer-encoding") for name, _ in self._head.headers)

    # What the parser tells

    def on_message_begin(self) -> None:
        """Start an answer; a second one within an exchange would be somebody else's."""
        if self.ended:
            self._keep = False
            raise httptools.HttpParserError("answer without a request")
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; what comes after the head is a trailer, which nobody asked for."""
        if self._head is None:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Know the final head."""
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL_STATUS:
            return
        self._keep = self._parser.should_keep_alive()
        self._head = Head(status, self._headers)
        if self._only_head:
            # The parser expects a body by the headers; what it knows ends here.
            self._parser = httptools.HttpResponseParser(self)
            self.ended = True

    def on_body(self, body: bytes) -> None:
        """Keep a part until it is taken."""
        if not self.ended:
            self._parts.append(body)
            self._buffered += len(body)

    def on_message_complete(self) -> None:
        """End the answer, or hear that the upstream wants the body."""
        if self._head is not None:
            self.ended = True
        elif self._parser.get_status_code() == _CONTINUE:
            self._let_go_ahead()
