"""The public door as a protocol: requests to the services go straight on, all others to the application.

It stands in the place of uvicorn's protocol, which it is otherwise: what is parsed, bounded and kept alive there is so
here. A request to a service becomes an `Exchange` instead of a call of the application; in a pipeline both take turns.
"""

import re
import sys
from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from math import inf
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools

from gateway.edge.connection import Headers
from gateway.edge.entry import Passage
from gateway.edge.exchange import Exchange
from gateway.edge.headers import Incoming, read_request
from gateway.edge.proxy import Proxy
from gateway.tokens.identities import Credentials
from onestop_legal.errors import NamedError
from onestop_runtime.logs import logger
from onestop_runtime.server import LINGER_SECONDS, BoundedHttp

log = logger(__name__)
_API: Final = b"/api/"
_INWARD: Final = b"/api/gateway/"
_END: Final = b"\r\n\r\n"
_PLAIN: Final = re.compile(
    rb"(GET|HEAD) (/api/(?!gateway/)[A-Za-z0-9/_.~-]*)(?:\?([A-Za-z0-9/_.~%&=+,:-]*))? HTTP/1\.1"
)
_REMEMBERED_BYTES: Final = 4096


@dataclass(slots=True, eq=False)
class Head:
    """What the headers of a request say, which is mostly the same for all requests of a connection.

    Attributes:
        headers: as they came, names in lower case.
        incoming: what the edge reads in them, or why they are refused.
        credentials: who sends the request.
        address: where it comes from.
    """

    headers: Headers
    incoming: Incoming | NamedError
    credentials: Credentials
    address: str


