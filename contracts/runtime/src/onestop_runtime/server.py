"""How a process listens: uvicorn, with a bound to the head of every request while it arrives.

Of uvicorn's protocols only that on h11 bounds a head, and it is three times slower. Without a bound, one connection
fills the memory with a head that goes on for ever, and many hold their places with heads that arrive letter by letter.
"""

import asyncio
from asyncio import TimerHandle
from typing import Any

import uvicorn
from prometheus_client import Counter
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from onestop_legal.errors import NamedError
from onestop_runtime.problems import problem_response
from onestop_runtime.settings import ServiceSettings

MAX_HEAD = 64 * 1024
"""Bytes of a request line with all headers."""
HEAD_SECONDS = 20.0
"""How long a head may take, and how long a new connection may be silent."""
LINGER_SECONDS = 2.0
"""How long a refused client is still listened to: cut off at once, it would lose the answer with what it sends."""
_TOO_LARGE = f"请求行和请求头合计最多 {MAX_HEAD // 1024} KiB。"

REFUSED = Counter("onestop_refused_heads_total", "Requests refused before their head was complete", ["status"])


class HeadTooLarge(NamedError):
    """Request line and headers are larger than 64 KiB together."""

    slug = "headers-too-large"
    title = "请求头过大"
    status = 431


class HeadTooSlow(NamedError):
    """Request line and headers did not arrive in 20 seconds."""

    slug = "request-timeout"
    title = "请求发送超时"
    status = 408


class NoRequest(NamedError):
    """What arrived is no request of HTTP."""

    slug = "malformed-request"
    title = "请求格式有误"
    status = 400


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol on httptools; a head that is too large or too slow is refused while it arrives."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arrived = 0  # bytes of chunks that began outside a body, since the last head
        self._in_head = False
        self._in_body = False
        self._refused = False
        self._error: NamedError = NoRequest()
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the client was refused."""
        if self._refused:
            return
        if not self._in_body:
            self._arrived += len(data)
        super().data_received(data)
        self._bound_head()

    def on_message_begin(self) -> None:
        """Note that a head has begun."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take the head, unless it is too large; raises `HeadTooLarge`, which ends the parsing."""
        if self._arrived > MAX_HEAD and self._size() > MAX_HEAD:
            self._error = HeadTooLarge(_TOO_LARGE)
            raise self._error
        self._wait_no_longer()
        self._in_head, self._in_body, self._arrived = False, True, 0
        self.begin_request()

    def begin_request(self) -> None:
        """Hand the request whose head is complete to the application."""
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the next head may come."""
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell that what arrived cannot be read."""
        del msg
        self._refuse(self._error)

    @property
    def _answering(self) -> bool:
        return not getattr(self.cycle, "response_complete", True)  # None before the first request

    def _bound_head(self) -> None:
        """Refuse a head that has become too large; let one that is not complete run out of time."""
        if self._refused or self._in_body:
            return
        if self._in_head and self._arrived > MAX_HEAD:
            self._refuse(HeadTooLarge(_TOO_LARGE))
        elif self._timer is None and (self._in_head or not self._answering):
            self._wait(HEAD_SECONDS)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _wait(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._too_late)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._answering:
            self._wait(HEAD_SECONDS)  # what came ahead of time has time until the answer is sent
        elif self._arrived:
            self._refuse(HeadTooSlow("请求头迟迟没有发送完毕，连接已关闭。"))
        else:
            self.transport.close()

    def _refuse(self, error: NamedError) -> None:
        """Answer with the problem and listen no more; an answer that is under way goes before."""
        self._refused = True
        self._wait_no_longer()
        REFUSED.labels(str(error.status)).inc()
        if self._answering and not self._in_body:
            self.cycle.keep_alive = False
            return
        if self._answering and self.cycle.response_started:
            self.transport.close()
            return
        self.transport.write(self._answer(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _answer(self, error: NamedError) -> bytes:
        response = problem_response(error, {"Connection": "close"})
        headers = [*self.server_state.default_headers, *response.raw_headers]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return STATUS_LINE[error.status] + head + b"\r\n" + bytes(response.body)


def serve(app: ASGIApp, settings: ServiceSettings, protocol: type[BoundedHttp] | None = None) -> None:
    """Serve `app` until the process is told to stop; running requests are finished first."""
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=protocol or BoundedHttp,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        timeout_graceful_shutdown=settings.drain_seconds,
        timeout_keep_alive=75,
    )
