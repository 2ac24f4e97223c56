"""One exchange: a request from a client to an upstream and the answer back, both streamed.

Nothing here waits. The two connections tell what arrives, and it is written to the other one at once; whoever is
slower pauses the faster. So a request costs no task, memory stays flat, and an upstream may answer before the request
has ended.
Only what cannot be known at once is awaited: a new connection, a session in the database, a rate that machines share.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from time import perf_counter
from typing import Final, Protocol

from gateway.edge.answer import Answer, Reader
from gateway.edge.answers import CLOSING, problem
from gateway.edge.connection import Connection, Headers
from gateway.edge.entry import Passage
from gateway.edge.failures import MalformedRequest, RequestTooSlow, UpstreamTimeout
from gateway.edge.headers import UNREAD, Incoming
from gateway.edge.proxy import Proxy, too_large
from gateway.edge.records import CUT_SHORT
from gateway.edge.upstream import Upstream
from onestop_legal.errors import NamedError
from onestop_runtime.logs import logger
from onestop_runtime.problems import InternalError

REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
PERMISSION_SECONDS: Final = 1.0
"""How long the upstream may think about `Expect: 100-continue` (RFC 9110, 10.1.1)."""
ENTRY_SECONDS: Final = 30.0
SLOWEST: Final = 500
SLOW_SECONDS: Final = 60.0
"""Bytes a second that a client has to send on average, once this time is over."""
BUFFERED_BYTES: Final = 64 * 1024
"""How much of a body waits for a connection; and how much of an unwanted one is read to keep the client's."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_CONTENT: Final = 204
_CLIENT_GONE: Final = 499
_CLIENT, _READER, _PERMISSION, _UPSTREAM = "client", "reader", "permission", "upstream"
_TOO_SLOW: Final = "请求内容迟迟没有发送完毕，连接已关闭。"
_TIMEOUT: Final = "服务在规定时间内没有答复，操作是否完成尚不确定；请稍后查询，或使用同一个 Idempotency-Key 重新提交。"
log = logger(__name__)


class Client(Reader, Protocol):
    """The client's side of an exchange.

    Attributes:
        loop: the event loop that it belongs to.
        deadline: when whoever is waited for is too late; then it says so to the exchange.
    """

    loop: asyncio.AbstractEventLoop
    deadline: float

    @property
    def full(self) -> bool:
        """It does not read what was written."""

    @property
    def paused(self) -> bool:
        """Nothing arrives from it for now, because it was asked to wait."""

    def pause(self) -> None:
        """Let nothing more arrive for now."""

    def resume(self) -> None:
        """Let it arrive again."""

    def answered(self) -> None:
        """The answer is complete."""

    def cut(self) -> None:
        """End the connection: the answer stays incomplete."""


