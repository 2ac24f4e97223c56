"""The pool of database connections of a process."""

import asyncio
import contextlib
from typing import Any

import asyncpg

from onestop_runtime import codec
from onestop_runtime.logs import logger
from onestop_runtime.settings import ServiceSettings

LOCK_TIMEOUT_MS = 2000
"""How long a statement waits for another transaction's lock before it gives up."""
ACQUIRE_SECONDS = 2.0
"""How long a request waits for a free connection before it is told to come back later."""

log = logger(__name__)


async def open_pool(settings: ServiceSettings, schema: str | None = None) -> asyncpg.Pool:
    """Return a pool on `settings.dsn`; waits with back-off, and says so, while the database is away.

    With `schema`, its connections see the tables of that one alone.
    """
    delay = 0.2
    while True:
        try:
            return await asyncpg.create_pool(
                settings.dsn,
                min_size=1,
                max_size=settings.pool_size,
                init=_prepare_connection,
                reset=_keep_as_is,
                command_timeout=30,
                timeout=5,
                server_settings={
                    "application_name": f"onestop-{settings.SERVICE}",
                    "lock_timeout": str(LOCK_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": "30000",
                    "jit": "off",
                    **({"search_path": schema} if schema else {}),
                },
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("database is away", error=type(error).__name__, retry_seconds=round(delay, 1))
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary")


def _encode(value: Any) -> bytes:
    return b"\x01" + codec.dumps(value)


def _decode(data: bytes) -> Any:
    return codec.loads(data[1:])  # the first byte is the version of the binary form


async def _keep_as_is(_connection: asyncpg.Connection) -> None:
    """Skip the pool's reset query: transactions are closed by who opened them, nothing else is set."""


async def close_pool(pool: asyncpg.Pool) -> None:
    """Close the pool; connections that do not end in time are cut."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pool.close(), 5)
        return
    pool.terminate()
