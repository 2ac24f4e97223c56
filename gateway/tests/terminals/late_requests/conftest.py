"""A gateway with a service behind it, and a terminal that writes down requests while it has no line."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jws
from starlette.types import Receive, Scope, Send

from gateway.main import SERVICE
from gateway.seed import fill
from onestop_local.ports import free_port
from onestop_local.testing.client import ServiceClient, believed_keys, signing_key
from onestop_local.testing.listening import listening
from onestop_runtime.assertion import GATEWAY, AssertionVerifier
from onestop_runtime.caller import Caller

BATCHES = "/api/gateway/v1/terminal-batches"
CASES = "/api/intake/v1/cases"
LATER = "openid profile offline_access"


@dataclass
class Office:
    """Stands for a service: does what it is asked for once per person and `Idempotency-Key`.

    Attributes:
        done: who asked for what, in the order in which it was done.
        status: what it answers with instead, when it is not well.
        asked: how often it was asked.
        free: as long as it is not, the service does nothing with what it was asked for.
    """

    done: list[tuple[Caller, Any]] = field(default_factory=list)
    status: int = 0
    asked: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[tuple[Any, str], bytes] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked += 1
        await self.free.wait()
        status, answer = self._answer(headers, body)
        given = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        given.append((b"position-token", b"number-%d" % self.asked))
        await send({"type": "http.response.start", "status": status, "headers": given})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.status:
            return self.status, b'{"type":"/problems/asked-for"}'
        caller = AssertionVerifier(believed_keys(), "svc-intake").verify(headers["onestop-assertion"])
        key = (caller.sub, headers["idempotency-key"])
        if key not in self._answers:
            self.done.append((caller, json.loads(body)))
            self._answers[key] = b'{"number":%d}' % len(self.done)
        return 201, self._answers[key]


@pytest.fixture
def office() -> Office:
    office = Office()
    office.free.set()
    return office


@pytest.fixture
async def gateway(
    service_client: Callable[..., Awaitable[ServiceClient]],
    service_database: Callable[..., Awaitable[str]],
    office: Office,
    clock: Any,
    tmp_path: Path,
    seed: dict[str, Any],
) -> AsyncIterator[ServiceClient]:
    """Return a gateway with a service behind it; its settings say where another process finds the same."""
    port = free_port()
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    upstreams = {"intake": f"http://127.0.0.1:{port}"}
    running = await service_client(
        SERVICE,
        dsn=await service_database(SERVICE),
        clock=clock,
        issuer="http://gateway.test",
        assertion_key=key,
        upstreams=upstreams,
    )
    await fill(running.transaction, running.context.state.cipher, seed)
    async with listening(office, port):
        yield running
        running._asgi.app.state.edge.close()


@dataclass
class Ledger:
    """Where a terminal writes down requests while it has no line.

    Attributes:
        signed: as it will hand them in.
    """

    kiosk: Any
    signed: list[str] = field(default_factory=list)

    def note(self, stay: str, body: Any, *, key: Any = None, made_at: datetime | None = None, **changes: Any) -> str:
        """Sign a request and chain it to the one before."""
        holder = self.kiosk.holder
        before = self.signed[-1] if self.signed else holder.thumbprint
        payload = {
            "sequence": len(self.signed) + 1,
            "previous": encoded(sha256(before.encode()).digest()),
            "made_at": (made_at or holder.clock()).isoformat(),
            "grant_id": stay,
            "method": "POST",
            "path": CASES,
            "idempotency_key": str(uuid4()),
            "body": body,
        } | changes
        header = {"alg": "ES256", "typ": changes.pop("typ", "onestop-request+jws")}
        payload.pop("typ", None)
        self.signed.append(jws.serialize_compact(header, json.dumps(payload), key or holder.key, algorithms=["ES256"]))
        return self.signed[-1]

    async def hand_in(self, *signed: str, token: str | None = None) -> httpx.Response:
        """Hand in requests, all by default, when the line is back."""
        own = token or await self.kiosk.own_token()
        requests = list(signed) or self.signed
        response: httpx.Response = await self.kiosk.call(own, BATCHES, "POST", json={"requests": requests})
        return response


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def new_ledger() -> type[Ledger]:
    return Ledger


@pytest.fixture
def ledger(kiosk: Any) -> Ledger:
    return Ledger(kiosk)


@pytest.fixture
async def stay(kiosk: Any) -> str:
    """Let a person sign in at the terminal and agree that it may act when he has left; return his grant."""
    asked = await kiosk.welcome(scope=LATER)
    consent = await kiosk.screen.follow(asked)
    assert "在您离开后" in consent.text
    agreed = await kiosk.screen.fill_in(consent, decision="approve")
    tokens = (await kiosk.redeem(agreed)).json()
    return str(tokens["grant_id"])
