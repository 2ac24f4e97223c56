"""Bytes of materials behind one port: a folder locally, any S3-compatible store in production, by URL."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import ObjectStore, from_url

from onestop_runtime.problems import ServiceUnavailable

_PART = 5 * 1024 * 1024
_READ = 256 * 1024
_LISTED = 500


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
        try:
            await obstore.put_async(self._store, path, chunks, chunk_size=_PART, max_concurrency=2)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise ServiceUnavailable("文件存储暂时不可用，请稍后再试。", retry_after=10) from error

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """Return the bytes of a file as a stream.

        Raises:
            ServiceUnavailable: when the store does not give it.
        """
        try:
            found = await obstore.get_async(self._store, path)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise ServiceUnavailable("文件存储暂时不可用，请稍后再试。", retry_after=10) from error
        return _bytes_of(found.stream(min_chunk_size=_READ))

    async def remove(self, paths: list[str]) -> None:
        """Remove files; one that is gone is no error."""
        for path in paths:
            try:
                await obstore.delete_async(self._store, path)
            except (FileNotFoundError, obstore.exceptions.NotFoundError):
                continue

    async def older_than(self, instant: datetime) -> AsyncIterator[list[str]]:
        """Yield the paths of files written before `instant`, in batches."""
        async for batch in obstore.list(self._store, chunk_size=_LISTED):
            yield [one["path"] for one in batch if one["last_modified"] < instant]


async def _bytes_of(stream: "obstore.BytesStream") -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)
