"""The services' OpenAPI documents, fetched when somebody asks and kept for a while."""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gateway.edge.connection import Headers
from gateway.edge.openapi import Document, merge
from gateway.edge.upstream import Upstream
from onestop_legal.errors import NamedError
from onestop_runtime.codec import dumps, loads
from onestop_runtime.logs import logger

FETCH_SECONDS = 3.0
KEPT_SECONDS = 60.0
KEPT_INCOMPLETE_SECONDS = 3.0
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
_OK = 200

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
        except (NamedError, TimeoutError, ValueError) as failure:
            log.warning("a service gave no OpenAPI document", upstream=upstream.name, failure=type(failure).__name__)
            return None
        return document if isinstance(document, dict) else None


class _Download:
    """Takes a small answer as a whole, as the user of a connection.

    Attributes:
        done: the body, once it is there.
    """

    def __init__(self) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._status = 0
        self._body = b""

    def continued(self) -> None:
        """Nothing waits for it."""

    def answer_head(self, status: int, headers: Headers) -> None:
        """Note the status."""
        del headers
        self._status = status

    def answer_part(self, data: bytes) -> None:
        """Keep a part, up to a limit."""
        self._body += data
        if len(self._body) > MAX_DOCUMENT_BYTES:
            self._fail(ValueError("document too large"))

    def answer_pause(self) -> None:
        """Wait for the rest."""

    def answer_end(self) -> None:
        """Tell what came."""
        if self._status != _OK:
            self._fail(ValueError(f"status {self._status}"))
        elif not self.done.done():
            self.done.set_result(self._body)

    def upstream_failed(self, failure: NamedError) -> None:
        """Tell that nothing came."""
        self._fail(failure)

    def upstream_full(self) -> None:
        """Nothing is sent after the head."""

    def upstream_ready(self) -> None:
        """Nothing is sent after the head."""

    def _fail(self, failure: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(failure)


async def _fetched(upstream: Upstream) -> bytes:
    """Return what the upstream answers at `/openapi.json`.

    Raises:
        NamedError: when it cannot be reached.
        ValueError: when it answers with something else than a document.
    """
    head = b"GET /openapi.json HTTP/1.1\r\nhost: %b\r\naccept: application/json\r\n\r\n" % upstream.authority
    upstream.enter()
    try:
        connection = upstream.kept() or await upstream.connect()
        download = _Download()
        connection.begin(download, head, whole=True)
        try:
            return await download.done
        finally:
            if connection.serves(download):
                connection.abandon()
    finally:
        upstream.breaker.undecided()
        upstream.leave()
