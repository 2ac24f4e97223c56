"""Bytes of materials behind one port: a folder locally, any S3-compatible store in production, by URL."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import ObjectStore, from_url

from onestop_runtime.logs import logger
from onestop_runtime.problems import ServiceUnavailable

_PART = 5 * 1024 * 1024
_READ = 256 * 1024
_LISTED = 500

log = logger(__name__)


class FileStore:
    """Where files lie; knows nothing of cases."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            Path(unquote(parts.path)).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)

    async def write(self, path: str, chunks: AsyncIterator[bytes]) -> None:
        """Write a file as its bytes come; when `chunks` raises, nothing is left and the error goes on.

        Raises:
            ServiceUnavailable: when the store cannot take it (full, away).
        """
        with _reachable():
            await obstore.put_async(self._store, path, chunks, chunk_size=_PART, max_concurrency=2)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """Return the bytes of a file as a stream.

        Raises:
            ServiceUnavailable: when the store does not give it.
        """
        with _reachable():
            found = await obstore.get_async(self._store, path)
        return _bytes_of(found.stream(min_chunk_size=_READ))

    async def remove(self, paths: list[str]) -> None:
        """Remove files; one that is gone is no error."""
        for path in paths:
            with _reachable(), contextlib.suppress(FileNotFoundError, obstore.exceptions.NotFoundError):
                await obstore.delete_async(self._store, path)

    async def older_than(self, instant: datetime) -> AsyncIterator[list[str]]:
        """Yield the paths of files written before `instant`, in batches."""
        with _reachable():
            async for batch in obstore.list(self._store, chunk_size=_LISTED):
                yield [one["path"] for one in batch if one["last_modified"] < instant]


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    """Turn what the store raises into what a caller can understand."""
    try:
        yield
    except (obstore.exceptions.BaseError, OSError) as error:
        log.warning("file store failed", error=type(error).__name__)
        raise ServiceUnavailable("文件存储暂时不可用，请稍后再试。", retry_after=10) from error


async def _bytes_of(stream: "obstore.BytesStream") -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)
