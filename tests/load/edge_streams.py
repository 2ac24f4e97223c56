"""P1, streams: a gibibyte up and down through the gateway, fast and with pauses on the far side, and its memory."""

import asyncio
import time
from uuid import uuid4

import stack as stacks
from measure import report

SIZE = 1024**3
_PART = b"\xe7" * 65536
_READ = 1024 * 1024
_PAUSES, _PAUSE_SECONDS = 3, 1.0
_SLOW = b"slow"


class Upstream:
    """Takes any upload and says how much it was; gives a gibibyte to who asks. Slowly, when the path says so."""

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a port."""
        return await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_READ)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if head.startswith(b"PUT"):
                    taken = await _take(reader, slowly=_SLOW in head)
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%d" % (len(str(taken)), taken))
                else:
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % SIZE)
                    await _give(writer)
        except asyncio.IncompleteReadError:
            writer.close()


async def streams(gateway: int, pid: int, token: str) -> None:
    """Send and fetch a gibibyte, each fast and with a slow other side."""
    before, most = stacks.resident_mb(pid), 0.0
    for slowly in (False, True):
        for upload in (True, False):
            began = time.monotonic()
            await (_upload if upload else _download)(gateway, token, slowly=slowly)
            seconds = time.monotonic() - began - slowly * _PAUSES * _PAUSE_SECONDS
            what = f"{'upload' if upload else 'download'} of 1 GiB{', slow side pauses' if slowly else ''}"
            report(f"P1 {what}", "MB/s", SIZE / seconds / 1e6, None, "-")
            most = max(most, stacks.most_resident_mb(pid))
    report("P1 memory, growth while 4 GiB pass", "MB", most - before, None, "<= 8")


async def _upload(port: int, token: str, *, slowly: bool) -> None:
    """Send as fast as it is taken; the upstream may be slow."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    material = _SLOW.decode() if slowly else "fast"
    writer.write(
        f"PUT /api/intake/v1/cases/{uuid4()}/materials/{material} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {token}\r\nContent-Length: {SIZE}\r\n\r\n".encode()
    )
    await _give(writer)
    answer = await reader.readuntil(str(SIZE).encode())
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"P1: the upload was answered {answer!r}")
    writer.close()


async def _download(port: int, token: str, *, slowly: bool) -> None:
    """Fetch what the upstream gives as fast as it is taken; this side may be slow."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_READ)
    writer.write(
        f"GET /api/intake/v1/cases/{uuid4()}/materials/any/content HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {token}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200") or await _take(reader, slowly=slowly) != SIZE:
        raise SystemExit(f"P1: the download was answered {head!r}")
    writer.close()


async def _give(writer: asyncio.StreamWriter) -> None:
    for _ in range(SIZE // len(_PART)):
        writer.write(_PART)
        await writer.drain()


async def _take(reader: asyncio.StreamReader, *, slowly: bool) -> int:
    """Read a gibibyte; when slowly, stop a few times until everybody before has to wait."""
    taken, next_pause = 0, SIZE // (_PAUSES + 1)
    while taken < SIZE and (data := await reader.read(_READ)):
        taken += len(data)
        if slowly and taken >= next_pause < SIZE:
            next_pause += SIZE // (_PAUSES + 1)
            await asyncio.sleep(_PAUSE_SECONDS)
    return taken
