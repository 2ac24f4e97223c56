"""A gateway with people, companies and clients on a real database, and a browser in front of it."""

import asyncio
import base64
import functools
import hashlib
import itertools
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.edge.door import Door
from gateway.main import SERVICE
from gateway.seed import fill
from gateway.signin.passwords import hash_password
from gateway.tokens import keys
from onestop_local.testing.client import ServiceClient, signing_key
from onestop_runtime.assertion import GATEWAY

ISSUER = "http://gateway.test"
COMPANY = "91130371MA7001010P"
OTHER_COMPANY = "91130371MA70083272"
MARKET = "11130371037106669W"
PASSWORD = "碧海-金沙-2026"
PASSWORD_HASH = hash_password(PASSWORD)
SECRET = "hall_secret-0123456789abcdefghijklmnop"
DEPARTMENT_KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)
DEVICE_GRANTS = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
APPOINTMENT = {
    "agency": "11130371037100371Q",
    "agency_name": "秦皇岛经济技术开发区行政审批局",
    "region": "130371",
    "hall": None,
    "roles": ["reviewer"],
    "valid_from": "2026-01-01",
}


def person(username: str, name: str, identity_number: str, **more: Any) -> dict[str, Any]:
    phone = f"1540000{len(username):04d}"
    return {
        "username": username,
        "password_hash": PASSWORD_HASH,
        "name": name,
        "identity_number": identity_number,
        "phone": phone,
        **more,
    }


def mandate(credit_code: str) -> dict[str, Any]:
    return {"credit_code": credit_code, "valid_from": "2026-01-01"}


def client(client_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "name": name,
        "token_endpoint_auth_method": "none",
        "first_party": True,
        "redirect_uris": [f"https://{client_id}.test/callback"],
        "post_logout_redirect_uris": [f"https://{client_id}.test/"],
        **more,
    }


