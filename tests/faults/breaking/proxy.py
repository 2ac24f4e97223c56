"""A line between the services and a server, that can be cut, held and slowed: a small TCP proxy."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal

from onestop_local.ports import LOOPBACK

Direction = Literal["to", "from"]
_CHUNK = 65536


class _Passage:
    """One connection: two streams each way."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.writers = (client, server)
        self.held: set[Direction] = set()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Line:
    """Listens for the services and connects each to the server behind it.

    Attributes:
        port: where the services find it.
        server: says on which port the server is at this moment.
        delay: seconds that every piece of data waits, each way.
    """

    def __init__(self, server: Callable[[], int]) -> None:
        self.port = 0
        self.delay = 0.0
        self.server = server
        self._down = False
        self._held: set[Direction] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._passages: set[_Passage] = set()
        self._listener: asyncio.Server | None = None

    async def open(self, port: int = 0) -> None:
        """Listen; on a free port unless told otherwise."""
        self._listener = await asyncio.start_server(self._connect, LOOPBACK, port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut everybody off for good."""
        self.cut()
        if self._listener:
            self._listener.close()

    def cut(self, choose: Callable[[], bool] = lambda: True) -> None:
        """Break those connections that `choose` picks; new ones are let in."""
        for passage in [one for one in self._passages if choose()]:
            passage.cut()

    def take_down(self) -> None:
        """Break every connection and let no new one in, until `heal`."""
        self._down = True
        self.cut()

    def hold(self, *directions: Direction, choose: Callable[[], bool] = lambda: True) -> None:
        """Carry nothing more in these directions, on connections that stay open: half-open lines. Until `heal`."""
        self._free.clear()
        for passage in self._passages:
            if choose():
                passage.held |= set(directions)

    def heal(self) -> None:
        """Carry everything again, also what was held back."""
        self._down, self.delay = False, 0.0
        for passage in self._passages:
            passage.held.clear()
        self._free.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            writer.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection(LOOPBACK, self.server())
        except OSError:
            writer.transport.abort()
            return
        passage = _Passage(writer, to_server)
        self._passages.add(passage)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(passage, "to", reader, to_server))
                group.create_task(self._carry(passage, "from", from_server, writer))
        finally:
            self._passages.discard(passage)
            passage.cut()

    async def _carry(
        self, passage: _Passage, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while direction in passage.held:
                    await self._free.wait()
                writer.write(data)
                await writer.drain()
        passage.cut()
