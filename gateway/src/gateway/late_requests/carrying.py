"""Sends a late request through our own door, as if it came from outside: the same rows, rates and measures hold."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, Final

import httptools

from gateway.edge.connection import Headers
from gateway.edge.entry import Passage
from gateway.edge.exchange import Exchange
from gateway.edge.headers import read_request
from gateway.edge.proxy import Proxy
from gateway.late_requests.domain import LateRequest
from gateway.provider import Provider
from gateway.tokens.identities import Credentials
from onestop_legal.errors import NamedError
from onestop_runtime.caller import Caller
from onestop_runtime.codec import dumps, loads
from onestop_runtime.problems import problem_document

_TOKEN_LIVES: Final = timedelta(minutes=1)
_KEPT: Final = ("content-type", "etag", "location", "position-token", "retry-after")
_LARGEST: Final = 256 * 1024
_CUT: Final = 502


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said.

    Attributes:
        body: JSON as it is, other text as a string; None when there is none, or too much of it.
    """

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def problem(self) -> str:
        """Type of the problem that it tells, if any."""
        return str(self.body.get("type", "")) if isinstance(self.body, dict) else ""

    def as_bytes(self) -> bytes:
        """Return the answer as it is kept."""
        return dumps({"status": self.status, "headers": self.headers, "body": self.body})

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Answer":
        """Return an answer that was kept."""
        return cls(**loads(kept))

    @classmethod
    def of_error(cls, error: NamedError) -> "Answer":
        """Return the answer by which we say no ourselves."""
        document = problem_document(error)
        document.pop("instance", None)
        return cls(error.status, {"content-type": "application/problem+json"}, document)


class Carrier:
    """Carries requests to the services.

    Args:
        proxy: our own door.
        provider: the running provider.
        address: from where the terminal hands them in.
    """

    def __init__(self, proxy: Proxy, provider: Provider, address: str) -> None:
        self._proxy = proxy
        self._provider = provider
        self._address = address

    async def carry(self, request: LateRequest, caller: Caller, scopes: frozenset[str]) -> Answer:
        """Send a request in the name of `caller`, whose token lives for a minute and never leaves this process."""
        body = b"" if request.body is None else dumps(request.body)
        headers = self._headers(request, caller, scopes, body)
        path = request.path.encode()
        passage = Passage(request.method, request.path, path, b"", Credentials.of(headers), self._address)
        desk = _Desk()
        desk.exchange = exchange = Exchange(desk, self._proxy, passage, read_request(headers), keep_alive=True)
        self._proxy.deadlines.add(desk)
        try:
            exchange.start()
            if body and not exchange.response_complete:
                exchange.request_part(body)
            if not exchange.response_complete:
                exchange.request_end()
            return await desk.answer
        finally:
            self._proxy.deadlines.discard(desk)
            exchange.client_gone()

    def _headers(self, request: LateRequest, caller: Caller, scopes: frozenset[str], body: bytes) -> Headers:
        tokens, until = self._provider.access_tokens, self._provider.context.clock() + _TOKEN_LIVES
        token = tokens.issue(caller, scopes=scopes, grant_id=None, first_party=True, until=until)
        said = {
            "host": self._provider.issuer.partition("://")[2],
            "authorization": f"Bearer {token.value}",
            "content-length": str(len(body)),
            "content-type": "application/json" if body else None,
            "idempotency-key": request.idempotency_key,
            "if-match": request.if_match,
        }
        return [(name.encode(), value.encode()) for name, value in said.items() if value is not None]


class _Desk:
    """The client's side of an exchange, without a connection: it takes in the answer as a whole.

    Attributes:
        answer: what came; an answer cut short is none of the service's, so that it is asked again.
    """

    full = False
    paused = False
    common_lines = b""
    exchange: Exchange

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.deadline = inf
        self.answer: asyncio.Future[Answer] = self.loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = b""

    # What the exchange does

    def write(self, data: bytes) -> None:
        """Take in a part of the answer."""
        self._parser.feed_data(data)

    def pause(self) -> None:
        """Everything was sent at once."""

    def resume(self) -> None:
        """Everything was sent at once."""

    def answered(self) -> None:
        """Tell what came."""
        body = _read(self._body, self._headers) if len(self._body) <= _LARGEST else None
        self._tell(Answer(self._parser.get_status_code(), self._headers, body))

    def cut(self) -> None:
        """Tell that nothing came that counts."""
        self._tell(Answer(_CUT, {}, None))

    def too_late(self) -> None:
        """Say so to the exchange."""
        self.exchange.too_late()

    # What the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header that is kept."""
        lowered = name.decode("latin-1").lower()
        if lowered in _KEPT:
            self._headers[lowered] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body, and no more than shows that it is too large."""
        if len(self._body) <= _LARGEST:
            self._body += data

    def _tell(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


def _read(body: bytes, headers: dict[str, str]) -> Any:
    if not body:
        return None
    if "json" in headers.get("content-type", ""):
        return loads(body)
    return body.decode(errors="replace")
