"""One exchange: a request from the client to an upstream and the answer back, both streamed.

The request is pumped by a listener task while the answer is relayed, so that an upstream may answer before the
request has ended. A request without body, or whose body is already there, needs no listener at first: it is
started only when the answer takes a moment, to notice a client that goes away.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Send

from gateway.edge.connection import Connection, Head, Headers
from gateway.edge.failures import (
    AnswerCutShort,
    ClientGone,
    MalformedRequest,
    RequestTooSlow,
    UploadTooLarge,
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from gateway.edge.headers import Incoming, answer_headers
from gateway.edge.routes import Route
from gateway.edge.upstream import Upstream
from onestop_legal.errors import NamedError

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
LISTEN_AFTER_SECONDS = 0.05
PERMISSION_SECONDS = 1.0

Part = tuple[bytes, bool]
"""Bytes of a body, and whether more will come."""


class Exchange:
    """Carries one request to `upstream` and its answer back.

    Attributes:
        status: the status that was sent to the client; 0 as long as nothing was.
    """

    def __init__(
        self, upstream: Upstream, route: Route, method: str, incoming: Incoming, receive: Receive, send: Send
    ) -> None:
        self.status = 0
        self._upstream = upstream
        self._route = route
        self._limits = upstream.limits
        self._method = method
        self._incoming = incoming
        self._receive = receive
        self._send = send
        self._connection: Connection | None = None
        self._listener: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0

    async def run(self, head: bytes, marks: Callable[[], Headers]) -> None:
        """Send `head` and the client's body to the upstream, relay the answer with `marks` added to its headers.

        Raises:
            NamedError: one of the edge's failures, as long as `status` is 0.
            AnswerCutShort: when the answer broke off after its head.
            ClientGone: when nobody waits for the answer any more.
        """
        if (self._incoming.length or 0) > self._route.body_bytes:
            raise UploadTooLarge(f"请求内容不能超过 {self._route.body_bytes} 字节。")
        part = await self._part() if self._incoming.has_body and not self._incoming.expects else None
        self._upstream.enter()
        try:
            answer = await self._ask(head, part)
            await self._relay(answer, marks())
        finally:
            await self._end()
            self._upstream.leave()

    async def _ask(self, head: bytes, part: Part | None) -> Head:
        """Return the head of the answer, having told the breaker what it means."""
        breaker = self._upstream.breaker
        try:
            connection = await self._upstream.connection()
            kept = not connection.fresh
            try:
                answer = await self._attempt(connection, head, part)
            except UpstreamBroken:
                # A kept connection may have ended while our request was on its way: then nobody has read it.
                if not kept or connection.answered or not self._repeatable:
                    raise
                connection = await self._upstream.connection(fresh=True)
                answer = await self._attempt(connection, head, part)
        except (UpstreamUnreachable, UpstreamBroken, UpstreamTimeout):
            breaker.failed()
            raise
        except BaseException:
            breaker.undecided()
            raise
        breaker.succeeded()
        return answer

    @property
    def _repeatable(self) -> bool:
        return self._method in REPEATABLE and not self._incoming.has_body

    async def _attempt(self, connection: Connection, head: bytes, part: Part | None) -> Head:
        self._connection = connection
        connection.begin(only_head=self._method == "HEAD")
        if part is not None:
            head += self._framed(part)
        connection.write(head)
        loop = asyncio.get_running_loop()
        if not self._incoming.has_body or (part is not None and not part[1]):
            connection.sent(self._route.seconds)
            if self._timer is None:
                self._timer = loop.call_later(LISTEN_AFTER_SECONDS, self._start_listening)
        else:
            self._listener = loop.create_task(self._pump(connection))
        return await connection.head(self._route.seconds)

    async def _relay(self, answer: Head, marks: Headers) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 - an answer came over it
        headers = answer_headers(answer) + marks
        idle = self._limits.idle_seconds
        try:
            part = await connection.take(idle) if connection.ended else None
            await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
            self.status = answer.status
            if part is not None:
                await self._send({"type": "http.response.body", "body": part[0], "more_body": False})
                return
            more = True
            while more:
                data, more = await connection.take(idle)
                async with asyncio.timeout(idle):
                    await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise AnswerCutShort("client") from None
        except OSError as gone:  # by which some servers tell that the client left
            raise ClientGone from gone
        except (UpstreamBroken, UpstreamTimeout) as broken:
            raise AnswerCutShort(self._upstream.name) from broken

    async def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None and not self._listener.done():
            self._listener.cancel()
            await asyncio.wait((self._listener,))
        if self._connection is not None:
            self._upstream.give_back(self._connection)

    # The client's side

    def _start_listening(self) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._await_departure())

    async def _await_departure(self) -> None:
        """End the exchange when the client goes away; its request has been read to the end."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._connection is not None:
            self._connection.fail(ClientGone())

    async def _pump(self, connection: Connection) -> None:
        """Carry the rest of the client's body to the upstream."""
        try:
            if self._incoming.expects and not await connection.permitted(PERMISSION_SECONDS):
                return
            more = True
            while more:
                part = await self._part()
                connection.write(self._framed(part))
                await connection.drain(self._limits.idle_seconds)
                more = part[1]
        except (NamedError, ClientGone) as failure:
            connection.fail(failure)
            return
        connection.sent(self._route.seconds)
        await self._await_departure()

    async def _part(self) -> Part:
        """Return the next part of the client's body.

        Raises:
            RequestTooSlow: when none comes in time.
            UploadTooLarge: when the body exceeds the upstream's limit.
            MalformedRequest: when it is shorter or longer than announced.
            ClientGone: when the client left.
        """
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                message = await self._receive()
        except TimeoutError:
            raise RequestTooSlow("请求内容迟迟没有发送完毕，连接已关闭。") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        data: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        self._received += len(data)
        if self._received > self._route.body_bytes:
            raise UploadTooLarge(f"请求内容不能超过 {self._route.body_bytes} 字节。")
        length = self._incoming.length
        if length is not None and (self._received > length or (not more and self._received < length)):
            raise MalformedRequest("请求内容的长度与 Content-Length 不符。")
        return data, more

    def _framed(self, part: Part) -> bytes:
        """Return `part` as it goes over the wire: as it is, or as a chunk."""
        data, more = part
        if self._incoming.length is not None:
            return data
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return chunk if more else chunk + b"0\r\n\r\n"
