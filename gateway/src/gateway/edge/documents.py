"""The services' OpenAPI documents, fetched when somebody asks and kept for a while."""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gateway.edge.exchange import Exchange
from gateway.edge.failures import AnswerCutShort, ClientGone
from gateway.edge.headers import read_request
from gateway.edge.openapi import Document, merge
from gateway.edge.routes import Route
from gateway.edge.upstream import Upstream
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps, loads
from onestop_runtime.logs import logger

FETCH_SECONDS = 3.0
KEPT_SECONDS = 60.0
KEPT_INCOMPLETE_SECONDS = 3.0
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
_OK = 200
_ROUTE = Route("", "GET", "/openapi.json", None)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged document in the forms it is served in.

    Attributes:
        content: the document itself.
        body: as JSON.
        packed: the JSON, compressed by gzip.
        etag: changes with the content.
    """

    content: Document
    body: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, content: Document) -> "Merged":
        """Return `content` in all its forms."""
        body = dumps(content)
        return cls(content, body, gzip.compress(body, 6, mtime=0), f'"{sha256(body).hexdigest()[:32]}"')


class Documents:
    """Asks every service for its document and merges what comes.

    A service that cannot be asked keeps the document it gave before; one that never gave any is named as absent.
    """

    def __init__(self, upstreams: Mapping[str, Upstream], clock: Callable[[], float] | None = None) -> None:
        self._upstreams = upstreams
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._known: dict[str, Document] = {}
        self._own: Document | None = None
        self._merged: Merged | None = None
        self._fresh_until = 0.0
        self._asking = asyncio.Lock()

    async def merged(self, own: Document | None = None) -> Merged:
        """Return the merged document, at most a minute old; `own` is the gateway's part."""
        async with self._asking:
            if self._merged is None or self._clock() >= self._fresh_until or own is not self._own:
                self._own = own
                self._merged = await self._ask_all()
            return self._merged

    async def _ask_all(self) -> Merged:
        answers = await asyncio.gather(*(self._ask(upstream) for upstream in self._upstreams.values()))
        self._known |= {service: answer for service, answer in zip(self._upstreams, answers, strict=True) if answer}
        kept = KEPT_SECONDS if all(answers) else KEPT_INCOMPLETE_SECONDS
        self._fresh_until = self._clock() + kept
        documents = self._known | ({"gateway": self._own} if self._own else {})
        absent = set(self._upstreams) - set(self._known)
        # What did not change keeps its form, so that pages made from it stay made.
        content = merge(documents, absent)
        return self._merged if self._merged and self._merged.content == content else Merged.of(content)

    async def _ask(self, upstream: Upstream) -> Document | None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                document = loads(await _fetched(upstream))
        except (NamedError, AnswerCutShort, ClientGone, TimeoutError, ValueError) as failure:
            log.warning("a service gave no OpenAPI document", upstream=upstream.name, failure=type(failure).__name__)
            return None
        return document if isinstance(document, dict) else None


async def _fetched(upstream: Upstream) -> bytes:
    """Return what the upstream answers at `/openapi.json`.

    Raises:
        NamedError: when it cannot be reached.
        ValueError: when it answers with something else than a document.
    """
    status = 0
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        never: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return await never

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MAX_DOCUMENT_BYTES:
            raise ValueError("document too large")

    head = b"GET /openapi.json HTTP/1.1\r\nhost: %b\r\naccept: application/json\r\n\r\n" % upstream.authority
    await Exchange(upstream, _ROUTE, "GET", read_request([]), receive, send).run(head, list)
    if status != _OK:
        raise ValueError(f"status {status}")
    return b"".join(parts)
