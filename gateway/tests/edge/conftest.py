"""Real servers on loopback for the edge's tests: an upstream, the edge before it, a client outside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import KeySet, OKPKey
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.edge.admission import Admission
from gateway.edge.app import Edge
from gateway.edge.client_use import ClientUse
from gateway.edge.door import Door
from gateway.edge.limiter import LocalLimiter
from gateway.edge.proxy import Proxy
from gateway.edge.rates import rates
from gateway.edge.records import Records
from gateway.edge.routes import Route, RouteTable, ServiceRoutes
from gateway.edge.upstream import Limits, Upstream
from gateway.tokens.access import AccessTokens
from gateway.tokens.identities import Identities
from gateway.tokens.keys import KeyRing, generate_key
from onestop_runtime.assertion import GATEWAY, AssertionVerifier, published
from onestop_runtime.caller import Caller
from onestop_runtime.clock import now
from onestop_runtime.ids import uuid7

PUBLIC_URL = "https://zwfw.example.cn"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NothingInside:
    """Stands for the rest of the gateway."""

    def __init__(self, proxy: Proxy) -> None:
        self.state = SimpleNamespace(edge=proxy)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-inside", b"1")]})
        await send({"type": "http.response.body", "body": b"inside"})


def routes_of_intake(**terms: Any) -> list[Route]:
    """Return routes for every method at every address of an intake service, one to three segments long."""
    intake = ServiceRoutes("intake")
    paths = ("/{one}", "/{one}/{two}", "/{one}/{two}/{three}")
    return [intake.row(method, path, **terms) for method in METHODS for path in paths]


@dataclass
class Seen:
    """What an upstream saw of a request."""

    scope: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name.decode(), value.decode()) for name, value in self.scope["headers"]]

    def header(self, name: str) -> str | None:
        """Return the header's value; a header given twice fails the test."""
        values = [value for known, value in self.headers if known == name]
        assert len(values) <= 1, values
        return values[0] if values else None


class Inside:
    """What stands behind the edge: who sends a request, and whether he may come."""

    def __init__(self, identities: Identities, admission: Admission) -> None:
        self.admission = admission
        self.resolve = identities.resolve
        self.resolve_at_once = identities.resolve_at_once
        self.assertion_for = identities.assertion_for


class Stage:
    """Servers and clients of one test, closed at its end."""

    def __init__(self) -> None:
        self.keys = KeyRing(generate_key())
        self.tokens = AccessTokens(self.keys, PUBLIC_URL, now)
        self.assertion_key = OKPKey.generate_key("Ed25519", auto_kid=True)
        self.identities = Identities(self.tokens, self.assertion_key, now)
        self.use = ClientUse(now)
        self.rates = rates()
        self.origins: Any = {b"https://web.test"}
        self.log: list[bytes] = []
        self.proxy: Proxy | None = None
        self.upstream: Upstream | None = None
        self._servers: list[tuple[asyncio.Server, set[Any], set[asyncio.Task[None]]]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._proxies: list[Proxy] = []

    def verifier(self, audience: str) -> AssertionVerifier:
        """Return the verifier that a service has."""
        return AssertionVerifier(KeySet([published(self.assertion_key, GATEWAY)]), audience)

    def token(self, caller: Caller | None = None, scopes: str = "openid", *, first_party: bool = True) -> str:
        """Return an access token as the provider issues it."""
        caller = caller or Caller(sub=uuid7(), kind="natural", acr="2", client="web")
        scoped = frozenset(scopes.split())
        return self.tokens.issue(caller, scopes=scoped, grant_id=uuid7(), first_party=first_party).value

    async def asgi(self, app: Any, protocol: type[HttpToolsProtocol] = HttpToolsProtocol) -> str:
        """Serve `app` by uvicorn; return its address."""
        config = Config(app, lifespan="off", log_config=None, access_log=False, server_header=False,
                        proxy_headers=False)  # fmt: skip
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
        self._servers.append((server, state.connections, state.tasks))
        return self._address(server)

    async def scripted(self, script: Script) -> str:
        """Serve raw bytes by `script`; return the address."""
        writers: set[Any] = set()
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.add(writer.transport)
            task = asyncio.current_task()
            assert task
            tasks.add(task)
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await script(reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self._servers.append((server, writers, tasks))
        return self._address(server)

    async def edge(
        self, url: str, limits: Limits | None = None, routes: list[Route] | None = None, **terms: Any
    ) -> str:
        """Serve the edge before an intake service at `url`; return its address.

        Without `routes` every address passes for everybody, up to `terms`.
        """
        routes = routes or routes_of_intake(**({"public": True, "body_bytes": 2 * 1024**3} | terms))
        proxy = self._proxy_before(url, limits, routes)
        app = NothingInside(proxy)
        edge = Edge(app, proxy=proxy)
        edge.state = app.state
        return await self.asgi(edge, Door)

    async def edge_in(self, app: FastAPI, url: str) -> str:
        """Serve the edge as a middleware of `app`, as the gateway does; return its address."""
        app.state.edge = proxy = self._proxy_before(url)
        app.add_middleware(Edge, proxy=proxy)
        return await self.asgi(app, Door)

    def _proxy_before(self, url: str, limits: Limits | None = None, routes: list[Route] | None = None) -> Proxy:
        self.upstream = Upstream("intake", url, limits)
        self.proxy = Proxy(
            RouteTable(routes or routes_of_intake(public=True)),
            {"intake": self.upstream},
            Inside(self.identities, Admission(LocalLimiter(subjects=1024), self.use, self.origins, self.rates)),
            public_url=PUBLIC_URL,
            records=Records(self.log.append),
        )
        self._proxies.append(self.proxy)
        return self.proxy

    async def raw(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to `url` for writing bytes by hand."""
        address = httpx.URL(url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        self._writers.append(writer)
        return reader, writer

    async def exchange(self, url: str, request: bytes) -> bytes:
        """Send bytes, return all bytes that come back until the connection ends."""
        reader, writer = await self.raw(url)
        writer.write(request)
        return await reader.read()

    async def close(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        await self.close_servers(len(self._servers))

    async def close_servers(self, count: int) -> None:
        """Close the servers that were opened first, with every connection they have."""
        for server, connections, tasks in self._servers[:count]:
            server.close()
            for connection in list(connections):
                getattr(connection, "transport", connection).abort()
            for task in list(tasks):
                task.cancel()
            if tasks:
                await asyncio.wait(list(tasks))
            await server.wait_closed()
        del self._servers[:count]

    @staticmethod
    async def until(condition: Callable[[], bool]) -> None:
        """Let the loop turn until `condition` holds; fails after 5 s."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - the edge has nobody to tell such things to
                await asyncio.sleep(0)

    @staticmethod
    def _address(server: asyncio.Server) -> str:
        host, port = server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def recorder(seen: Seen) -> ASGIApp:
    """An upstream that notes the last request and answers it plainly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        seen.scope, seen.body = dict(scope), body
        headers = [(b"content-type", b"application/json"), (b"etag", b'"3"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok":true}'})

    return app