class Exchange:
    """Carries one request to a service and its answer back.

    Attributes:
        response_started: the head of the answer is sent. This and the next two are what uvicorn's protocol asks of the
            request that it is at.
        response_complete: nothing more will be sent.
        keep_alive: the client's connection stays open afterwards.
        request_complete: nothing more of the request will come.
    """

    __slots__ = (
        "_answer", "_client", "_connection", "_early", "_head", "_incoming", "_judged", "_passage", "_paused", "_proxy",
        "_received", "_refusal", "_repeated", "_task", "_unpermitted", "_upstream", "_waits_for", "keep_alive",
        "request_complete", "response_complete", "response_started",
    )  # fmt: skip

    def __init__(
        self, client: Client, proxy: Proxy, passage: Passage, incoming: Incoming | NamedError, *, keep_alive: bool
    ) -> None:
        self.keep_alive = keep_alive and passage.version == "1.1"
        self._client = client
        self._proxy = proxy
        self._passage = passage
        self._refusal = incoming if isinstance(incoming, NamedError) else None
        self._incoming = UNREAD if isinstance(incoming, NamedError) else incoming
        self.response_started = self.response_complete = self.request_complete = False
        self._upstream: Upstream | None = None
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._head = b""
        self._early: tuple[bytes, ...] = ()
        self._received = 0
        self._unpermitted = self._repeated = self._judged = self._paused = False
        self._answer: Answer | None = None
        self._waits_for = _UPSTREAM

    # The way in

    def start(self) -> None:
        """Begin, when it is this request's turn on its connection."""
        self._proxy.begin_trace(self._passage, self._incoming)
        try:
            if self._refusal is not None:
                raise self._refusal
            if self._passage.method == "OPTIONS" and self._incoming.origin is not None:
                self._answer_preflight(self._incoming.origin)
                return
            entered = self._proxy.entrance.enter_at_once(self._passage)
        except NamedError as refusal:
            self._refuse(refusal)
            return
        if entered:
            self._forward()
        else:
            self._await(self._enter)

    def _answer_preflight(self, origin: bytes) -> None:
        headers = self._proxy.entrance.preflight(self._passage, origin)
        self._tell(_NO_CONTENT, headers, b"", "answered")

    async def _enter(self) -> None:
        try:
            await self._proxy.entrance.enter(self._passage)
        except NamedError as refusal:
            self._refuse(refusal)
        else:
            self._forward()

    def _forward(self) -> None:
        """Send the request to its service, as soon as there is a connection."""
        try:
            self._upstream = upstream = self._proxy.enter_upstream(self._passage, self._incoming)
            self._head = self._proxy.head(self._passage, self._incoming, upstream)
        except NamedError as refusal:
            self._refuse(refusal)
            return
        self._unpermitted = self._incoming.expects and self._incoming.has_body
        connection = upstream.kept()
        if connection is None:
            self._await(self._connect)
        else:
            self._begin(connection)

    async def _connect(self) -> None:
        assert self._upstream  # noqa: S101 - it was entered
        try:
            connection = await self._upstream.connect()
        except NamedError as failure:
            self.upstream_failed(failure)
        else:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        self._connection = connection
        early, self._early = self._early, ()
        whole = self.request_complete or not self._incoming.has_body
        connection.begin(self, self._head + b"".join(early) if early else self._head, whole=whole)
        if early:
            self._client.resume()
        self._wait()

    def _await(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Wait in a task for what cannot be known at once."""
        loop = self._client.loop
        self._waits_for = _UPSTREAM
        self._client.deadline = loop.time() + ENTRY_SECONDS
        self._task = loop.create_task(self._guarded(wait))

    async def _guarded(self, wait: Callable[[], Awaitable[None]]) -> None:
        try:
            await wait()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told and the connection goes on
            log.unexpected("a request failed unexpectedly", error)
            self.give_up(InternalError())

    # What the client does

    def request_part(self, data: bytes) -> None:
        """Carry a part of the body to the upstream, or keep it until there is a connection."""
        self._received += len(data)
        route, connection = self._passage.route, self._connection
        if route is not None and self._received > route.body_bytes:
            self.give_up(too_large(route))
        elif connection is None:
            self._early = (*self._early, self._framed(data))
            if self._received > BUFFERED_BYTES:
                self._client.pause()
        else:
            self._unpermitted = False
            connection.write(self._framed(data))
            seconds = perf_counter() - self._passage.started
            if seconds > SLOW_SECONDS and self._received < seconds * SLOWEST:
                self.give_up(RequestTooSlow(_TOO_SLOW))
            else:
                self._wait()

    def request_end(self) -> None:
        """Note that the body is complete."""
        self.request_complete = True
        incoming, connection = self._incoming, self._connection
        if not incoming.has_body:
            return
        if incoming.length is not None and self._received != incoming.length:
            self.give_up(MalformedRequest("请求内容的长度与 Content-Length 不符。"))
        elif connection is None:
            self._early = (*self._early, self._framed(b""))
        else:
            connection.write(self._framed(b""))
            connection.sent()
            self._wait()

    def client_ready(self) -> None:
        """Go on with the answer: the client reads again."""
        if self._paused and self._connection is not None:
            self._paused = False
            self._connection.resume()
            self._wait()

    def client_gone(self) -> None:
        """End the work: nobody waits for the answer any more."""
        if not self.response_complete:
            self._passage.status = _CLIENT_GONE
            self._finish("client-gone")

    # What the upstream does

    def continued(self) -> None:
        """Tell the client that its body is wanted."""
        if self._unpermitted:
            self._unpermitted = False
            self._client.write(CONTINUE)
            self._wait()

    def answer_head(self, status: int, headers: Headers) -> None:
        """Send the head of the answer on."""
        self._judged = self.response_started = True
        self._answer = Answer(self._client, self._proxy, self._passage, self._incoming)
        keep_alive = self.keep_alive and not self._unpermitted
        self.keep_alive = self._answer.pass_on(status, headers, keep_alive=keep_alive)
        assert self._upstream  # noqa: S101 - it has answered
        self._upstream.breaker.succeeded()

    def answer_part(self, data: bytes) -> None:
        """Send a part of the answer's body on."""
        assert self._answer  # noqa: S101 - its head came before
        self._answer.add(data)
        if self._answer.too_long:
            self.answer_end()

    def answer_pause(self) -> None:
        """Write what was told, and let the upstream wait when the client does not read it."""
        if self._answer is not None and self._answer.write():
            if self._client.full and self._connection is not None:
                self._paused = True
                self._connection.pause()
            self._wait()

    def answer_end(self) -> None:
        """End the answer."""
        assert self._answer  # noqa: S101 - its head came before
        self._answer.end()
        self._finish("answered")
        self._client.answered()

    def upstream_full(self) -> None:
        """Let the client wait: the upstream does not read."""
        self._client.pause()

    def upstream_ready(self) -> None:
        """Let the client go on."""
        self._client.resume()
        self._wait()

    def upstream_failed(self, failure: NamedError) -> None:
        """Try once more what does no harm and was not answered; else tell the client."""
        if self.response_complete:
            return
        if self.response_started:
            self._cut(self._upstream.name if self._upstream else "")
        elif self._may_repeat:
            self._repeated, self._connection = True, None
            self._await(self._connect)
        else:
            self._fail(failure)

    @property
    def _may_repeat(self) -> bool:
        if self._repeated or self._incoming.has_body or self._passage.method not in REPEATABLE:
            return False
        return self._connection is None or not self._connection.answered

    # Who is waited for, and for how long

    def too_late(self) -> None:
        """Do what is to be done about who is too late."""
        if self._waits_for == _PERMISSION:
            self.continued()
        elif self._waits_for == _READER:
            self._cut("client")
        elif self._waits_for == _CLIENT:
            self.give_up(RequestTooSlow(_TOO_SLOW))
        elif self.response_started:
            self._cut(self._upstream.name if self._upstream else "")
        else:
            self._fail(UpstreamTimeout(_TIMEOUT))

    def _wait(self) -> None:
        """Set the deadline for whoever has to do something next."""
        client, upstream, route = self._client, self._upstream, self._passage.route
        assert upstream  # noqa: S101 - it was entered
        assert route  # noqa: S101 - an entrance found it
        seconds = upstream.limits.idle_seconds
        self._waits_for = _UPSTREAM
        if self._paused:
            self._waits_for = _READER
        elif self._unpermitted:
            self._waits_for, seconds = _PERMISSION, PERMISSION_SECONDS
        elif self._incoming.has_body and not self.request_complete:
            if not client.paused:
                self._waits_for = _CLIENT
        elif not self.response_started:
            seconds = route.seconds
        client.deadline = client.loop.time() + seconds

    # How it ends

    def _fail(self, failure: NamedError) -> None:
        """Refuse because of the upstream, and let its breaker know."""
        if self._upstream is not None:
            self._upstream.breaker.failed()
            self._judged = True
        self._refuse(failure)

    def give_up(self, refusal: NamedError) -> None:
        """Refuse the request, wherever it is by now."""
        if self.response_started:
            self._cut("client")
        else:
            self._refuse(refusal)

    def _cut(self, by: str) -> None:
        """Break off an answer: a part never passes for the whole."""
        CUT_SHORT.labels(by).inc()
        self._finish("cut-short")
        self._client.cut()

    def _refuse(self, refusal: NamedError) -> None:
        if self.response_complete:
            return
        headers, body = problem(refusal, self._passage.trace.request_id.decode())
        incoming = self._incoming
        rest = (inf if incoming.length is None else incoming.length) - self._received
        if isinstance(refusal, CLOSING) or rest > BUFFERED_BYTES or (incoming.expects and rest):
            self.keep_alive = False
        self._tell(refusal.status, headers, body, refusal.slug)

    def _tell(self, status: int, headers: Headers, body: bytes, outcome: str) -> None:
        """Answer by ourselves."""
        self.response_started = True
        answer = Answer(self._client, self._proxy, self._passage, self._incoming)
        answer.begin(status, [b"%b: %b\r\n" % pair for pair in headers], keep_alive=self.keep_alive)
        if self._passage.method != "HEAD":
            answer.add(body)
        answer.end()
        self._finish(outcome)
        self._client.answered()

    def _finish(self, outcome: str) -> None:
        """Let go of everything, and tell about it."""
        self.response_complete = True
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        connection, upstream = self._connection, self._upstream
        if connection is not None and connection.serves(self):
            connection.abandon()
        if upstream is not None:
            if not self._judged:
                upstream.breaker.undecided()
            upstream.leave()
        self._passage.outcome = outcome
        self._proxy.records.note(self._passage)

    def _framed(self, data: bytes) -> bytes:
        """Return a part of the body as it goes over the wire; an empty one is the end."""
        if self._incoming.length is not None:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)
