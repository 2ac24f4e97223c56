"""A self-service terminal with a key of its own, and the administrator who looks after it."""

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from joserfc import jwt

from gateway.clients.domain import DEVICE

ALWAYS = [{"days": [1, 2, 3, 4, 5, 6, 7], "opens": "00:00", "closes": "24:00"}]
TERMINALS = "/api/gateway/v1/terminals"
ENROLMENTS = "/api/gateway/v1/terminal-enrolments"
FIELDS = {
    "name": "一号自助终端",
    "place": "综合服务大厅一楼东侧",
    "region": "130371",
    "hall": "130371-H01",
    "agency": "11130371037100371Q",
    "hours": ALWAYS,
}


@dataclass
class Admin:
    """Registers terminals, gives them codes, suspends them."""

    browser: Any
    token: str
    gateway: Any

    async def look(self) -> None:
        """Let the gateway look for what was revoked, as each of its processes does every second."""
        context = self.gateway.context
        await context.state.revoked.look(context.pool, context.clock)

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request in the administrator's name."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        response: httpx.Response = await self.browser.request(method, path, headers=headers, **options)
        return response

    async def register(self, **changes: Any) -> dict[str, Any]:
        """Register a terminal."""
        response = await self.ask("POST", TERMINALS, json=FIELDS | changes)
        assert response.status_code == 201, response.text
        terminal: dict[str, Any] = response.json()
        return terminal

    async def code_for(self, terminal_id: str) -> str:
        """Return a code by which a terminal may bring its key."""
        response = await self.ask("POST", f"{TERMINALS}/{terminal_id}/enrolment-codes")
        assert response.status_code == 201, response.text
        return str(response.json()["enrolment_code"])

    async def suspend(self, terminal_id: str) -> None:
        """Suspend a terminal."""
        response = await self.ask("POST", f"{TERMINALS}/{terminal_id}/suspension", json={"reason": "维修"})
        assert response.status_code == 204, response.text

    async def resume(self, terminal_id: str) -> None:
        """Let a terminal in again."""
        response = await self.ask("POST", f"{TERMINALS}/{terminal_id}/resumption", json={"reason": "修好了"})
        assert response.status_code == 204, response.text


@dataclass
class Kiosk:
    """The program of a terminal: proves its key with whatever it sends.

    Attributes:
        holder: its key.
        screen: the browser of the terminal, which everybody uses.
    """

    holder: Any
    screen: Any
    client_id: str = ""
    id: str = ""
    redirect_uri: str = "http://127.0.0.1:8765/callback"
    asked: Any = field(default=None)

    async def enrol(self, code: str, **changes: Any) -> httpx.Response:
        """Bring the key."""
        headers = self.holder.headers(ENROLMENTS, **changes)
        response: httpx.Response = await self.screen.post(ENROLMENTS, json={"enrolment_code": code}, headers=headers)
        if response.status_code == 201:
            self.client_id, self.id = response.json()["client_id"], response.json()["id"]
        return response

    def proof_of_itself(self) -> dict[str, str]:
        """Return the fields by which it authenticates."""
        issued = int(self.holder.clock().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": "http://gateway.test",
            "exp": issued + 60,
            "jti": secrets.token_hex(8),
        }
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256"}, claims, self.holder.key, algorithms=["ES256"]),
        }

    async def exchange(self, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        """Ask the token endpoint."""
        proof = self.holder.headers() if headers is None else headers
        response: httpx.Response = await self.screen.post(
            "/oauth/token", data=form | self.proof_of_itself(), headers=proof
        )
        return response

    async def exchange_device(self) -> dict[str, Any]:
        """Ask to be let in by a phone."""
        path = "/oauth/device_authorization"
        form = self.proof_of_itself() | {"scope": "openid profile"}
        response = await self.screen.post(path, data=form, headers=self.holder.headers(path))
        assert response.status_code == 200, response.text
        return {"grant_type": DEVICE, **response.json()}

    async def own_token(self) -> str:
        """Return a token in the terminal's own name."""
        response = await self.exchange(grant_type="client_credentials")
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    async def call(self, token: str, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Call the API with a token and a proof."""
        headers = self.holder.shown(token, path, method) | options.pop("headers", {})
        response: httpx.Response = await self.screen.request(method, path, headers=headers, **options)
        return response

    async def welcome(self, username: str = "citizen", **changes: str) -> httpx.Response:
        """Let a person sign in at the terminal's screen; return what the terminal is told."""
        self.asked = self.screen.asked(self.client_id, self.redirect_uri, **changes)
        response: httpx.Response = await self.screen.sign_in(self.asked, username)
        return response

    async def redeem(self, answered: httpx.Response) -> httpx.Response:
        """Exchange the code that a sign-in ended with."""
        return await self.exchange(
            grant_type="authorization_code",
            code=self.screen.answer(answered)["code"],
            redirect_uri=self.redirect_uri,
            code_verifier=self.asked.verifier,
        )

    async def tokens(self, username: str = "citizen", **changes: str) -> dict[str, Any]:
        """Let a person sign in, and return the tokens in his name."""
        redeemed = await self.redeem(await self.welcome(username, **changes))
        assert redeemed.status_code == 200, redeemed.text
        tokens: dict[str, Any] = redeemed.json()
        return tokens

    async def refresh(self, tokens: dict[str, Any]) -> httpx.Response:
        """Exchange a refresh token."""
        return await self.exchange(grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.fixture
async def admin(open_browser: Callable[[], Any], gateway: Any) -> Admin:
    browser = open_browser()
    tokens = await browser.tokens(browser.asked(), "admin")
    return Admin(browser, tokens["access_token"], gateway)


async def set_up(admin: Admin, new_key_holder: Any, open_browser: Any, **fields: Any) -> Kiosk:
    kiosk = Kiosk(new_key_holder(), open_browser())
    terminal = await admin.register(**fields)
    response = await kiosk.enrol(await admin.code_for(terminal["id"]))
    assert response.status_code == 201, response.text
    return kiosk


@pytest.fixture
def new_kiosk(admin: Admin, new_key_holder: Any, open_browser: Any) -> Callable[..., Any]:
    """Return a function that sets up another terminal: `kiosk = await new_kiosk(hours=[…])`."""
    return functools.partial(set_up, admin, new_key_holder, open_browser)


@pytest.fixture
async def kiosk(new_kiosk: Callable[..., Any]) -> Kiosk:
    kiosk: Kiosk = await new_kiosk()
    return kiosk


@pytest.fixture
def monday_morning(clock: Any) -> datetime:
    """Move the clock to the next Monday 09:00 in Asia/Shanghai, and return it."""
    ahead = (7 - clock.at.weekday()) % 7 or 7
    clock.at = datetime(clock.at.year, clock.at.month, clock.at.day, 1, tzinfo=UTC)
    clock.pass_(days=ahead)
    moment: datetime = clock.at
    return moment