SEED = {
    "companies": [
        {"credit_code": COMPANY, "name": "秦皇岛开发区山海食品有限公司"},
        {"credit_code": OTHER_COMPANY, "name": "秦皇岛开发区渤海餐饮管理有限公司"},
    ],
    "people": [
        person("citizen", "赵晓梅", "130371198803171020"),
        person("agent", "周海燕", "130371198506121246", mandates=[mandate(COMPANY)]),
        person("reviewer", "王思远", "130371199005190571", appointment=APPOINTMENT),
        person("admin", "胡建新", "130371198108141639", appointment=APPOINTMENT | {"roles": ["admin"]}),
        person("admin_2", "徐正平", "130371197602221373", appointment=APPOINTMENT | {"roles": ["admin"]}),
        person("operator", "朱天宇", "130371199306301511", appointment=APPOINTMENT | {"roles": ["operator"]}),
        person(
            "steward",
            "黄丽娟",
            "130371198907071227",
            appointment=APPOINTMENT | {"agency": MARKET, "roles": ["data_steward"]},
        ),
        person(
            "weak_admin",
            "郭志强",
            "130371197504082218",
            appointment=APPOINTMENT | {"roles": ["admin", "window_clerk"]},
            assurance=1,
        ),
        person("clerk", "郑文静", "13037119950204046X", appointment=APPOINTMENT | {"roles": ["window_clerk"]}),
        person(
            "agent_of_two",
            "吴建军",
            "130371197911080332",
            mandates=[mandate(COMPANY), mandate(OTHER_COMPANY)],
        ),
    ],
    "clients": [
        client("web", "一网通办门户"),
        client("web-2", "企业服务专区"),
        client("foreign", "社区便民小站", first_party=False, scopes=["openid", "profile", "gateway:read"]),
        client(
            "mobile",
            "移动端",
            application_type="native",
            channel="mobile",
            redirect_uris=["http://127.0.0.1/callback", "http://[::1]/callback", "cn.onestop.mobile:/callback"],
            post_logout_redirect_uris=["cn.onestop.mobile:/signed-out"],
        ),
        client(
            "hall",
            "综合窗口受理系统",
            token_endpoint_auth_method="client_secret_basic",
            client_secret=SECRET,
        ),
        client(
            "old",
            "档案管理系统",
            token_endpoint_auth_method="client_secret_basic",
            client_secret=SECRET,
            pkce_optional=True,
            id_token_signed_response_alg="RS256",
        ),
        client(
            "posting",
            "信访登记系统",
            token_endpoint_auth_method="client_secret_post",
            client_secret=SECRET,
        ),
        client(
            "pushing",
            "电子证照系统",
            token_endpoint_auth_method="client_secret_basic",
            client_secret=SECRET,
            require_pushed_authorization_requests=True,
            resources=["https://pushing.test/api"],
        ),
        client("tv", "一网通办电视端", grant_types=DEVICE_GRANTS, redirect_uris=[]),
        client("board", "排队叫号屏", grant_types=DEVICE_GRANTS, redirect_uris=[], first_party=False),
        client(
            "department",
            "市场监督管理局业务系统",
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [DEPARTMENT_KEY.as_dict(private=False)]},
            grant_types=["authorization_code", "refresh_token", "client_credentials"],
            first_party=False,
            agency=MARKET,
        ),
        client(
            "estate",
            "不动产登记系统",
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [DEPARTMENT_KEY.as_dict(private=False)]},
            grant_types=["authorization_code", "refresh_token", "client_credentials"],
            profile="fapi2",
        ),
    ],
}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class MovableClock:
    """Starts at the present and ticks each time somebody looks; a test moves it further."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)  # noqa: TID251 - a test starts at the present and moves from there

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def catch_up(self) -> None:
        """Go to the present, where programs of others are that look at a clock of their own."""
        self.at = max(self.at, datetime.now(UTC))  # noqa: TID251 - the same

    def pass_(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class Asked:
    """An authorization request with what only its client knows.

    Attributes:
        parameters: as sent.
    """

    client_id: str
    redirect_uri: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    changes: dict[str, str | None] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        challenge = encoded(hashlib.sha256(self.verifier.encode()).digest())
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": "st-1",
            "nonce": "no-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **self.changes,
        }
        return {name: value for name, value in usual.items() if value is not None}


@dataclass
class KeyHolder:
    """Somebody who holds a key and proves it with each request (DPoP)."""

    clock: Callable[[], datetime]
    nonces: Any
    algorithm: str = "ES256"
    key: Any = None

    def __post_init__(self) -> None:
        self.key = self.key or ECKey.generate_key("P-256")

    @property
    def thumbprint(self) -> str:
        return str(self.key.thumbprint())

    def proof(self, path: str = "/oauth/token", method: str = "POST", **changes: Any) -> str:
        """Return a sound proof; `changes` to its claims, or to its header where a name begins with `header_`."""
        header = {"alg": self.algorithm, "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)}
        claims = {
            "htm": method,
            "htu": ISSUER + path,
            "iat": int(self.clock().timestamp()),
            "jti": secrets.token_hex(8),
            "nonce": self.nonces.current,
        }
        for name, value in changes.items():
            (header if name.startswith("header_") else claims)[name.removeprefix("header_")] = value
        present = {name: value for name, value in claims.items() if value is not None}
        given = {name: value for name, value in header.items() if value is not None}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (given, present))
        model = JWSRegistry(algorithms=[self.algorithm]).get_alg(self.algorithm)
        return f"{signed}.{encoded(model.sign(signed.encode(), self.key))}"

    def headers(self, path: str = "/oauth/token", method: str = "POST", **changes: Any) -> dict[str, str]:
        """Return the header with a proof."""
        return {"DPoP": self.proof(path, method, **changes)}

    def shown(self, token: str, path: str = "/oauth/userinfo", method: str = "GET", **changes: Any) -> dict[str, str]:
        """Return the headers with which a token that is bound to the key is presented."""
        ath = encoded(hashlib.sha256(token.encode()).digest())
        return {"Authorization": f"DPoP {token}", **self.headers(path, method, **{"ath": ath, **changes})}


class Browser(httpx.AsyncClient):
    """A browser without JavaScript: keeps cookies, reads forms, follows nothing by itself."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        super().__init__(**(options or {"transport": httpx.ASGITransport(app=app), "base_url": ISSUER}))

    @staticmethod
    def asked(client_id: str = "web", redirect_uri: str | None = None, **changes: str | None) -> Asked:
        """Return a sound authorization request, changed where a test wants it."""
        return Asked(client_id, redirect_uri or f"https://{client_id}.test/callback", changes=changes)

    @staticmethod
    def proof_of(client_id: str) -> dict[str, str]:
        """Return the header by which a client with a secret proves itself."""
        return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()}

    @staticmethod
    def hidden(shown: httpx.Response, action: str = "") -> dict[str, str]:
        """Return the hidden fields of a page's first form, or of the first one with this action."""
        form = re.search(rf'<form method="post" action="{re.escape(action) or "[^<]"}.*?</form>', shown.text, re.DOTALL)
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0] if form else "")
        return {name: unescape(value) for name, value in fields}

    @staticmethod
    def answer(response: httpx.Response) -> dict[str, str]:
        """Return what a client is told at its redirect address."""
        assert response.status_code == 303, response.text
        location = response.headers["location"]
        assert not location.startswith("/"), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    async def ask(self, asked: Asked) -> httpx.Response:
        """Go to the authorization endpoint."""
        return await self.get("/oauth/authorize", params=asked.parameters)

    async def push(self, asked: Asked, **more: str) -> httpx.Response:
        """Push a request as its client, which proves itself when it has a secret."""
        headers = {} if asked.client_id.startswith("web") else self.proof_of(asked.client_id)
        return await self.post("/oauth/par", data=asked.parameters | more, headers=headers)

    async def ask_pushed(self, pushed: httpx.Response, client_id: str = "web", **more: str) -> httpx.Response:
        """Go to the authorization endpoint with what a push was answered with."""
        asked = {"client_id": client_id, "request_uri": pushed.json()["request_uri"], **more}
        return await self.get("/oauth/authorize", params=asked)

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """Follow one redirect to a page of ours."""
        location = response.headers["location"]
        assert location.startswith("/"), location
        return await self.get(location)

    async def fill_in(self, shown: httpx.Response, action: str = "", **typed: str) -> httpx.Response:
        """Send the first form of a page, or the one with this action, with what was typed over its hidden fields."""
        if not action:
            found = re.search(r'<form method="post" action="([^"]+)"', shown.text)
            assert found, shown.text
            action = found[1]
        return await self.post(unescape(action), data=self.hidden(shown, action) | typed)

    async def sign_in(self, asked: Asked, username: str = "citizen", password: str = PASSWORD) -> httpx.Response:
        """Ask, and sign in on the page that is shown."""
        shown = await self.follow(await self.ask(asked))
        return await self.fill_in(shown, username=username, password=password)

    async def code(self, asked: Asked, username: str = "citizen") -> str:
        """Return the code that a sign-in ends with."""
        return self.answer(await self.sign_in(asked, username))["code"]

    async def tokens(self, asked: Asked, username: str = "citizen") -> dict[str, Any]:
        """Sign in and redeem the code of a public client."""
        return (await self.redeem(asked, await self.code(asked, username))).json()

    async def visit(self, address: str, username: str = "citizen") -> httpx.Response:
        """Go to a page of ours, and sign in on the way when nobody is."""
        shown = await self.get(address)
        if shown.status_code == 303 and shown.headers["location"].startswith("/sign-in?"):
            signed_in = await self.fill_in(await self.follow(shown), username=username, password=PASSWORD)
            shown = await self.follow(signed_in)
        return shown

    async def redeem(
        self, asked: Asked, code: str, headers: dict[str, str] | None = None, **changes: str | None
    ) -> httpx.Response:
        """Exchange a code; `headers` prove a client that is not public."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "client_id": asked.client_id,
            "code_verifier": asked.verifier,
            **changes,
        }
        given = {name: value for name, value in form.items() if value is not None}
        return await self.post("/oauth/token", data=given, headers=headers)

    async def refresh(
        self, token: str, client_id: str = "web", headers: dict[str, str] | None = None, **more: str
    ) -> httpx.Response:
        """Exchange a refresh token; `headers` prove a client that is not public."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id, **more}
        return await self.post("/oauth/token", data=form, headers=headers)

    async def messages_to(self, phone: str) -> list[str]:
        """Return what was sent to a phone, the newest first."""
        shown = (await self.get("/mailbox")).text
        return re.findall(rf"<h2>{phone} .*?</h2>\n<p[^>]*>(.*?)</p>", shown)

    async def code_to(self, phone: str) -> str:
        """Return the code that was sent to a phone last."""
        newest = re.search(r"\d{6}", (await self.messages_to(phone))[0])
        assert newest
        return newest[0]

    async def bearer(self, username: str) -> dict[str, str]:
        """Sign in anew; return the header that calls the API in a person's name."""
        tokens = await self.tokens(self.asked(prompt="login"), username)
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    async def userinfo(self, access_token: str) -> httpx.Response:
        """Ask who a token stands for."""
        return await self.get("/oauth/userinfo", headers={"Authorization": f"Bearer {access_token}"})