class Door(BoundedHttp):
    """A connection of a client; `app.state.edge` is what its requests share.

    Attributes:
        deadline: until when it may stay open unused.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._proxy: Proxy = cast("Any", self.config.app).state.edge
        self._active: Exchange | None = None
        self._lingers: TimerHandle | None = None
        self._head: Head | None = None
        self._plain = False  # what was begun last has nothing but a head, the same as before, and all of it arrived
        self._again = b""  # that head from the end of its line on
        self.deadline = inf

    # What an exchange asks of it

    @property
    def full(self) -> bool:
        """The client does not read what was written."""
        return self.flow.write_paused

    @property
    def paused(self) -> bool:
        """Nothing arrives from the client for now."""
        return self.flow.read_paused

    @property
    def common_lines(self) -> bytes:
        """Headers that every answer has, as lines."""
        return self._proxy.common_lines(self.server_state.default_headers)

    def write(self, data: bytes) -> None:
        """Send something to the client."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def pause(self) -> None:
        """Let nothing more arrive for now."""
        self.flow.pause_reading()

    def resume(self) -> None:
        """Let it arrive again."""
        self.flow.resume_reading()

    def cut(self) -> None:
        """End the connection: the answer stays incomplete."""
        self._active, self.deadline = None, inf
        self.transport.close()

    def answered(self) -> None:
        """Go on with the next request; if something of this one is still to come, read it away first."""
        if self._in_body:
            self.deadline = inf
            self.resume()
            if self._active is not None and not self._active.keep_alive and self.transport.can_write_eof():
                self.transport.write_eof()  # the client knows the answer's end without waiting for ours
            # Closed at once, the connection would lose the answer together with what the client sends.
            self._lingers = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self._go_on()

    # What the parser tells

    def data_received(self, data: bytes) -> None:
        """Read on. What is the same as before but for a plain request line is not parsed once more."""
        again, head = self._again, self._head
        if again and head is not None and data.endswith(again):
            line = _PLAIN.fullmatch(data, 0, len(data) - len(again))
            if line is not None and not self.transport.is_closing():
                method, path, query = line.groups(b"")
                self._begin_exchange(method.decode(), path, query, "1.1", head, keep_alive=True)
                return
        self._plain, self._again = not (self._in_head or self._in_body), b""
        super().data_received(data)
        if self._plain and not (self._in_head or self._in_body):
            end = data.find(b"\r\n")
            if data.find(_END) == len(data) - len(_END) < _REMEMBERED_BYTES and _PLAIN.fullmatch(data, 0, end):
                self._again = data[end:]

    def on_message_begin(self) -> None:
        """Begin with a request; what only the application needs of it is made when it goes there."""
        self._in_head = True
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def begin_request(self) -> None:
        """Take a request to a service; leave any other to the application."""
        url = self.url
        if not url.startswith(b"/"):  # the absolute form, or nothing that has a path
            parsed = httptools.parse_url(url)
            url = b"%b?%b" % (parsed.path or b"", parsed.query) if parsed.query else parsed.path or b""
        if url.startswith(_API) and not url.startswith(_INWARD):
            parser, version = self.parser, self.parser.get_http_version()
            path, _, query = url.partition(b"?")
            known, head = self._head, self._head_of(version)
            # After an upgrade that nobody wants the parser reads no further.
            keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
            self._plain = self._plain and keep_alive and head is known
            method = parser.get_method().decode("ascii")
            self._begin_exchange(method, path, query, version, head, keep_alive=keep_alive)
            return
        self._plain = False
        before = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, headers, self.expect_100_continue = before
        self.headers += headers
        super().begin_request()

    def _begin_exchange(
        self, method: str, raw_path: bytes, query: bytes, version: str, head: Head, *, keep_alive: bool
    ) -> None:
        path = raw_path.decode("ascii", "replace")
        if "%" in path:
            path = unquote(path)
        passage = Passage(method, path, raw_path, query, head.credentials, head.address, version)
        exchange = Exchange(self, self._proxy, passage, head.incoming, keep_alive=keep_alive)
        before: Any = self.cycle
        self.cycle = cast("Any", exchange)
        if before is None or before.response_complete:
            self._active = exchange
            exchange.start()
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _head_of(self, version: str) -> Head:
        """Return what the headers say."""
        headers, head = self.headers, self._head
        if head is not None and headers == head.headers and version == "1.1":
            return head
        peer = self.client[0] if self.client else ""
        read = self._proxy.headers_of(peer, headers)
        try:
            incoming: Incoming | NamedError = read_request(read, version)
        except NamedError as refusal:
            incoming = refusal
        head = Head(headers, incoming, Credentials.of(read), self._proxy.origin_of(peer, read))
        self._head = head if version == "1.1" and isinstance(incoming, Incoming) else None
        return head

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, Exchange):
            self._active = cycle
            cycle.start()
        else:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a request."""
        cycle: Any = self.cycle
        if not isinstance(cycle, Exchange):
            super().on_body(body)
        elif not cycle.response_complete:
            cycle.request_part(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        cycle: Any = self.cycle
        if not isinstance(cycle, Exchange):
            super().on_message_complete()
            return
        self._in_body = False
        if not cycle.response_complete:
            cycle.request_end()
        elif self._lingers is not None:
            self._lingers.cancel()
            self._lingers = None
            self._go_on()

    def send_400_response(self, msg: str) -> None:
        """Tell that what arrived cannot be read, and our operators when that is our own fault."""
        error = sys.exception()
        if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(error.__context__, NamedError):
            log.unexpected("a request could not be taken", error)
        super().send_400_response(msg)

    def _refuse(self, error: NamedError) -> None:
        cycle: Any = self.cycle
        if not isinstance(cycle, Exchange) or not self._in_body:
            super()._refuse(error)
            return
        self._refused = True  # nothing of what follows can be understood
        cycle.keep_alive = False
        if not cycle.response_complete:
            cycle.give_up(error)

    def _should_upgrade_to_ws(self) -> bool:
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Let everybody ask for what he likes: he is answered without it."""

    # What the transport and the server tell

    def resume_writing(self) -> None:
        """Go on with the answer."""
        super().resume_writing()
        if self._active is not None:
            self._active.client_ready()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to look after deadlines."""
        super().connection_made(transport)
        self._proxy.deadlines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the work for a client that has gone."""
        active, self._active = self._active, None
        if active is not None:
            active.client_gone()
        if self._lingers is not None:
            self._lingers.cancel()
        self._proxy.deadlines.discard(self)
        if isinstance(self.cycle, Exchange):
            self.cycle = None  # type: ignore[assignment]
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin with what came ahead of time, or let the connection rest."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        else:
            self.deadline = self.loop.time() + self.timeout_keep_alive

    def too_late(self) -> None:
        """Tell the exchange whose time is over, or end a connection that rested for long enough."""
        if self._active is not None:
            self._active.too_late()
        else:
            self.transport.close()

    def _unset_keepalive_if_required(self) -> None:
        if self._active is None:
            self.deadline = inf

    def _go_on(self) -> None:
        done, self._active = self._active, None
        self.deadline = inf
        if done is None or not done.keep_alive:
            self.transport.close()
        else:
            self.on_response_complete()
