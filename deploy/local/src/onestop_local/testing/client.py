"""A service's application in this process, asked over ASGI, with real assertions and a real database."""

import asyncio
import contextlib
import functools
import json
import os
from collections.abc import AsyncIterator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from joserfc.jwk import KeySet, OKPKey

from onestop_local.testing.promises import Promises
from onestop_local.workspace import SERVICES
from onestop_runtime.assertion import GATEWAY, HEADER, make_assertion, published
from onestop_runtime.caller import Caller, system
from onestop_runtime.clock import Clock, now
from onestop_runtime.database import close_pool, open_pool
from onestop_runtime.service import compose
from onestop_runtime.transaction import Transaction, transaction

if TYPE_CHECKING:
    from onestop_runtime.context import Context
    from onestop_runtime.service import Service

_ISSUERS = (GATEWAY, *(f"svc-{service}" for service in SERVICES))


@functools.cache
def signing_key(issuer: str) -> OKPKey:
    """Return the key that stands for an issuer's in this test session."""
    return OKPKey.generate_key("Ed25519", {"kid": issuer, "use": "sig"})


@functools.cache
def believed_keys() -> KeySet:
    """Return the public keys that a verifier believes in this test session, each bound to its issuer."""
    return KeySet([published(signing_key(issuer), issuer) for issuer in _ISSUERS])


class Asserted(httpx.Auth):
    """States a caller by a freshly signed assertion on every request.

    A service signs for itself, the gateway for everybody else.
    """

    def __init__(self, caller: Caller, audience: str) -> None:
        self._caller = caller
        self._issuer = caller.client if caller == system(caller.client) else GATEWAY
        self._audience = audience

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign and send."""
        request.headers[HEADER] = make_assertion(
            self._caller, signing_key(self._issuer), issuer=self._issuer, audience=self._audience
        )
        yield request


class ServiceClient(httpx.AsyncClient):
    """An HTTP client of one service; anonymous until `as_` says who asks.

    Every POST gets an `Idempotency-Key` of its own unless it names one or the client was made without. A problem that
    the operation does not document in OpenAPI fails the test.

    Attributes:
        context: the running parts of the service: `.pool`, `.settings`, `.state`, …
    """

    def __init__(self, context: "Context", transport: httpx.ASGITransport, *, idempotency: bool = True) -> None:
        super().__init__(
            transport=transport,
            base_url="http://service.test",
            event_hooks={
                "request": [_add_idempotency_key] if idempotency else [],
                "response": [Promises(transport).check],
            },
        )
        self.context = context
        self._asgi = transport

    def as_(self, caller: Caller, *, idempotency: bool = True) -> "ServiceClient":
        """Return a client that asks as `caller`; `idempotency=False` to send POSTs without a key."""
        other = ServiceClient(self.context, self._asgi, idempotency=idempotency)
        other.auth = Asserted(caller, self.context.service.audience)
        return other

    def transaction(self, caller: Caller | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction of the service, as its routes and consumers get one."""
        service = self.context.service
        return transaction(
            self.context.pool,
            caller or system(service.audience),
            self.context.clock(),
            constraints=service.constraints,
        )


async def _add_idempotency_key(request: httpx.Request) -> None:
    if request.method == "POST":
        request.headers.setdefault("Idempotency-Key", str(uuid4()))


@asynccontextmanager
async def open_service_client(
    service: "Service",
    *,
    dsn: str,
    folder: Path,
    clock: Clock | None = None,
    kafka: str | None = None,
    **settings: Any,
) -> AsyncIterator[ServiceClient]:
    """Open the application of `service`.

    Args:
        service: what `main.py` declares.
        dsn: its migrated database.
        folder: where keys and files of this application lie.
        clock: what the service takes for the time.
        kafka: a bootstrap address: then the relay, the consumer and the workers run as in a process. Without it only
            the database and the service's own `startup` are opened; events stay in the outbox, where a test sees them.
        settings: further settings of the service.
    """
    chosen: dict[str, Any] = {
        "environment": "local",
        "dsn": dsn,
        "kafka_bootstrap": kafka or "",
        "assertion_keys": _public_keys(folder),
        "field_keys": _field_keys(folder),
        "files_url": (folder / "files").as_uri(),
    } | settings
    if str(chosen["files_url"]).startswith("file:"):
        (folder / "files").mkdir(exist_ok=True)
    app = compose(service, service.settings(**chosen), clock or now)
    context: Context = app.state.context
    opened = app.router.lifespan_context(app) if kafka else _without_background(context)
    async with opened:
        if kafka:
            await _until_connected(context)
        async with ServiceClient(context, httpx.ASGITransport(app=app)) as client:
            yield client


@asynccontextmanager
async def _without_background(context: "Context") -> AsyncIterator[None]:
    context.open_pool = await open_pool(context.settings)
    startup = context.service.startup
    try:
        async with startup(context) if startup else contextlib.nullcontext() as context.state:
            yield
    finally:
        await close_pool(context.open_pool)


async def _until_connected(context: "Context") -> None:
    """Wait until the background has reached the database and the broker."""
    while context.needed - context.ready:  # noqa: ASYNC110 - the parts of the background come up one by one
        await asyncio.sleep(0.01)


def _public_keys(folder: Path) -> Path:
    path = folder / "assertion-keys.json"
    path.write_text(json.dumps(believed_keys().as_dict(private=False)))
    return path


def _field_keys(folder: Path) -> Path:
    path = folder / "field-keys.json"
    path.write_text(json.dumps({"current": 1, "keys": {"1": os.urandom(32).hex()}, "index": os.urandom(32).hex()}))
    return path