RSA_KEYS: list[RSAKey] = []
"""Keys that earlier tests have made: to find two large primes takes longer than most tests."""


@pytest.fixture(autouse=True)
def _known_rsa_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a test get the same RSA keys as every other: its first one, its second one, and so on."""
    generate, numbers = RSAKey.generate_key, itertools.count()

    def known(bits: int, parameters: dict[str, Any], *, auto_kid: bool) -> RSAKey:
        number = next(numbers)
        if number == len(RSA_KEYS):
            RSA_KEYS.append(generate(bits, parameters, auto_kid=auto_kid))
        return RSA_KEYS[number]

    monkeypatch.setattr(keys, "RSAKey", SimpleNamespace(generate_key=known, import_key=RSAKey.import_key))


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def gateway_settings() -> dict[str, Any]:
    """Return what a module of tests wants to be set otherwise."""
    return {}


@pytest.fixture
async def gateway(
    service_client: Callable[..., Awaitable[ServiceClient]],
    clock: MovableClock,
    tmp_path: Path,
    gateway_settings: dict[str, Any],
) -> ServiceClient:
    """Return the running gateway; its own client speaks as nobody."""
    key = tmp_path / "assertion-key.json"
    key.write_text(json.dumps(signing_key(GATEWAY).as_dict(private=True)))
    running = await service_client(SERVICE, clock=clock, assertion_key=key, **{"issuer": ISSUER, **gateway_settings})
    await fill(running.transaction, running.context.state.cipher, SEED)
    return running


@pytest.fixture
async def open_browser_at() -> AsyncIterator[Callable[..., Browser]]:
    """Return a function that opens a browser before whatever is at an address."""
    async with AsyncExitStack() as opened:

        def open_one(address: str, **options: Any) -> Browser:
            browser = Browser(base_url=address, trust_env=False, **options)
            opened.push_async_callback(browser.aclose)
            return browser

        yield open_one


@pytest.fixture
async def open_browser_on() -> AsyncIterator[Callable[[ServiceClient], Browser]]:
    """Return a function that opens another browser before a gateway."""
    opened: list[Browser] = []

    def open_one(gateway: ServiceClient) -> Browser:
        opened.append(Browser(gateway._asgi.app))
        return opened[-1]

    yield open_one
    for browser in opened:
        await browser.aclose()


@pytest.fixture
async def door_of() -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """Return a function that lets a gateway listen, and gives a client outside; only there services are reached.

    A program of others that has to know the address before may name the port.
    """
    async with AsyncExitStack() as opened:

        async def listen(gateway: ServiceClient, port: int = 0) -> httpx.AsyncClient:
            app: Any = gateway._asgi.app
            config = Config(app, lifespan="off", log_config=None, access_log=False)
            config.load()
            state = ServerState()
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: Door(config, state, {}), "127.0.0.1", port)
            opened.callback(server.close)
            opened.callback(app.state.edge.close)
            opened.callback(lambda: [connection.transport.abort() for connection in list(state.connections)])
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            client = httpx.AsyncClient(base_url=address, trust_env=False)
            return await opened.enter_async_context(client)

        yield listen


@pytest.fixture
def open_browser(gateway: ServiceClient, open_browser_on: Callable[[ServiceClient], Browser]) -> Callable[[], Browser]:
    """Return a function that opens another browser."""
    return functools.partial(open_browser_on, gateway)


@pytest.fixture
def key_holder_before() -> Callable[..., KeyHolder]:
    """Return a function that makes somebody with a key of his own before a gateway."""

    def make(gateway: ServiceClient, *key: Any) -> KeyHolder:
        return KeyHolder(gateway.context.clock, gateway.context.state.proofs.nonces, *key)

    return make


@pytest.fixture
def new_key_holder(gateway: ServiceClient, key_holder_before: Callable[..., KeyHolder]) -> Callable[..., KeyHolder]:
    """Return a function that makes somebody with a key of his own."""
    return functools.partial(key_holder_before, gateway)


@pytest.fixture
def key_holder(new_key_holder: Callable[..., KeyHolder]) -> KeyHolder:
    return new_key_holder()


@pytest.fixture
def seed() -> dict[str, Any]:
    return SEED


@pytest.fixture
def department_key() -> ECKey:
    return DEPARTMENT_KEY


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()
