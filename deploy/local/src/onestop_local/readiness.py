"""Whether a process listens, and whether it says that it is ready."""

import asyncio
import contextlib

from onestop_local.ports import LOOPBACK

_SECONDS = 2.0


async def is_ready(port: int) -> bool:
    """Return whether `GET /readyz` on the loopback `port` answers 200."""
    with contextlib.suppress(OSError, TimeoutError, EOFError):
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET /readyz HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
                return status.split()[1:2] == [b"200"]
            finally:
                writer.close()
    return False


async def until_listening(port: int, seconds: float) -> None:
    """Wait until somebody listens on the loopback `port`, but no longer than `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(LOOPBACK, port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)
