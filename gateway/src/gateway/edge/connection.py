"""One HTTP/1.1 connection to an upstream: an asyncio protocol around the httptools parser.

A connection carries one request at a time, for whoever is its `user`. What arrives is handed to the user at once, so
that nothing is kept here; who is overrun pauses it.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final, Protocol, cast

import httptools

from gateway.edge.failures import UpstreamBroken
from onestop_legal.errors import NamedError
from onestop_runtime.logs import logger

Headers = list[tuple[bytes, bytes]]

MAX_HEAD_BYTES: Final = 64 * 1024
_FIRST_FINAL_STATUS: Final = 200
_CONTINUE: Final = 100
BROKEN: Final = "服务在答复前中断了连接，操作是否完成尚不确定；请使用同一个 Idempotency-Key 重新提交。"
log = logger(__name__)


class User(Protocol):
    """Who uses a connection for a request, and is told what comes back."""

    def continued(self) -> None:
        """The upstream wants the body (`100 Continue`)."""

    def answer_head(self, status: int, headers: Headers) -> None:
        """The final answer begins; informational ones are passed over. Names are in lower case."""

    def answer_part(self, data: bytes) -> None:
        """A part of its body arrived."""

    def answer_pause(self) -> None:
        """Everything that arrived was told; more will come."""

    def answer_end(self) -> None:
        """The answer is complete; the connection is another's from now on."""

    def upstream_failed(self, failure: NamedError) -> None:
        """There will be no answer, or no more of it; the connection is gone."""

    def upstream_full(self) -> None:
        """The upstream does not read what is sent."""

    def upstream_ready(self) -> None:
        """It reads again."""


class Connection(asyncio.Protocol):
    """A connection: `begin`, `write` the rest of the request, say when it is `sent`; the user is told what comes back.

    Attributes:
        fresh: no request has ended on it yet.
        answered: a byte of the present answer has arrived.
        deadline: until when it stays open unused.
        loop: the event loop that it belongs to.
    """

    def __init__(self, on_idle: Callable[["Connection"], None], on_lost: Callable[["Connection"], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._user: User | None = None
        self._open = False
        self._headers: Headers = []
        self._head_bytes = 0
        self._in_body = False
        self._ended = True
        self._keep = False
        self._sent = True
        self.answered = False
        self.fresh = True
        self.deadline = inf

    # What its user does

    @property
    def usable(self) -> bool:
        """A request can begin on it."""
        return self._open and self._user is None

    def serves(self, user: User) -> bool:
        """Tell whether it is still at the request of `user`."""
        return self._user is user

    def begin(self, user: User, data: bytes, *, whole: bool) -> None:
        """Send a request for `user`, or its first part if it is not `whole`."""
        self._user = user
        self._sent = whole
        self.deadline = inf
        self._head_bytes = 0
        self._in_body = self._ended = self.answered = False
        self.write(data)

    def write(self, data: bytes) -> None:
        """Send a part; dropped when the connection is gone, which the user is told."""
        if self._open and self._transport is not None:
            self._transport.write(data)

    def sent(self) -> None:
        """Note that the request is complete."""
        self._sent = True

    def pause(self) -> None:
        """Let nothing more arrive for now."""
        if self._open and self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Let it arrive again."""
        if self._open and self._transport is not None:
            self._transport.resume_reading()

    def abandon(self) -> None:
        """End the connection; its user wants to hear no more."""
        self._user = None
        self.abort()

    def too_late(self) -> None:
        """End a connection that was kept unused for long enough."""
        self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._open = True

    def data_received(self, data: bytes) -> None:
        """Hand on what arrived."""
        user = self._user
        if user is None:  # an answer nobody asked for: never let it meet the next request
            self.abort()
            return
        self.answered = True
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(error.__context__, _Nonsense):
                log.unexpected("an answer could not be handed on", error)
            self._keep = False
            if not self._ended:
                self._fail()
        if self._user is not user:  # who has gone while he was told
            return
        if not self._in_body and self._head_bytes > MAX_HEAD_BYTES:
            self._fail()
            return
        if self._ended:
            self._end(user)
        else:
            user.answer_pause()

    def pause_writing(self) -> None:
        """Tell the user."""
        if self._user is not None:
            self._user.upstream_full()

    def resume_writing(self) -> None:
        """Tell the user."""
        if self._user is not None:
            self._user.upstream_ready()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer: well, if its body was to last until the end of the connection; else badly."""
        self._open = False
        user = self._user
        if user is not None:
            if self._in_body and exc is None and self._lasts_until_close:
                self._keep = False
                self._end(user)
            else:
                self._fail()
        self._on_lost(self)

    @property
    def _lasts_until_close(self) -> bool:
        """Nothing but the end of the connection tells the end of the body (RFC 9112, 6.3)."""
        return not any(name in (b"content-length", b"transfer-encoding") for name, _ in self._headers)

    def _end(self, user: User) -> None:
        """Let go of the user, and keep the connection if it was left clean."""
        self._user = None
        if not self._keep or not self._sent:
            self.abort()
        elif self._open:
            self.fresh = False
            self._on_idle(self)
        user.answer_end()

    def _fail(self) -> None:
        user, self._user = self._user, None
        self.abort()
        if user is not None:
            user.upstream_failed(UpstreamBroken(BROKEN))

    # What the parser tells

    def on_message_begin(self) -> None:
        """Start an answer; a second one for one request would be somebody else's."""
        if self._ended:
            self._keep = False
            raise _Nonsense
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; what comes after the head is a trailer, which nobody asked for."""
        if not self._in_body:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Tell the final head."""
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL_STATUS or self._user is None:
            return
        self._in_body = True
        self._keep = self._parser.should_keep_alive()
        self._user.answer_head(status, self._headers)

    def on_body(self, body: bytes) -> None:
        """Tell a part."""
        if self._user is not None:
            self._user.answer_part(body)

    def on_message_complete(self) -> None:
        """Note the end of the answer, or tell that the upstream wants the body."""
        if self._in_body:
            self._ended = True
        elif self._parser.get_status_code() == _CONTINUE and self._user is not None:
            self._user.continued()


class _Nonsense(Exception):
    """What came from the upstream has no meaning here."""
